package wire

import (
	"slices"
)

// The Validate methods check what a message's JSON form cannot say: lengths,
// hexadecimal sums, ranges, order. Their errors are *Error with CodeBadRequest or
// CodeTooLarge. A message that passes is safe to log and to store; whether it is
// true, or allowed, is for others to say.

// Validate checks an enrolment. Protocol is the hub's to judge (CodeTooOld).
func (e Enroll) Validate() error {
	var c check
	c.name("code", e.Code)
	c.id("installation", e.Installation)
	c.optional("host", e.Host)
	c.name("credential", e.Credential)
	c.atLeast("length of the credential", int64(len(e.Credential)), MinCredentialBytes)
	return c.result()
}

// Validate checks a hello. Protocol and CanonicalForm are the hub's to judge
// (CodeTooOld).
func (h Hello) Validate() error {
	var c check
	c.optional("version", h.Version)
	c.id("installation", h.Installation)
	c.id("agent epoch", h.AgentEpoch)
	c.optionalID("pos epoch", h.POSEpoch)
	c.optionalID("hub epoch", h.HubEpoch)
	c.optional("release code", h.Release)
	c.optionalHex("mapping digest", h.Mapping, 64)
	c.optionalHex("profile digest", h.Profile, 64)
	c.optionalHex("catalogue digest", h.Catalog, 64)
	c.chain(h.Chain)
	c.batchMark("frozen batch", h.Frozen)
	c.batchMark("acknowledged batch", h.Acked)
	c.receipt(h.Receipt)
	if h.Receipts != nil {
		c.atMost("receipts", len(h.Receipts.Jobs), MaxReceipts)
	}
	c.mark(h.Mark)
	c.optional("reason", h.Reason)
	c.atLeast("next contact", h.NextDue, 0)
	c.text("trouble of the POS", h.POSTrouble, MaxReasonBytes)
	return c.result()
}

func (c *check) chain(ch Chain) {
	c.atLeast("counter of the chain", ch.Counter, 1)
	c.name("next nonce", ch.Next)
	c.optional("previous nonce", ch.Previous)
	c.require((ch.Counter == 1) == (ch.Previous == ""), "the chain's first conversation alone has no previous nonce")
	c.require(ch.Previous != ch.Next, "both nonces of the chain are the same")
}

func (c *check) batchMark(what string, b BatchMark) {
	if b == (BatchMark{}) {
		return
	}
	c.atLeast("number of the "+what, b.Number, 1)
	c.hex("digest of the "+what, b.Digest, 64)
}

func (c *check) mark(m Mark) {
	c.optionalID("pos epoch of the mark", m.POSEpoch)
	c.atLeast("mark", m.Seq, 0)
}

func (c *check) receipt(r ReceiptHead) {
	if !r.Known || r.Absent {
		c.require(r.Job == "", "a receipt that is unknown or absent names a job")
		return
	}
	if r == (ReceiptHead{Known: true}) {
		return // nothing was applied here yet
	}
	c.id("job of the receipt", r.Job)
	c.id("hub epoch of the receipt", r.HubEpoch)
	c.atLeast("number of the receipt", r.Number, 1)
	c.atLeast("next item of the receipt", int64(r.NextItem), 0)
}

// Validate checks the question for a page of links.
func (l LinksAsk) Validate() error {
	var c check
	c.text("place", l.After, MaxReasonBytes)
	return c.result()
}

// Validate checks a bye: kinds sorted, each once.
func (b Bye) Validate() error {
	var c check
	c.atLeast("revision", b.Revision, 0)
	c.kindSums(b.Kinds)
	c.atLeast("parked", int64(b.Parked), 0)
	c.atLeast("time of the comparison", b.Compared, 0)
	return c.result()
}

func (c *check) kindSums(kinds []KindSum) {
	for i, k := range kinds {
		c.name("kind", k.Kind)
		c.atLeast("count of "+k.Kind, k.Count, 0)
		c.hex("sum of "+k.Kind, k.Sum, 32)
		c.require(i == 0 || kinds[i-1].Kind < k.Kind, "kind %s is out of order or stands twice", k.Kind)
	}
}

// Validate checks a profile: kinds and fields named, each once.
func (p Profile) Validate() error {
	var c check
	c.text("pos", p.POS, MaxReasonBytes)
	for i, k := range p.Kinds {
		c.name("kind", k.Kind)
		c.text("pause of "+k.Kind, k.Paused, MaxReasonBytes)
		c.require(!slices.ContainsFunc(p.Kinds[:i], func(o ProfileKind) bool { return o.Kind == k.Kind }), "kind %s stands twice", k.Kind)
		for j, f := range k.Fields {
			c.name("field of "+k.Kind, f.Name)
			c.atLeast("length of "+f.Name, int64(f.MaxLen), 0)
			c.text("default of "+f.Name, f.DefaultValue, MaxReasonBytes)
			c.require(!slices.ContainsFunc(k.Fields[:j], func(o ProfileField) bool { return o.Name == f.Name }), "field %s.%s stands twice", k.Kind, f.Name)
		}
	}
	return c.result()
}

// Validate checks the question for the next job.
func (n NextAsk) Validate() error {
	var c check
	c.receipt(n.Receipt)
	return c.result()
}

// Validate checks the wish to begin a job.
func (b Begin) Validate() error {
	var c check
	c.id("job", b.Job)
	c.receipt(b.Receipt)
	return c.result()
}

// Validate checks a job's result: its counts are not negative, its exceptions
// within MaxExceptions.
func (r Result) Validate() error {
	var c check
	c.id("job", r.Job)
	c.id("hub epoch", r.HubEpoch)
	c.atLeast("number", r.Number, 1)
	c.optionalID("pos epoch", r.POSEpoch)
	n := r.Counts
	for _, count := range []int{n.Created, n.Adopted, n.Updated, n.Equal, n.Kept, n.Deleted, n.Retired, n.Unlinked, n.Skipped, n.Parked, r.More} {
		c.atLeast("a count", int64(count), 0)
	}
	c.atMost("exceptions", len(r.Exceptions), MaxExceptions)
	for _, e := range r.Exceptions {
		c.atLeast("place of an exception", int64(e.N), -1)
		c.name("kind of an exception", e.Kind)
		c.require(len(e.Why) <= MaxReasonBytes, "the sentence of an exception has more than %d bytes", MaxReasonBytes)
	}
	return c.result()
}
