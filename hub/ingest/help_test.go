package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"plait/hub/contact"
	"plait/hub/ingest"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/item"
	"plait/shared/wire"
)

// world is a hub with the network "n" of stores "head" and "branch".
type world struct {
	testing.TB
	db       *store.DB
	clock    *storetest.Clock
	ingest   *ingest.Ingest
	contacts *contact.Contacts
	queue    *queue.Queue
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, storetest.OpenUnsynced)
}

func newWorldOn(t testing.TB, open func(testing.TB, *storetest.Clock) *store.DB) *world {
	t.Helper()
	clock := storetest.NewClock()
	db := open(t, clock)
	storetest.AddNetwork(t, db, "n", "head", "branch")
	storetest.SetCatalog(t, db, "n", storetest.Kinds())
	return &world{TB: t, db: db, clock: clock, ingest: ingest.New(db, queue.Result), contacts: contact.New(db), queue: queue.New(db, nil)}
}

// agent speaks for a store as its agent would.
type agent struct {
	*world
	store string
	epoch string
	pos   string
	hello wire.Hello
	batch int64
	seq   int64
}

// newAgent enrols the store's PC and says its first hello.
func (w *world) newAgent(storeID, epoch string) *agent {
	w.Helper()
	a := &agent{world: w, store: storeID, epoch: epoch, pos: "pos-1"}
	a.sayHello()
	return a
}

func (a *agent) sayHello() wire.Welcome {
	a.Helper()
	c := wire.Chain{Counter: a.hello.Chain.Counter + 1, Previous: a.hello.Chain.Next, Next: fmt.Sprintf("%s-%d", a.epoch, a.hello.Chain.Counter+1)}
	a.hello = wire.Hello{Protocol: wire.Protocol, CanonicalForm: wire.CanonicalForm, Installation: "pc-" + a.store, AgentEpoch: a.epoch,
		POSEpoch: a.pos, HubEpoch: a.hello.HubEpoch, Chain: c, Acked: a.hello.Acked, Receipt: a.hello.Receipt, NextDue: 3600}
	w, err := a.contacts.Hello(context.Background(), a.store, a.hello)
	if err != nil {
		a.Fatal(err)
	}
	a.hello.HubEpoch = w.HubEpoch
	return w
}

// entry is one entry of a batch.
type entry struct {
	op   byte
	rev  int64
	body []byte
}

func put(rev int64, it item.Item) entry  { return entry{wire.EntryPut, rev, item.Append(nil, it)} }
func gone(rev int64, it item.Item) entry { return entry{wire.EntryGone, rev, item.Append(nil, it)} }
func result(rev int64, r wire.Result) entry {
	return entry{wire.EntryResult, rev, wire.EncodeControl(r)}
}

// frozen makes a batch's bytes.
func (a *agent) frozen(number int64, entries ...entry) []byte {
	a.Helper()
	w, err := wire.NewBatch(wire.BatchHeader{AgentEpoch: a.epoch, Number: number, Mark: wire.Mark{POSEpoch: a.pos, Seq: a.seq + 1, Nonce: 7}})
	if err != nil {
		a.Fatal(err)
	}
	fill(a, w, entries)
	lines, _ := w.Finish()
	return wire.Compress(nil, lines)
}

func fill(t testing.TB, w *wire.BatchWriter, entries []entry) {
	t.Helper()
	for _, e := range entries {
		var err error
		switch e.op {
		case wire.EntryPut:
			err = w.Put(e.rev, e.body)
		case wire.EntryGone:
			err = w.Gone(e.rev, e.body)
		case wire.EntryResult:
			err = w.Result(e.rev, e.body)
		case wire.EntryBody:
			err = w.Body(e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// send sends the next batch and demands that it is taken.
func (a *agent) send(entries ...entry) wire.BatchAck {
	a.Helper()
	ack, err := a.ingest.Batch(context.Background(), a.store, a.frozen(a.batch+1, entries...))
	if err != nil {
		a.Fatal(err)
	}
	a.batch++
	a.hello.Acked = wire.BatchMark{Number: ack.Number, Digest: ack.Digest}
	return ack
}

// code returns the protocol's code of an error, "" for others.
func code(err error) wire.Code {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Code
	}
	return ""
}

func product(key, name string) item.Item {
	return item.Item{ID: item.ID{Kind: "product", Key: key, Gen: 1}, Fields: item.Fields{{Name: "name", Value: item.MustText(name)}}}
}

func sale(key, total string) item.Item {
	v, err := item.Decimal(total)
	if err != nil {
		panic(err)
	}
	return item.Item{ID: item.ID{Kind: "sale", Key: key}, Fields: item.Fields{{Name: "total", Value: v}}}
}

func dead(it item.Item) item.Item {
	it.Deleted = true
	return it
}

// view reads the store of the agent.
func (a *agent) view(fn func(*store.StoreView) error) {
	a.Helper()
	if err := a.db.ViewStore(context.Background(), a.store, fn); err != nil {
		a.Fatal(err)
	}
}

func (a *agent) copyOf() (c store.Copy) {
	a.Helper()
	a.view(func(v *store.StoreView) (err error) { c, err = v.Copy(); return err })
	return c
}

func (a *agent) row(id item.ID) (row store.Item) {
	a.Helper()
	a.view(func(v *store.StoreView) error {
		c, err := v.Copy()
		if err == nil {
			row, err = v.Item(c.Live, id)
		}
		return err
	})
	return row
}

// kindSums are the sums that the hub keeps.
func (a *agent) kindSums() (out []wire.KindSum) {
	a.Helper()
	a.view(func(v *store.StoreView) error {
		c, err := v.Copy()
		if err != nil {
			return err
		}
		sums, err := v.KindSums(c.Live)
		for _, s := range sums {
			out = append(out, s.Wire())
		}
		return err
	})
	return out
}

// sumsOf are the sums of a record.
func sumsOf(items ...item.Item) []wire.KindSum {
	byKind := map[string]*store.KindSum{}
	for _, it := range items {
		if it.Deleted {
			continue
		}
		s := byKind[it.Kind]
		if s == nil {
			s = &store.KindSum{Kind: it.Kind}
			byKind[it.Kind] = s
		}
		s.Count++
		s.Sum = s.Sum.Xor(item.DigestOf(item.Append(nil, it)))
	}
	var out []wire.KindSum
	for _, kind := range []string{"product", "sale"} {
		if s := byKind[kind]; s != nil {
			out = append(out, s.Wire())
		}
	}
	return out
}

// queueJob puts a job into the store's queue and returns its id.
func (w *world) queueJob(storeID, label string) (id string, err error) {
	err = w.db.WithStore(context.Background(), storeID, func(tx *store.StoreTx) error {
		j, err := queue.Put(tx, store.Job{Sort: "sync", Label: label, Cause: "sync-1", Payload: "hash-" + label, Items: 1, CreatedBy: "ann"})
		id = j.ID
		return err
	})
	return id, err
}
