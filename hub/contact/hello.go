package contact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/wire"
)

// Contacts opens and closes conversations. Its methods may be called from many
// goroutines.
type Contacts struct {
	// Grace is how long past its announced contact an agent is waited for before an
	// older copy of it is let in. Zero means an hour. Set it before the first call.
	Grace time.Duration
	// Repair tells of which kinds a store undoes drift by itself; nil: of none. Set it
	// before the first call.
	Repair func(v *store.StoreView) ([]string, error)

	db *store.DB
}

// New returns Contacts over db.
func New(db *store.DB) *Contacts { return &Contacts{db: db} }

func (c *Contacts) grace() time.Duration {
	if c.Grace == 0 {
		return time.Hour
	}
	return c.Grace
}

// Hello lets an agent in, or holds it. The same message again has the same effect
// and answer; facts in it that have moved since (open jobs, the switch) are told
// as they are now. An agent that died before it heard the answer comes again in the
// same place of the chain, with another conversation: what it says then is heard.
// Refusals are *wire.Error: CodeTooOld, and CodeHeld with the time when the agent may
// be let in.
func (c *Contacts) Hello(ctx context.Context, storeID string, h wire.Hello) (wire.Welcome, error) {
	if h.Protocol < wire.OldestAgent || h.Protocol > wire.Protocol || h.CanonicalForm != wire.CanonicalForm {
		return wire.Welcome{}, wire.Refuse(wire.CodeTooOld, "this hub speaks protocol %d to %d with canonical form %d, the agent %d with %d: update the older of the two",
			wire.OldestAgent, wire.Protocol, wire.CanonicalForm, h.Protocol, h.CanonicalForm)
	}
	var welcome wire.Welcome
	var held error // an answer that is a refusal, and yet must be remembered
	err := c.db.WithStore(store.OutOfConversation(ctx), storeID, func(tx *store.StoreTx) (err error) {
		s := &session{tx: tx, hello: h, grace: c.grace(), repair: c.Repair}
		welcome, held, err = s.open()
		return err
	})
	if err == nil {
		err = held
	}
	return welcome, err
}

// session is one hello in its transaction.
type session struct {
	tx    *store.StoreTx
	hello wire.Hello
	last  store.Contact
	copy  store.Copy
	place int64 // of the agent epoch
	grace time.Duration

	repair func(v *store.StoreView) ([]string, error)
}

func (s *session) open() (w wire.Welcome, held, err error) {
	if s.last, err = s.tx.Contact(); err != nil {
		return w, nil, err
	}
	if s.copy, err = s.tx.Copy(); err != nil {
		return w, nil, err
	}
	if s.place, err = s.tx.Epoch(store.AgentEpoch, s.hello.AgentEpoch); err != nil {
		return w, nil, err
	}
	b, err := s.tx.LastBatch(s.place)
	if err != nil {
		return w, nil, err
	}
	v := byBatches(judge(s.hello, s.last, s.place, s.tx.Store.Installation), s.hello, b.BatchMark)
	switch v {
	case older:
		return s.hold()
	case behind:
		w, err = s.release("agent.behind")
		return w, nil, err
	case again:
		// The very message is answered again, and settles nothing: jobs may have been
		// applied since. An agent that began anew may have another history to tell of.
		if s.hello.Conversation == s.last.Conversation {
			w, err = s.welcome()
			return w, nil, err
		}
	}
	if err := s.letIn(v); err != nil {
		return w, nil, fmt.Errorf("cannot let in the agent of store %s: %w", s.tx.Store.Name, err)
	}
	w, err = s.welcome()
	return w, nil, err
}

// letIn makes the hello the newest of the chain, with all that follows from it.
func (s *session) letIn(v verdict) error {
	current, err := s.hubEpoch(v)
	if err != nil {
		return err
	}
	if s.place, err = s.tx.AddEpoch(store.AgentEpoch, s.hello.AgentEpoch); err != nil {
		return err
	}
	pos, err := s.tx.AddEpoch(store.POSEpoch, s.hello.POSEpoch)
	if err != nil {
		return err
	}
	newPOS := pos > 0 && pos != s.last.POSEpoch
	if cause := s.reconcileCause(v, current, newPOS); cause != "" {
		s.copy.Reconcile, s.last.ListReceipts = cause, true
		if err := s.tx.SetCopy(s.copy); err != nil {
			return err
		}
	}
	if v == restored {
		if err := s.adoptBatch(); err != nil {
			return err
		}
	}
	if s.tx.Store.Installation == "" {
		if err := s.tx.SetInstallation(s.hello.Installation, s.tx.Store.Host); err != nil {
			return err
		}
	}
	if err := s.advance(v, current, pos); err != nil {
		return err
	}
	return s.settle(newPOS)
}

// hubEpoch returns the current epoch, a new one if the hello shows a restore of
// the hub that nobody has noticed yet.
func (s *session) hubEpoch(v verdict) (store.HubEpoch, error) {
	current, err := s.tx.HubEpoch()
	if err != nil || v != restored || recognised(s.hello, s.last, current) {
		return current, err
	}
	cause := fmt.Sprintf("store %s is at conversation %d, the hub was at %d: the hub was restored from a backup",
		s.tx.Store.Name, s.hello.Chain.Counter, s.last.Counter)
	if current, err = s.tx.NewHubEpoch(cause); err != nil {
		return current, err
	}
	return current, s.tx.Audit("store "+s.tx.Store.Name, "hub.restored", map[string]any{"epoch": current.Epoch, "cause": cause})
}

// reconcileCause says why record and copy must be compared; "" if they need not.
func (s *session) reconcileCause(v verdict, current store.HubEpoch, newPOS bool) string {
	switch {
	case v == restored || (s.last.HubEpoch > 0 && s.last.HubEpoch != current.Place):
		return "the hub was restored from a backup"
	case v == fresh && (s.copy.Revision > 0 || s.last.AgentEpoch > 0 || s.hello.HubEpoch != ""):
		return "the agent began a new history" // what it sent in the one before may be lost
	case newPOS && s.last.POSEpoch > 0:
		return "the POS database was restored or replaced"
	default:
		return ""
	}
}

// adoptBatch goes on with the agent's numbers where a restored hub has forgotten
// batches that it acknowledged; reconciling brings back what they held.
func (s *session) adoptBatch() error {
	last, err := s.tx.LastBatch(s.place)
	if err != nil || s.hello.Acked.Number <= last.Number {
		return err
	}
	ack, err := json.Marshal(wire.BatchAck{Number: s.hello.Acked.Number, Digest: s.hello.Acked.Digest})
	if err != nil {
		return err
	}
	return s.tx.SetLastBatch(s.place, store.Batch{BatchMark: s.hello.Acked, Ack: ack})
}

func (s *session) advance(v verdict, current store.HubEpoch, pos int64) error {
	c, now := s.last, s.tx.Now()
	c.AgentEpoch, c.HubEpoch, c.Counter, c.Nonce = s.place, current.Place, s.hello.Chain.Counter, s.hello.Chain.Next
	c.Conversation = s.hello.Conversation
	c.Hello, c.HelloAt, c.Due = s.hello, now, dueAfter(s.hello, now)
	if pos > 0 {
		c.POSEpoch = pos
	}
	if s.hello.Receipt.Known {
		c.Receipt = s.hello.Receipt
	}
	if v == fresh {
		c.Held, c.Release = store.HeldChain{}, "" // it is the one that was released, or takes its place
	}
	if !c.Held.First.IsZero() {
		c.Held.Until = c.Due.Add(s.grace)
	}
	c.RestoreLinks = false
	s.last = c
	return s.tx.SetContact(c)
}

// settle compares the queue with the receipts in the POS database, or finds that
// the POS has lost them with all of Plait's tables.
func (s *session) settle(newPOS bool) error {
	lost, err := s.lostTables(newPOS)
	if err != nil {
		return err
	}
	if lost {
		s.last.RestoreLinks = true
		return s.tx.SetContact(s.last)
	}
	if _, err := queue.Settle(s.tx, s.hello.Receipt, s.hello.Receipts); err != nil || !s.listed() {
		return err
	}
	s.last.ListReceipts = false
	return s.tx.SetContact(s.last)
}

// listed: the hello tells of every receipt, or that there is none.
func (s *session) listed() bool {
	return s.last.ListReceipts && (s.hello.Receipts != nil || (s.hello.Receipt.Known && s.hello.Receipt.Job == ""))
}

// lostTables: the POS has no receipt, but the hub holds some; or it holds links
// of a POS database that is new to it (decision 16).
func (s *session) lostTables(newPOS bool) (bool, error) {
	if !s.hello.Receipt.Known || !s.hello.Receipt.Absent {
		return false, nil
	}
	applied, err := s.tx.NewestApplied(1)
	if err != nil || len(applied) > 0 {
		return len(applied) > 0, err
	}
	links, err := s.tx.HasLinks()
	return links && newPOS, err
}

// welcome says where things stand.
func (s *session) welcome() (wire.Welcome, error) {
	st := s.tx.Store
	w := wire.Welcome{
		Network: st.Network, Store: st.ID, StoreName: st.Name, Role: st.Role, Switch: st.Switch, Catalog: st.Catalog,
		Time: s.tx.Now().Unix(), Mark: s.copy.Mark, Reconcile: s.copy.Reconcile, RestoreLinks: s.last.RestoreLinks, FullUpload: st.Full.ID,
	}
	current, err := s.tx.HubEpoch()
	if err != nil {
		return w, err
	}
	w.HubEpoch = current.Epoch
	b, err := s.tx.LastBatch(s.place)
	if err != nil {
		return w, err
	}
	w.Batch = b.BatchMark
	if w.OpenJobs, err = s.tx.CountOpen(); err != nil {
		return w, err
	}
	if s.repair != nil {
		if w.Repair, err = s.repair(s.tx.StoreView); err != nil {
			return w, err
		}
	}
	w.WantReceipts = s.last.ListReceipts && s.hello.Receipts == nil && s.hello.Receipt.Known && !s.hello.Receipt.Absent
	w.WantProfile, err = s.wantProfile()
	return w, err
}

// wantProfile takes a profile over that another store of the network has
// uploaded already.
func (s *session) wantProfile() (bool, error) {
	if s.hello.Profile == "" || s.hello.Profile == s.tx.Store.Profile {
		return false, nil
	}
	err := s.tx.UseProfile(s.hello.Profile)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return false, err
}
