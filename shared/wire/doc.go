// Package wire is the protocol between an agent and the hub. This comment is
// its specification; the types and codecs below are its only implementation.
//
// # Transport
//
// HTTPS, TLS 1.2 or newer, the hub's certificate verified against the pinned CA
// that the enrolment code named. Every request but enrolment carries the store's
// credential as "Authorization: Bearer …": the store is known from it alone, and
// no message names a store as its sender. Control messages are JSON, at most
// [MaxControlBytes], and read strictly ([DecodeStrict]): one value, valid UTF-8,
// no unknown or double keys, nesting of at most 64; then held to their limits by
// their Validate methods. Bulk bodies (batches, chunks, payloads, catalogues) are
// one zstd frame, which states the length of its content ([Compress],
// [Decompress]), over lines of text. An answer counts only with the header
// "Plait-Protocol"; a captive portal's 200 is no acknowledgement. Errors are
// [Error] with a stable code.
//
// # Enrolment
//
//	POST /agent/v1/enroll           Enroll     → Enrolled    without a credential: it carries the one to be
//
// # A conversation (standard upload)
//
//	POST /agent/v1/hello            Hello      → Welcome     who we are, where we stand
//	…    and again, with every receipt, if Welcome.WantReceipts
//	POST /agent/v1/profile          Profile    → (empty)     if Welcome.WantProfile
//	GET  /agent/v1/catalog/{digest}            → catalogue   if Welcome.Catalog is new
//	POST /agent/v1/links            LinksAsk   → LinksPage   if Welcome.RestoreLinks
//	POST /agent/v1/repairs          Repairs    → (empty)     drift that the store undid by itself, or could not
//	POST /agent/v1/reconcile        Sums       → SumsAnswer  if Welcome.Reconcile: which nodes differ
//	POST /agent/v1/reconcile/keys   Keys       → KeysAnswer  which items in them differ
//	POST /agent/v1/batch            batch      → BatchAck    until the outbox is empty
//	POST /agent/v1/next             NextAsk    → NextAnswer  the next job
//	GET  /agent/v1/payload/{hash}              → payload     if not held yet; Job.Own likewise
//	POST /agent/v1/begin            Begin      → BeginAnswer before the first slice is applied
//	…    results travel as entries of batches, then next again, until no job
//	POST /agent/v1/bye              Bye        → ByeAnswer   digests compared: proven equal, or reconcile
//
// Every message may be sent again: each is answered as it was the first time.
//
// # The chain of conversations
//
// Hello presents (counter, previous nonce, next nonce), which the agent chose and
// stored before sending and presents unchanged until the answer is durable. The
// hub accepts (c, p, n) if it holds (c-1, p), and repeats its answer if it holds
// (c, n). If it holds a counter below c-1, the hub was restored: it starts a new
// hub epoch and asks for reconciliation. Anything else is an older copy of this
// agent, a restored image or a clone: it is held (Code "held"), named to the
// operator, and let in when the newer chain misses its due contact, or by a
// technician's release code; it then starts a new agent epoch. A fresh agent.db
// (a new agent epoch, counter 1, no previous nonce) is let in by its credential.
//
// # One conversation at a time
//
// Hello carries a Conversation, chosen anew for each attempt and stored nowhere
// at the agent. Every message after it names that conversation in the header
// "Plait-Conversation", and the hub compares it in the transaction that the
// message causes: one of an earlier conversation (a request that was late, a PC
// whose clone has come since) is refused (Code "over"), and changes nothing.
// Enrolment and the catalogue belong to no conversation.
//
// # Batches
//
// A batch is frozen at the agent before its first byte leaves: its bytes, digest
// (SHA-256 of the lines before compression) and the items' revisions. Lines:
//
//	plait-batch 1 <agent epoch> <number> <pos epoch> <mark seq> <mark nonce>\n
//	p <revision> <item in canonical form>\n       an item's newest state, or tombstone
//	g <revision> <tombstone>\n                    gone: found missing after a restore; the hub archives its row
//	r <revision> <result in JSON>\n               the result of a job
//	b <sha256> <base64>\n                         the body of a blob
//	end <number of entries>\n
//
// Ids have letters, digits and "-_.:", at most [MaxNameBytes]; a pos epoch of
// "-" means that there is none yet. Numbers are decimal with one spelling;
// revisions begin at 1, and a nonce may be negative. A batch has at most
// [MaxBatchEntries] entries in [MaxBatchBytes] before compression, a blob's body
// [MaxBodyBytes]. Any other line, a wrong count and anything after the end
// refuse the batch whole ([NewBatch], [ReadBatch]).
//
// The hub keys a batch by (store, agent epoch, number): numbers rise by one from
// 1, a number seen again with the same digest is answered again, with another
// digest it is a conflict (Code "batch_conflict"). It commits a batch in one
// transaction and acknowledges with the digest of what it committed, naming
// items that it refused: they are parked, count as ingested, and forbid "equal".
// An item's (agent epoch, revision) never goes down.
//
// # Jobs
//
// Next answers with the first open job; begin is a compare-and-set that may be
// repeated by the same installation and carries the receipt head. A result is an
// entry of a batch that comes after the entries of everything that the job wrote.
//
// A payload, and a receiver's own part of a job, are named by the SHA-256 of
// their lines before compression ([EncodePayload], [EncodeOwn]):
//
//	plait-payload 1\n              or: plait-own 1\n
//	<header in JSON>\n             source, hub_epoch, options, kinds; or: decisions, reset
//	<item in JSON>\n               with "fields" in item's canonical form, uids as references;
//	                               a revert, in own alone, also with "undo" and "link"
//	end <number of items>\n
//
// Items stand in the order of the header's kinds, each uid once in its kind, and
// carry only fields that their kind lists.
//
// A result carries before-images: one zstd frame of at most [MaxImageBytes], a
// line of JSON for each item that the job changed ([AppendImage], [ReadImages]).
// Reverts are made of them.
//
// # Full upload
//
//	POST /agent/v1/full/begin      FullBegin  → FullState    refused with Code "jobs_open" while a job is open
//	POST /agent/v1/reconcile, /reconcile/keys                as above, with the upload's id: what differs
//	POST /agent/v1/full/chunk      chunk      → FullState    staged; survives a refusal
//	POST /agent/v1/full/commit     FullCommit → FullState    swapped, or refused with Code "jobs_open"
//
// A chunk has a batch's form and limits, with the header
//
//	plait-chunk 1 <upload> <number>\n      from 1, rising by one within the upload
//
// and without results ([NewChunk], [ReadChunk]).
//
// A refusal names every job in the way and the ways out; the agent answers it in
// the same conversation: it takes and applies the jobs, then commits again. There
// is no field, header or flag by which an upload lands over an open job.
package wire
