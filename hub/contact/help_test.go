package contact_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plait/hub/contact"
	"plait/hub/ingest"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// hub is a hub that can be put back to a backup.
type hub struct {
	testing.TB
	clock    *storetest.Clock
	dir      string
	files    int
	db       *store.DB
	contacts *contact.Contacts
	ingest   *ingest.Ingest
	queue    *queue.Queue
}

func newHub(t testing.TB) *hub {
	t.Helper()
	h := &hub{TB: t, clock: storetest.NewClock(), dir: t.TempDir()}
	h.open(h.file())
	storetest.AddNetwork(t, h.db, "n", "head", "branch")
	storetest.SetCatalog(t, h.db, "n", storetest.Kinds())
	t.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *hub) file() string {
	h.files++
	return filepath.Join(h.dir, fmt.Sprintf("hub%d.db", h.files))
}

func (h *hub) open(path string) {
	h.Helper()
	db, err := store.Open(context.Background(), path, store.Options{Now: h.clock.Now, Sync: sqlitedb.SyncNormal}) // nothing here cuts the power
	if err != nil {
		h.Fatal(err)
	}
	h.db, h.contacts, h.ingest, h.queue = db, contact.New(db), ingest.New(db, queue.Result), queue.New(db, nil)
}

// backup returns the path of a backup: the file of a hub that is closed for it.
func (h *hub) backup() string {
	h.Helper()
	path, working := h.file(), h.db.Path()
	if err := h.db.Close(); err != nil {
		h.Fatal(err)
	}
	h.copyFile(working, path)
	h.open(working)
	return path
}

// restore puts the hub back to a backup, which stays as it is.
func (h *hub) restore(backup string) {
	h.Helper()
	if err := h.db.Close(); err != nil {
		h.Fatal(err)
	}
	working := h.file()
	h.copyFile(backup, working)
	h.open(working)
}

func (h *hub) copyFile(from, to string) {
	h.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		h.Fatal(err)
	}
}

// pc is a PC with an agent: what of it is durable can be cloned by a copy.
type pc struct {
	*hub
	store string
	disk
}

// disk is agent.db. The POS is the record itself: capture has no part here.
type disk struct {
	installation string
	epoch        string
	pos          string
	hubEpoch     string
	prev         wire.Chain // the last that was answered
	presented    wire.Chain // presented and not answered; zero if none
	acked        wire.BatchMark
	frozen       []byte
	frozenMark   wire.BatchMark
	frozenTo     int64
	record       map[string]row
	rev, sent    int64
	receipt      wire.ReceiptHead
	receipts     *wire.Receipts // listed in hellos; nil for none
	names        int
}

type row struct {
	name string // "" for a tombstone
	rev  int64
}

func (h *hub) newPC(storeID string) *pc {
	return &pc{hub: h, store: storeID, disk: disk{installation: "pc-" + storeID, epoch: "epoch-1", pos: "pos-1", record: map[string]row{}}}
}

func (d disk) clone() disk {
	record := make(map[string]row, len(d.record))
	for k, r := range d.record {
		record[k] = r
	}
	d.record = record
	return d
}

func (p *pc) edit(key, name string) {
	p.rev++
	p.record[key] = row{name, p.rev}
}

// greeting prepares what the next hello presents.
func (p *pc) greeting() wire.Hello {
	if p.presented.Counter == 0 {
		p.names++
		p.presented = wire.Chain{Counter: p.prev.Counter + 1, Previous: p.prev.Next, Next: store.NewID()}
	}
	return wire.Hello{Protocol: wire.Protocol, CanonicalForm: wire.CanonicalForm, Installation: p.installation, AgentEpoch: p.epoch,
		POSEpoch: p.pos, HubEpoch: p.hubEpoch, Chain: p.presented, Conversation: store.NewID(), Frozen: p.frozenMark, Acked: p.acked,
		Receipt: p.receipt, Receipts: p.receipts, NextDue: 3600}
}

// hello says one hello and takes in the answer.
func (p *pc) hello() (wire.Welcome, context.Context, error) {
	m := p.greeting()
	ctx := store.InConversation(context.Background(), m.Conversation)
	w, err := p.contacts.Hello(ctx, p.store, m)
	if err != nil {
		return w, ctx, err
	}
	p.prev, p.presented = p.presented, wire.Chain{}
	p.hubEpoch = w.HubEpoch
	if w.NewAgentEpoch {
		p.newEpoch()
		return p.hello()
	}
	switch {
	case w.Batch == p.frozenMark && p.frozen != nil:
		p.acknowledged()
	case w.Batch != p.acked:
		p.newEpoch()
		return p.hello()
	}
	return w, ctx, nil
}

func (p *pc) newEpoch() {
	p.epoch = store.NewID()
	p.prev, p.presented, p.acked, p.frozenMark, p.frozen = wire.Chain{}, wire.Chain{}, wire.BatchMark{}, wire.BatchMark{}, nil
}

func (p *pc) acknowledged() {
	p.acked, p.sent = p.frozenMark, p.frozenTo
	p.frozen, p.frozenMark = nil, wire.BatchMark{}
}

// kindOf: keys that begin with an s are sales, whose names are numbers.
func kindOf(key string) string {
	if strings.HasPrefix(key, "s") {
		return "sale"
	}
	return "product"
}

func (p *pc) item(key string) item.Item {
	r := p.record[key]
	it := item.Item{ID: item.ID{Kind: kindOf(key), Key: key, Gen: 1}, Deleted: r.name == ""}
	if it.Kind == "sale" {
		it.Gen = 0
	}
	switch {
	case it.Deleted:
	case it.Kind == "sale":
		it.Fields = item.Fields{{Name: "total", Value: item.MustDecimal(r.name)}}
	default:
		it.Fields = item.Fields{{Name: "name", Value: item.MustText(r.name)}}
	}
	return it
}

// freeze freezes a batch of what is pending.
func (p *pc) freeze() {
	p.Helper()
	if p.frozen != nil || p.sent == p.rev {
		return
	}
	w, err := wire.NewBatch(wire.BatchHeader{AgentEpoch: p.epoch, Number: p.acked.Number + 1, Mark: wire.Mark{POSEpoch: p.pos, Seq: p.rev, Nonce: 1}})
	if err != nil {
		p.Fatal(err)
	}
	for key, r := range p.record {
		if r.rev <= p.sent {
			continue
		}
		if err := w.Put(r.rev, item.Append(nil, p.item(key))); err != nil {
			p.Fatal(err)
		}
	}
	lines, digest := w.Finish()
	p.frozen, p.frozenMark, p.frozenTo = wire.Compress(nil, lines), wire.BatchMark{Number: p.acked.Number + 1, Digest: digest}, p.rev
}

// upload sends what is pending, at most one batch.
func (p *pc) upload(ctx context.Context) error {
	p.freeze()
	if p.frozen == nil {
		return nil
	}
	if _, err := p.ingest.Batch(ctx, p.store, p.frozen); err != nil {
		return err
	}
	p.acknowledged()
	return nil
}

// reconcile makes pending again what the hub lacks, and tombstones of what only
// the hub holds.
func (p *pc) reconcile(ctx context.Context) error {
	k := wire.Keys{Kind: "product"}
	for l := range wire.Nodes * wire.Leaves {
		k.Leaf = append(k.Leaf, l)
	}
	var keys []string
	for key, r := range p.record {
		if r.name == "" || kindOf(key) != k.Kind {
			continue
		}
		keys = append(keys, key)
		k.Items = append(k.Items, wire.KeyHash{Key: key, Gen: 1, Digest: item.DigestOf(item.Append(nil, p.item(key))).String()[:16]})
	}
	a, err := p.ingest.ReconcileKeys(ctx, p.store, k)
	if err != nil {
		return err
	}
	for _, i := range a.Want {
		p.edit(keys[i], p.record[keys[i]].name)
	}
	for _, x := range a.Extra {
		p.edit(x.Key, "")
	}
	return nil
}

func (p *pc) sums() (out []wire.KindSum) {
	for _, kind := range []string{"product", "sale"} {
		s := store.KindSum{Kind: kind}
		for key, r := range p.record {
			if r.name != "" && kindOf(key) == kind {
				s.Count++
				s.Sum = s.Sum.Xor(item.DigestOf(item.Append(nil, p.item(key))))
			}
		}
		if s.Count > 0 {
			out = append(out, s.Wire())
		}
	}
	return out
}

// converse is a whole conversation; it reports whether it ended equal.
func (p *pc) converse() (wire.ByeAnswer, error) {
	w, ctx, err := p.hello()
	if err != nil {
		return wire.ByeAnswer{}, err
	}
	for range 2 { // what was frozen, and what became pending meanwhile
		if err := p.upload(ctx); err != nil {
			return wire.ByeAnswer{}, err
		}
		if w.Reconcile != "" {
			if err := p.reconcile(ctx); err != nil {
				return wire.ByeAnswer{}, err
			}
		}
	}
	if err := p.upload(ctx); err != nil {
		return wire.ByeAnswer{}, err
	}
	return p.contacts.Bye(ctx, p.store, wire.Bye{Revision: p.rev, Kinds: p.sums()})
}

// mustConverse demands that the conversation ends equal.
func (p *pc) mustConverse() {
	p.Helper()
	a, err := p.converse()
	if err != nil || !a.Equal {
		p.Fatalf("the conversation ended with %+v, %v", a, err)
	}
}

func code(err error) wire.Code {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Code
	}
	return ""
}

// audited are the acts in the network's log, oldest first.
func (h *hub) audited() (out []string) {
	h.Helper()
	err := h.db.View(context.Background(), func(v *store.View) error {
		log, err := v.AuditLog("n", 0, 1000)
		for _, e := range slices.Backward(log) {
			out = append(out, e.What)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return out
}
