package storesync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plait/hub/contact"
	"plait/hub/ingest"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// flowWorld is a hub with a head office and two branches under continuous sync:
// the hub's own rooms over a real database, and salons in memory.
type flowWorld struct {
	testing.TB
	choose  func(what string, n int) int // 0 to n-1
	weak    weakness
	dir     string
	files   int
	clock   *storetest.Clock
	backups []string

	db       *store.DB
	contacts *contact.Contacts
	ingest   *ingest.Ingest
	queue    *queue.Queue
	sync     *Service

	kinds  []string
	stores map[string]*flowStore
	names  int
	log    []string
}

// weakness is a rule that a control takes away.
type weakness int

const (
	sound        weakness = iota
	holdsNothing          // a job that is cancelled leaves the cursors where it put them
	looksNotBack          // after a restore of the hub cursors count as before
	movesEarly            // a cursor moves when the entry is made, not when it is cut
)

// broken ends a history: what should hold does not.
type broken struct{ what string }

func (w *flowWorld) fail(format string, args ...any) {
	panic(broken{fmt.Sprintf(format, args...)})
}

func (w *flowWorld) must(err error) {
	if err != nil {
		w.fail("%v", err)
	}
}

var flowKinds = []string{"category", "service", "vendor"}

// openFlowWorld opens a hub with a network of stores that have no POS yet.
func openFlowWorld(t testing.TB, dir string, kinds *catalog.Catalog) *flowWorld {
	w := &flowWorld{TB: t, dir: dir, clock: storetest.NewClock(), stores: map[string]*flowStore{}}
	for _, k := range kinds.Kinds {
		w.kinds = append(w.kinds, k.Name)
	}
	w.openHub(w.file())
	storetest.AddNetwork(t, w.db, "n", "head", "uptown", "downtown")
	storetest.SetCatalog(t, w.db, "n", kinds)
	return w
}

func newFlowWorld(t testing.TB, dir string, choose func(string, int) int, weak weakness) *flowWorld {
	w := openFlowWorld(t, dir, flowCatalog())
	w.choose, w.weak = choose, weak
	w.must(w.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) error {
		n := tx.Network
		var err error
		if n.Settings, err = Change(n, func(s *Settings) { s.Continuous = flowKinds }); err != nil {
			return err
		}
		return errors.Join(tx.SetNetwork(n), Settle(tx.View, "n", tx.SetContinuous))
	}))
	for i, id := range []string{"head", "uptown", "downtown"} {
		s := &flowStore{flowWorld: w, salon: newSalon(id, flowProfile()), agentEpoch: "epoch-1", history: 1}
		s.next = 1000 * (i + 1)
		w.stores[id] = s
	}
	for _, kind := range []string{"category", "vendor", "service", "service"} {
		w.names++
		w.stores["head"].add(kind, item.MustText(fmt.Sprint("Thing ", w.names)))
	}
	w.stores["head"].converse(whole)
	for _, id := range []string{"uptown", "downtown"} {
		w.stores[id].converse(whole)
		w.looksAndRuns(w.stores[id])
		w.stores[id].converse(whole)
	}
	w.backups = append(w.backups, w.backup())
	return w
}

func flowCatalog() *catalog.Catalog {
	text := func(name string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: "text", Policy: p}
	}
	ref := func(name, to string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: "reference", Ref: to, Policy: p}
	}
	return &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "category", Title: "Categories", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Fields: []catalog.Field{text("name", item.Locked)}},
		{Name: "service", Title: "Services", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name", Category: "category"},
			Fields: []catalog.Field{text("name", item.Locked), ref("category", "category", item.Locked), text("note", item.Unlocked), text("size", item.Locked), text("tax", item.Never),
				ref("vendor", "vendor", item.Unlocked)}},
		{Name: "vendor", Title: "Vendors", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Fields: []catalog.Field{text("name", item.Locked)}},
	}}
}

func flowProfile() wire.Profile {
	p := wire.Profile{POS: "test"}
	for _, k := range flowCatalog().Kinds {
		p.Kinds = append(p.Kinds, profileOf(k))
	}
	return p
}

func (w *flowWorld) file() string {
	w.files++
	return filepath.Join(w.dir, fmt.Sprintf("hub%d.db", w.files))
}

func (w *flowWorld) openHub(path string) {
	db, err := store.Open(context.Background(), path, store.Options{Now: w.clock.Now, Sync: sqlitedb.SyncNormal}) // nothing here cuts the power
	w.must(err)
	w.db, w.sync = db, New(db)
	w.contacts, w.ingest, w.queue = contact.New(db), ingest.New(db, queue.Result), queue.New(db, w.sync)
}

func (w *flowWorld) backup() string {
	path, working := w.file(), w.db.Path()
	w.must(w.db.Close())
	w.copyFile(working, path)
	w.openHub(working)
	return path
}

func (w *flowWorld) restoreHub(backup string) {
	w.must(w.db.Close())
	working := w.file()
	w.copyFile(backup, working)
	w.openHub(working)
}

func (w *flowWorld) copyFile(from, to string) {
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	w.must(err)
}

func (w *flowWorld) branch() *flowStore {
	return w.stores[[]string{"uptown", "downtown"}[w.choose("branch", 2)]]
}

func (w *flowWorld) any() *flowStore {
	return w.stores[[]string{"head", "uptown", "downtown"}[w.choose("store", 3)]]
}

func (w *flowWorld) pick(keys []string) (string, bool) {
	if len(keys) == 0 {
		return "", false
	}
	return keys[w.choose("item", len(keys))], true
}

// edit is what head office's people do: names are new ones, so that nothing is
// ambiguous that a later sync could not settle.
func (w *flowWorld) edit() {
	h := w.stores["head"]
	w.names++
	name := item.MustText(fmt.Sprint("Thing ", w.names))
	kind := flowKinds[w.choose("kind", 3)]
	key, ok := w.pick(h.liveKeys(kind))
	few := item.MustText([]string{"small", "large"}[w.choose("size", 2)]) // so that a change is often taken back
	switch w.choose("edit", 8) {
	case 0, 1:
		h.add(kind, name)
	case 2:
		if ok {
			h.leave(kind, key)
			h.kill(kind, key)
		}
	case 3:
		h.set(kind, key, "name", name)
	case 4:
		h.set("service", key, "note", few)
	case 5:
		h.set("service", key, "size", few)
	case 6:
		h.set("service", key, "tax", name)
	case 7:
		h.set("service", key, "category", h.anyRef("category"))
		h.set("service", key, "vendor", h.anyRef("vendor"))
	}
}

// work is what a branch's people do: they change what is theirs to change.
func (s *flowStore) work() {
	s.names++
	value := item.MustText(fmt.Sprint("Own ", s.id, s.names))
	key, ok := s.pick(s.liveKeys("service"))
	switch s.choose("work", 3) {
	case 0:
		s.add("service", value)
	case 1:
		if it, _ := s.live("service", key); ok && it.Link == nil {
			s.kill("service", key)
		}
	default:
		s.set("service", key, "note", value)
	}
}

func (s *flowStore) add(kind string, name item.Value) {
	s.next++
	it := item.Item{ID: item.ID{Kind: kind, Key: fmt.Sprint(s.next), Gen: 1}, Fields: item.Fields{{Name: "name", Value: name}}}
	if kind == "service" {
		for _, f := range []string{"category", "vendor"} {
			it.Fields = it.Fields.With(f, s.anyRef(f))
		}
		it.Fields = it.Fields.With("note", item.Null()).With("size", item.Null()).With("tax", item.Null())
	}
	s.put(it)
}

// leave takes references to an item away before it is deleted, as a POS demands.
func (s *flowStore) leave(kind, key string) {
	for _, service := range s.liveKeys("service") {
		if it, _ := s.live("service", service); it.Fields.Get(kind).Str() == key && kind != "service" {
			s.set("service", service, kind, item.Null())
		}
	}
}

func (s *flowStore) anyRef(kind string) item.Value {
	key, ok := s.pick(s.liveKeys(kind))
	if !ok {
		return item.Null()
	}
	return item.Ref(kind, key)
}

func (s *flowStore) set(kind, key, field string, v item.Value) {
	it, ok := s.live(kind, key)
	if !ok {
		return
	}
	if _, has := flowField(kind, field); has {
		it.Fields = it.Fields.With(field, v)
		s.put(it)
	}
}

func flowField(kind, field string) (catalog.Field, bool) {
	k, _ := flowCatalog().Kind(kind)
	return k.Field(field)
}

// cancel is an operator's: any open job.
func (w *flowWorld) cancel(s *flowStore) {
	w.in(s.id, func(tx *store.StoreTx) error {
		open, err := tx.OpenJobs(0)
		if err != nil || len(open) == 0 {
			return err
		}
		before, err := tx.Cursors()
		if err != nil {
			return err
		}
		j := open[w.choose("job", len(open))]
		w.note("cancel job %d of %s", j.Number, s.id)
		if _, err := queue.Cancel(tx, "ann", j.ID); err != nil {
			return err
		}
		for _, c := range before {
			if w.weak == holdsNothing && c.Held == "" {
				err = errors.Join(err, tx.SetCursor(c.Source, c.Kind, c.SyncRev))
			}
		}
		return err
	})
}

func (w *flowWorld) turn(s *flowStore, to string) {
	w.in(s.id, func(tx *store.StoreTx) error { _, err := queue.Switch(tx, "ann", to, true); return err })
}

func (w *flowWorld) in(id string, fn func(*store.StoreTx) error) {
	w.must(w.db.WithStore(context.Background(), id, fn))
}

func (w *flowWorld) spread() {
	var behind []store.Lag
	w.must(w.db.View(context.Background(), func(v *store.View) (err error) { behind, err = v.Behind("n"); return err }))
	w.must(w.sync.Spread(context.Background(), "n"))
	for _, l := range behind {
		if w.weak == movesEarly {
			w.in(l.Store, func(tx *store.StoreTx) error { return tx.SetCursor(l.Source, l.Kind, l.To) })
		}
	}
}

// look is what an operator does about a branch: a Test of everything, and its run.
func (w *flowWorld) look(s *flowStore) (Plan, bool) {
	ctx := context.Background()
	r := Request{Network: "n", Source: "head", Receivers: []string{s.id}, By: "ann"}
	for _, k := range flowKinds {
		r.Kinds = append(r.Kinds, Selection{Kind: k, All: true})
	}
	p, err := w.sync.Test(ctx, r, nil)
	if errors.Is(err, ErrRequest) { // head office has not uploaded, or has nothing
		return p, false
	}
	w.must(err)
	return p, true
}

func (w *flowWorld) looksAndRuns(s *flowStore) {
	if p, ok := w.look(s); ok {
		_, err := w.sync.Run(context.Background(), "n", p.Digest, Confirm{}, "ann")
		w.must(err)
	}
}

// due reports whether a flow does not run to the branch.
func (w *flowWorld) due(s *flowStore) (due bool) {
	w.must(w.db.ViewStore(context.Background(), s.id, func(v *store.StoreView) error {
		for _, k := range flowKinds {
			c, ok, err := v.Cursor("head", k)
			if err != nil {
				return err
			}
			due = due || !ok || c.Held != ""
		}
		return nil
	}))
	return due
}

func (w *flowWorld) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// happenings are what may happen, each as often as its weight.
var happenings = []struct {
	weight int
	do     func(w *flowWorld)
}{
	{6, func(w *flowWorld) { w.note("head office edits"); w.edit() }},
	{2, func(w *flowWorld) { b := w.branch(); w.note("%s works", b.id); b.work() }},
	{4, func(w *flowWorld) { w.note("spread"); w.spread() }},
	{5, func(w *flowWorld) { w.note("head office comes"); w.stores["head"].converse(whole) }},
	{4, func(w *flowWorld) { b := w.branch(); w.note("%s comes", b.id); b.converse(whole) }},
	{4, (*flowWorld).breaksOff},
	{1, func(w *flowWorld) {
		w.note("hub backed up as %d", len(w.backups))
		w.backups = append(w.backups, w.backup())
	}},
	{1, func(w *flowWorld) {
		i := w.choose("backup", len(w.backups))
		w.note("hub restored to %d", i)
		w.restoreHub(w.backups[i])
	}},
	{1, func(w *flowWorld) {
		s := w.any()
		w.note("%s's POS backed up", s.id)
		s.backups = append(s.backups, posBackup{maps.Clone(s.rows), slices.Clone(s.receipts)})
	}},
	{1, func(w *flowWorld) {
		if s := w.any(); len(s.backups) > 0 {
			i := w.choose("backup", len(s.backups))
			w.note("%s's POS restored to %d", s.id, i)
			s.restorePOS(s.backups[i])
		}
	}},
	{2, func(w *flowWorld) { w.cancel(w.branch()) }},
	{1, func(w *flowWorld) {
		b, to := w.branch(), []string{store.On, store.Off}[w.choose("to", 2)]
		w.note("%s switched %s", b.id, to)
		w.turn(b, to)
	}},
	{2, func(w *flowWorld) { b := w.branch(); w.note("an operator looks at %s", b.id); w.looksAndRuns(b) }},
}

func (w *flowWorld) breaksOff() {
	s, far := w.any(), w.choose("as far as", 14)
	w.note("%s comes, for %d steps", s.id, far)
	s.converse(far)
}

// happen is one happening.
func (w *flowWorld) happen() {
	n := 0
	for _, h := range happenings {
		n += h.weight
	}
	n = w.choose("what", n)
	for _, h := range happenings {
		if n -= h.weight; n < 0 {
			h.do(w)
			return
		}
	}
}

// run is a history, and then the quiet in which everything comes level. It
// returns what was broken.
func (w *flowWorld) run(n int) string {
	return w.tell(func() {
		for range n {
			w.happen()
			w.check()
		}
	})
}

// tell runs a history that is told, and the quiet after it.
func (w *flowWorld) tell(history func()) (what string) {
	return w.told(func() {
		history()
		w.settle()
	})
}

// told runs a history to its end, and returns what was broken.
func (w *flowWorld) told(history func()) (what string) {
	defer func() {
		if err := w.db.Close(); err != nil && what == "" {
			what = err.Error()
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(broken)
			if !ok {
				panic(r)
			}
			what = b.what
		}
	}()
	history()
	return ""
}

// check holds at every moment.
func (w *flowWorld) check() {
	for _, s := range w.stores {
		w.must(w.db.ViewStore(context.Background(), s.id, func(v *store.StoreView) error {
			open, err := v.OpenJobs(0)
			pending := 0
			for _, j := range open {
				switch {
				case j.State == store.Pending:
					pending++
				case j.Items == 0:
					w.fail("job %d of %s is empty", j.Number, s.id)
				}
			}
			if pending > 1 || (len(open) > 0 && (s.id == "head" || v.Store.Switch == store.Off)) {
				w.fail("%s, switched %s, has open %+v", s.id, v.Store.Switch, open)
			}
			return err
		}))
	}
}

// settle lets everybody come, and an operator look where a flow does not run; then
// a sync of everything would change nothing anywhere, and no door is shut.
func (w *flowWorld) settle() {
	head := w.stores["head"]
	if len(head.liveKeys("category")) == 0 {
		head.add("category", item.MustText("The last one"))
	}
	for range 2 {
		head.converse(whole)
		for _, id := range []string{"uptown", "downtown"} {
			b := w.stores[id]
			b.converse(whole)
			if b.switchNow() != store.On {
				w.turn(b, store.On)
			}
			if w.due(b) {
				w.note("at the end an operator looks at %s", id)
				w.looksAndRuns(b)
			}
			w.spread()
			b.converse(whole)
		}
	}
	for _, id := range []string{"uptown", "downtown"} {
		w.isLevel(w.stores[id])
	}
}

func (w *flowWorld) isLevel(b *flowStore) {
	w.must(w.db.ViewStore(context.Background(), b.id, func(v *store.StoreView) error {
		blocking, err := queue.Blocking(v)
		if len(blocking) > 0 {
			w.fail("a full upload of %s is refused at the end: %+v", b.id, blocking)
		}
		return err
	}))
	if !b.equal {
		w.fail("%s does not end equal", b.id)
	}
	p, ok := w.look(b)
	if !ok || p.Stores[0].Blocked != "" {
		w.fail("%s cannot be tested at the end: %+v", b.id, p.Stores)
	}
	if c := p.Counts; c.Created+c.Adopted+c.Updated > 0 {
		w.fail("a full sync would still change %s: %+v: %s", b.id, c, w.changes(b, p.Request))
	}
}

// changes says what a sync would write at a branch.
func (w *flowWorld) changes(b *flowStore, r Request) (text string) {
	t := &test{service: w.sync, request: r}
	w.must(w.db.View(context.Background(), t.prepare))
	at, err := readReceiver(salonCopy{b.salon}, b.id, b.profile, t.cutting.payload.Kinds)
	w.must(err)
	_, err = at.predict(&t.cutting.payload, wire.Own{}, func(p merge.ItemPlan) {
		for _, f := range p.Fields {
			if f.Write {
				text += fmt.Sprintf("\n%s %s (%s) %s: base %s, branch %s, source %s: %s", p.Action, p.Name, p.Kind, f.Name, f.Base.Display(), f.Branch.Display(), f.Source.Display(), f.Reason)
			}
		}
	})
	w.must(err)
	return text
}

func rapidChoice(rt *rapid.T) func(string, int) int {
	return func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, what) }
}
