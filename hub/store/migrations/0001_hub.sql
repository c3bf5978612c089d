-- The hub's first schema. Rows of a network lead with its number, rows of a
-- store with network and store: two small integers that stand for the ids that
-- people and agents see, so that ten million item rows do not repeat them.
-- Times are Unix milliseconds, 0 for never. Flags are 0 or 1.

-- The hub's own history: each restore from a backup that was noticed starts a
-- new epoch. The highest place is the current one.
CREATE TABLE hub_epochs (
  place INTEGER PRIMARY KEY,
  epoch TEXT NOT NULL UNIQUE,
  cause TEXT NOT NULL,
  at INTEGER NOT NULL
);

CREATE TABLE networks (
  network INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  switches TEXT NOT NULL DEFAULT '{}', -- JSON: name to bool
  settings TEXT NOT NULL DEFAULT '{}', -- JSON: preset, usual sources, ...
  catalog TEXT NOT NULL DEFAULT '', -- digest
  created_at INTEGER NOT NULL
);

CREATE TABLE catalogs (
  network INTEGER NOT NULL REFERENCES networks,
  digest TEXT NOT NULL,
  body BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, digest)
);

CREATE TABLE stores (
  network INTEGER NOT NULL REFERENCES networks,
  store INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('head_office', 'branch', 'single', 'list')),
  switch TEXT NOT NULL CHECK (switch IN ('on', 'draining', 'off')),
  labels TEXT NOT NULL DEFAULT '[]', -- JSON: list of names
  created_at INTEGER NOT NULL,
  installation TEXT NOT NULL DEFAULT '',
  host TEXT NOT NULL DEFAULT '',
  credential TEXT NOT NULL DEFAULT '', -- hash
  credential_old TEXT NOT NULL DEFAULT '', -- hash of the one before, while it overlaps
  credential_old_until INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER NOT NULL DEFAULT 0,
  profile TEXT NOT NULL DEFAULT '', -- digest
  full_request TEXT NOT NULL DEFAULT '', -- id of the full upload that a person asked for
  full_by TEXT NOT NULL DEFAULT '',
  full_at INTEGER NOT NULL DEFAULT 0,
  last_job INTEGER NOT NULL DEFAULT 0, -- highest number given to a job
  PRIMARY KEY (network, store),
  UNIQUE (network, name),
  CHECK (revoked_at = 0 OR (credential = '' AND credential_old = '')),
  CHECK ((full_request = '') = (full_at = 0))
);
CREATE UNIQUE INDEX stores_credential ON stores (credential) WHERE credential <> '';
CREATE UNIQUE INDEX stores_credential_old ON stores (credential_old) WHERE credential_old <> '';

-- Hashes of credentials that were taken away: their bearers are told "revoked",
-- not "unknown".
CREATE TABLE revoked (
  hash TEXT PRIMARY KEY,
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  at INTEGER NOT NULL
);

-- The chain of a store's conversations (decision 17), and what the last one said.
CREATE TABLE contacts (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  agent_epoch INTEGER NOT NULL DEFAULT 0, -- its place in epochs; 0: never seen
  pos_epoch INTEGER NOT NULL DEFAULT 0,
  hub_epoch INTEGER NOT NULL DEFAULT 0, -- place of the one in which the chain was let in last
  counter INTEGER NOT NULL DEFAULT 0,
  nonce TEXT NOT NULL DEFAULT '',
  conversation TEXT NOT NULL DEFAULT '', -- the only one whose messages are taken
  hello_at INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL DEFAULT 0, -- when the agent said it would come again
  restore_links INTEGER NOT NULL DEFAULT 0 CHECK (restore_links IN (0, 1)), -- told to fetch links and receipts
  list_receipts INTEGER NOT NULL DEFAULT 0 CHECK (list_receipts IN (0, 1)), -- owed since a restore
  hello TEXT NOT NULL DEFAULT '{}', -- JSON: the last hello, for people
  receipt TEXT NOT NULL DEFAULT '{}', -- JSON: the newest known receipt head
  -- An older copy of the agent that waits to be let in.
  held TEXT NOT NULL DEFAULT '', -- JSON: its hello; '' if none
  held_at INTEGER NOT NULL DEFAULT 0, -- first seen
  held_last INTEGER NOT NULL DEFAULT 0, -- last seen
  held_until INTEGER NOT NULL DEFAULT 0, -- let in after that, unless the newer chain comes
  release TEXT NOT NULL DEFAULT '', -- hash of a technician's code
  release_until INTEGER NOT NULL DEFAULT 0,
  bye_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (network, store),
  FOREIGN KEY (network, store) REFERENCES stores
);

-- Epochs of agent.db and of the POS database, numbered as the hub met them.
CREATE TABLE epochs (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  sort TEXT NOT NULL CHECK (sort IN ('agent', 'pos')),
  place INTEGER NOT NULL CHECK (place > 0),
  epoch TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, sort, place),
  UNIQUE (network, store, sort, epoch)
);

-- Where the hub's copy of a store stands.
CREATE TABLE copies (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  live INTEGER NOT NULL DEFAULT 1, -- items.copy that counts
  building INTEGER NOT NULL DEFAULT 0, -- items.copy that a full upload fills
  revision INTEGER NOT NULL DEFAULT 0, -- rises with every change
  mark_epoch TEXT NOT NULL DEFAULT '',
  mark_seq INTEGER NOT NULL DEFAULT 0,
  mark_nonce INTEGER NOT NULL DEFAULT 0,
  reconcile TEXT NOT NULL DEFAULT '', -- why copy and record must be compared; '' if proven since
  equal_at INTEGER NOT NULL DEFAULT 0, -- the last proof that they are equal
  equal_revision INTEGER NOT NULL DEFAULT 0, -- of the copy, then
  compared_at INTEGER NOT NULL DEFAULT 0, -- the record's last proof against the POS
  parked INTEGER NOT NULL DEFAULT 0, -- items that wait for a person, by the last bye
  PRIMARY KEY (network, store),
  FOREIGN KEY (network, store) REFERENCES stores,
  CHECK (building <> live)
);

-- The last batch of each agent epoch, answered again when it comes again.
CREATE TABLE batches (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  agent_epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  digest TEXT NOT NULL,
  ack BLOB NOT NULL, -- JSON
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, agent_epoch)
);

-- The hub's copies of the stores' items, tombstones included. The check of birth
-- is spelt out: for a list of three, SQLite fills a table of its own at every row.
CREATE TABLE items (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  gen INTEGER NOT NULL,
  revision INTEGER NOT NULL, -- of the copy, at the last change
  sync_rev INTEGER NOT NULL DEFAULT 0, -- of the kind, at the last change that can be synced; 0: only goes up
  sync_at INTEGER NOT NULL DEFAULT 0, -- when the hub gave it, by the hub's clock
  digest BLOB NOT NULL, -- item.Digest
  sync_digest BLOB, -- of what can be synced
  agent_epoch INTEGER NOT NULL, -- place in epochs; with agent_rev it never goes down
  agent_rev INTEGER NOT NULL,
  pos_epoch INTEGER NOT NULL, -- place in epochs; 0: not known
  uid TEXT NOT NULL DEFAULT '', -- '' for kinds that only go up
  birth TEXT NOT NULL DEFAULT '' CHECK (birth = '' OR birth = 'local' OR birth = 'network'), -- of the link; '' if not linked
  adopted INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1)),
  deleted_at INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL, -- canonical form
  PRIMARY KEY (network, store, copy, kind, key, gen)
);
CREATE INDEX items_uid ON items (network, store, copy, kind, uid) WHERE uid <> '';

-- Count and sum of a kind's live items, kept as items change.
CREATE TABLE kind_sums (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  copy INTEGER NOT NULL,
  kind TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  sum BLOB NOT NULL, -- XOR of item.Digest
  PRIMARY KEY (network, store, copy, kind)
);

-- The highest sync_rev given to an item of a kind. It outlives copies.
CREATE TABLE sync_revs (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  kind TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (network, store, kind)
);

-- Rows of an older history of a POS database that its newer history lacks, or
-- holds otherwise: they may exist nowhere else any more (decision 16).
CREATE TABLE archive (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  gen INTEGER NOT NULL,
  pos_epoch INTEGER NOT NULL, -- in which the row was held
  digest BLOB NOT NULL,
  uid TEXT NOT NULL,
  body BLOB NOT NULL,
  cause TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, kind, key, gen, pos_epoch, digest)
);

CREATE TABLE bodies (
  network INTEGER NOT NULL,
  hash TEXT NOT NULL, -- hex SHA-256
  body BLOB NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, hash)
);

-- Two uids that an operator merged, or a deleted predecessor's.
CREATE TABLE aliases (
  network INTEGER NOT NULL,
  kind TEXT NOT NULL,
  uid TEXT NOT NULL,
  same_as TEXT NOT NULL CHECK (same_as <> uid),
  made_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, kind, uid)
);

-- Continuous sync: the kinds, each with the store that it comes from.
CREATE TABLE continuous (
  network INTEGER NOT NULL REFERENCES networks,
  kind TEXT NOT NULL,
  source INTEGER NOT NULL,
  PRIMARY KEY (network, kind),
  FOREIGN KEY (network, source) REFERENCES stores
);

-- How far a receiver has got with a kind of a source: every change up to there
-- has been applied, or is in a job that is open. One that is held moves no more
-- until a person has seen a Test.
CREATE TABLE cursors (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL, -- the receiver
  source INTEGER NOT NULL,
  kind TEXT NOT NULL,
  sync_rev INTEGER NOT NULL CHECK (sync_rev >= 0),
  epoch INTEGER NOT NULL, -- place of the hub epoch in which it was set
  held TEXT NOT NULL DEFAULT '' CHECK (held = '' OR held = 'cancelled' OR held = 'lost' OR held = 'switched_on' OR held = 'reverted' OR held = 'linked'),
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, source, kind)
);

CREATE TABLE profiles (
  network INTEGER NOT NULL,
  digest TEXT NOT NULL,
  body BLOB NOT NULL, -- JSON
  at INTEGER NOT NULL,
  PRIMARY KEY (network, digest)
);

-- Contents of jobs, stored once for all their receivers, never changed.
CREATE TABLE payloads (
  network INTEGER NOT NULL,
  hash TEXT NOT NULL, -- hex SHA-256 of the lines
  body BLOB NOT NULL, -- the lines, zstd
  items INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, hash)
);

-- The state machine is drawn in hub/queue. For why checks are spelt out see items.
CREATE TABLE jobs (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  epoch INTEGER NOT NULL, -- place of the hub epoch; with number, the order
  number INTEGER NOT NULL CHECK (number > 0),
  id TEXT NOT NULL UNIQUE,
  sort TEXT NOT NULL CHECK (sort = 'sync' OR sort = 'retry' OR sort = 'revert' OR sort = 'repair'),
  label TEXT NOT NULL,
  cause TEXT NOT NULL, -- the sync that it is part of, or what set it off
  state TEXT NOT NULL CHECK (state = 'pending' OR state = 'queued' OR state = 'begun' OR state = 'cancel_requested'
    OR state = 'applied' OR state = 'cancelled' OR state = 'rolled_back' OR state = 'lost'),
  payload TEXT NOT NULL DEFAULT '', -- hash
  own TEXT NOT NULL DEFAULT '', -- hash
  plan TEXT NOT NULL DEFAULT '', -- digest of the Test
  items INTEGER NOT NULL DEFAULT 0,
  receipt INTEGER NOT NULL DEFAULT 0, -- its place among the receipts in the POS database, once applied
  resets INTEGER NOT NULL DEFAULT 0 CHECK (resets IN (0, 1)), -- it resets fields or deletes
  retry_of TEXT NOT NULL DEFAULT '',
  reach TEXT NOT NULL DEFAULT '', -- the cursors that rest upon it; hub/store knows its form
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  begun_at INTEGER NOT NULL DEFAULT 0,
  begun_by TEXT NOT NULL DEFAULT '', -- installation
  ended_at INTEGER NOT NULL DEFAULT 0,
  ended_by TEXT NOT NULL DEFAULT '',
  why TEXT NOT NULL DEFAULT '', -- it ended so, in a sentence
  PRIMARY KEY (network, store, epoch, number),
  FOREIGN KEY (network, store) REFERENCES stores,
  CHECK ((state = 'pending') = (payload = '' AND own = '') OR state = 'cancelled'),
  CHECK (state NOT IN ('begun', 'cancel_requested') OR begun_at > 0),
  CHECK ((state = 'applied' OR state = 'cancelled' OR state = 'lost') = (ended_at > 0)),
  CHECK (state <> 'cancelled' OR ended_by <> '')
);
CREATE INDEX jobs_open ON jobs (network, store, epoch, number) WHERE ended_at = 0;
CREATE UNIQUE INDEX jobs_pending ON jobs (network, store) WHERE state = 'pending';
CREATE INDEX jobs_cause ON jobs (network, cause, store, epoch, number);

-- Outcomes, one for each history of the POS database in which a job was applied.
CREATE TABLE results (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  job TEXT NOT NULL,
  pos_epoch TEXT NOT NULL,
  done INTEGER NOT NULL CHECK (done IN (0, 1)),
  counts TEXT NOT NULL, -- JSON: wire.Counts
  exceptions BLOB NOT NULL, -- JSON list of wire.Exception, zstd; empty if none
  more INTEGER NOT NULL,
  parked INTEGER NOT NULL,
  before BLOB NOT NULL, -- before-images, zstd; empty if none or pruned
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, job, pos_epoch)
);

-- Tests, kept until they expire: a sync names one by its digest.
CREATE TABLE plans (
  network INTEGER NOT NULL,
  digest TEXT NOT NULL,
  body BLOB NOT NULL, -- JSON
  made_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (network, digest)
);

-- Full uploads. Staging survives a refusal.
CREATE TABLE uploads (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  id TEXT NOT NULL,
  request TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK (state IN ('staging', 'landed', 'dropped')),
  agent_epoch INTEGER NOT NULL,
  revision INTEGER NOT NULL, -- the record's, that is sent
  rows INTEGER NOT NULL,
  copy_revision INTEGER NOT NULL, -- the copy's at the beginning
  chunk INTEGER NOT NULL DEFAULT 0, -- the last one held
  chunk_digest TEXT NOT NULL DEFAULT '',
  staged INTEGER NOT NULL DEFAULT 0,
  answer BLOB, -- JSON: wire.FullState, once landed
  began_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (network, store, id),
  CHECK ((state = 'landed') = (answer IS NOT NULL))
);
CREATE UNIQUE INDEX uploads_staging ON uploads (network, store) WHERE state = 'staging';

CREATE TABLE upload_rows (
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  upload TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  gen INTEGER NOT NULL,
  agent_rev INTEGER NOT NULL,
  gone INTEGER NOT NULL CHECK (gone IN (0, 1)),
  dead INTEGER NOT NULL CHECK (dead IN (0, 1)),
  digest BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (network, store, upload, kind, key, gen)
);

-- Enrolment codes: single-use, kept after it for the answer to be repeated.
CREATE TABLE codes (
  hash TEXT PRIMARY KEY,
  network INTEGER NOT NULL,
  store INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0,
  used_by TEXT NOT NULL DEFAULT '', -- installation
  FOREIGN KEY (network, store) REFERENCES stores,
  CHECK ((used_at = 0) = (used_by = ''))
);

-- Operators' and technicians' tokens. Network 0 is the whole hub.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  network INTEGER NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  made_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL DEFAULT 0, -- 0: never
  revoked_at INTEGER NOT NULL DEFAULT 0,
  used_at INTEGER NOT NULL DEFAULT 0
);

-- Who did what, when, on which stores. Network 0 is the hub itself.
CREATE TABLE audit (
  n INTEGER PRIMARY KEY,
  network INTEGER NOT NULL,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  stores TEXT NOT NULL, -- JSON: list of store ids
  detail TEXT NOT NULL -- JSON
);
CREATE INDEX audit_network ON audit (network, n);
