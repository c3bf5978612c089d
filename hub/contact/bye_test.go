package contact_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/wire"
)

// ending is a store whose conversations end at any moment, beside a model of what the
// hub is to know of it then.
type ending struct {
	*pc
	*rapid.T
	names  int
	ctx    context.Context // of the last conversation
	over   []context.Context
	holds  map[string]string // what the hub holds, by key
	open   int               // jobs
	differ []string          // in which kinds, by the last bye

	equalAt       time.Time
	equalRevision int64
	compared      time.Time
	parked        int
	byeAt         time.Time
}

// TestConversationsEnd: over edits that went up or did not, and some that nobody
// captured, a bye says equal exactly where record and copy hold the same and nothing
// waits for a person; it names the kinds that differ, counts the jobs that are open,
// and keeps when the two were last equal, as of which revision of the copy, and when
// the record was held against the POS. The next hello asks for a comparison exactly
// where the last bye found a difference. The bye of a conversation that is over changes
// nothing.
func TestConversationsEnd(t *testing.T) {
	equal, differed, late := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		e := &ending{pc: newHub(t).newPC("branch"), T: rt, holds: map[string]string{}}
		e.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"edit":   func(rt *rapid.T) { e.edit(e.key(rt), e.name(rt)) },
			"unseen": e.unseen,
			"heal":   func(*rapid.T) { e.heal() },
			"upload": func(*rapid.T) { e.uploads() },
			"begin":  func(*rapid.T) { e.begin() },
			"time":   func(*rapid.T) { e.clock.Advance(time.Minute) },
			"queue":  func(*rapid.T) { e.queues() },
			"cancel": func(*rapid.T) { e.cancels() },
			"late":   func(*rapid.T) { late += e.late() },
			"bye": func(rt *rapid.T) {
				if e.bye(rt) {
					equal++
				} else {
					differed++
				}
			},
		})
	})
	if equal < 20 || differed < 20 || late < 20 {
		t.Errorf("%d were equal, %d differed, %d came late: that proves nothing", equal, differed, late)
	}
}

func (e *ending) key(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"1", "2", "3", "s1", "s2"}).Draw(rt, "key")
}

func (e *ending) name(rt *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(rt, "delete") == 0 {
		return ""
	}
	return fmt.Sprint(rapid.IntRange(1, 3).Draw(rt, "name"))
}

// unseen changes the record, and nothing goes up for it.
func (e *ending) unseen(rt *rapid.T) {
	if key := e.key(rt); e.record[key].rev <= e.sent {
		e.record[key] = row{e.name(rt), e.record[key].rev}
	}
}

// heal is what a comparison leads to: all that differs goes up.
func (e *ending) heal() {
	for _, key := range slices.Sorted(maps.Keys(e.record)) {
		if e.holds[key] != e.record[key].name {
			e.pc.edit(key, e.record[key].name)
		}
	}
	e.uploads()
}

func (e *ending) uploads() {
	e.freeze()
	if e.frozen == nil {
		return
	}
	for key, r := range e.record {
		if r.rev > e.sent {
			e.holds[key] = r.name
		}
	}
	e.must(e.upload(e.ctx))
}

func (e *ending) must(err error) {
	e.T.Helper()
	if err != nil {
		e.T.Fatal(err)
	}
}

// begin is a hello, which ends the conversation before it.
func (e *ending) begin() {
	if e.ctx != nil {
		e.over = append(e.over, e.ctx)
	}
	w, ctx, err := e.hello()
	e.must(err)
	e.ctx = ctx
	for _, kind := range []string{"product", "sale"} {
		if strings.Contains(w.Reconcile, kind) != slices.Contains(e.differ, kind) {
			e.T.Fatalf("the last bye found a difference in %v, and the hello after it is asked to compare: %q", e.differ, w.Reconcile)
		}
	}
	if (w.Reconcile == "") != (len(e.differ) == 0) || w.OpenJobs != e.open {
		e.T.Fatalf("the welcome %+v after a difference in %v, with %d open jobs", w, e.differ, e.open)
	}
}

func (e *ending) queues() {
	e.names++
	e.must(e.db.WithStore(context.Background(), "branch", func(tx *store.StoreTx) error {
		p := store.Payload{Hash: "p", Body: wire.Compress(nil, []byte("what it brings")), Items: 1}
		if err := tx.AddPayload(p); err != nil {
			return err
		}
		_, err := queue.Put(tx, store.Job{Sort: "sync", Label: fmt.Sprint("job ", e.names), Payload: p.Hash, Items: 1, CreatedBy: "ann"})
		return err
	}))
	e.open++
}

func (e *ending) cancels() {
	e.must(e.db.WithStore(context.Background(), "branch", func(tx *store.StoreTx) error {
		open, err := tx.OpenJobs(1)
		if err == nil && len(open) > 0 {
			_, err = queue.Cancel(tx, "ann", open[0].ID)
			e.open--
		}
		return err
	}))
}

// kept is what the hub knows of the store.
func (e *ending) kept() (cp store.Copy, last store.Contact) {
	e.must(e.db.ViewStore(context.Background(), "branch", func(v *store.StoreView) (err error) {
		if cp, err = v.Copy(); err == nil {
			last, err = v.Contact()
		}
		return err
	}))
	return cp, last
}

// late says bye in a conversation that is over.
func (e *ending) late() int {
	if len(e.over) == 0 {
		return 0
	}
	cp, last := e.kept()
	ctx := e.over[len(e.over)-1]
	if _, err := e.contacts.Bye(ctx, "branch", wire.Bye{Revision: e.rev, Kinds: e.sums(), Parked: 7, Compared: 1}); code(err) != wire.CodeOver {
		e.T.Fatalf("the bye of a conversation that is over: %v", err)
	}
	if now, contact := e.kept(); now != cp || contact != last {
		e.T.Fatalf("the bye of a conversation that is over left %+v, %+v\nof %+v, %+v", now, contact, cp, last)
	}
	return 1
}

// bye ends the conversation, and reports whether the two are equal.
func (e *ending) bye(rt *rapid.T) bool {
	b := wire.Bye{Revision: e.rev, Kinds: e.sums(), Parked: max(0, rapid.IntRange(-3, 2).Draw(rt, "parked"))}
	if rapid.Bool().Draw(rt, "compared") {
		e.compared = e.clock.Now().Add(-time.Hour).Truncate(time.Second)
		b.Compared = e.compared.Unix()
	}
	cp, _ := e.kept()
	a, err := e.contacts.Bye(e.ctx, "branch", b)
	e.must(err)
	e.differ = e.kindsThatDiffer()
	e.parked, e.byeAt = b.Parked, e.clock.Now()
	equal := len(e.differ) == 0 && b.Parked == 0
	if equal {
		e.equalAt, e.equalRevision = e.clock.Now(), cp.Revision
	}
	if a.Equal != equal || !slices.Equal(slices.Sorted(slices.Values(a.Differ)), e.differ) || a.Pending != e.open {
		e.T.Fatalf("the answer %+v, where %v differ, %d are parked and %d jobs are open", a, e.differ, b.Parked, e.open)
	}
	now, last := e.kept()
	switch {
	case now.Revision != cp.Revision || now.Live != cp.Live || now.Mark != cp.Mark:
		e.T.Fatalf("a bye changed the copy: %+v was %+v", now, cp)
	case now.Parked != e.parked || !now.Compared.Equal(e.compared) || !now.EqualAt.Equal(e.equalAt) || now.EqualRevision != e.equalRevision:
		e.T.Fatalf("kept of it is %+v; want parked %d, compared %v, equal %v as of %d", now, e.parked, e.compared, e.equalAt, e.equalRevision)
	case !last.ByeAt.Equal(e.byeAt):
		e.T.Fatalf("it ended at %v, and kept is %v", e.byeAt, last.ByeAt)
	}
	return equal
}

func (e *ending) kindsThatDiffer() (out []string) {
	for key := range e.record {
		if kind := kindOf(key); e.record[key].name != e.holds[key] && !slices.Contains(out, kind) {
			out = append(out, kind)
		}
	}
	slices.Sort(out)
	return out
}
