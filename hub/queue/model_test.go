package queue_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plait/hub/contact"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/wire"
)

// TestQueueAgainstAModel is P5: operators queue, cancel, switch and revoke, an
// agent takes, begins, applies and reports, its answers and results come twice,
// late and out of order, and its POS database is restored from backups. At any
// moment receipts stand in the order of the jobs; once the faults have passed and
// the agent has come a few times more, every job has ended, each as it must.
func TestQueueAgainstAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSalon(t, rt)
		rt.Repeat(map[string]func(*rapid.T){
			"queue":       func(rt *rapid.T) { s.put(rapid.Bool().Draw(rt, "resets")) },
			"cancel":      func(rt *rapid.T) { s.cancel(rt) },
			"hello":       func(*rapid.T) { s.hello() },
			"next":        func(rt *rapid.T) { s.next(rapid.IntRange(0, 3).Draw(rt, "as far as")) },
			"report":      func(rt *rapid.T) { s.report(rt) },
			"back up POS": func(*rapid.T) { s.backups = append(s.backups, slices.Clone(s.receipts)) },
			"restore POS": func(rt *rapid.T) { s.restore(rt) },
			"switch": func(rt *rapid.T) {
				s.turn(rapid.SampledFrom([]string{store.On, store.On, store.Draining, store.Off}).Draw(rt, "to"), rapid.Bool().Draw(rt, "cancel"))
			},
			"": func(*rapid.T) { s.check() },
		})
		s.settle()
	})
}

// salon is a store with its agent and POS, and the operator's view of its jobs.
type salon struct {
	*rapid.T
	db       *store.DB
	queue    *queue.Queue
	contacts *contact.Contacts
	chain    wire.Chain
	epoch    string // of the hub

	history  int       // of the POS
	receipts []receipt // of jobs applied in this history, in order
	restored bool      // since the last hello: applying finds the mark gone and stops (decision 28)
	backups  [][]receipt
	outbox   []wire.Result // made, acknowledged or not
	labels   int
	ordered  map[string]int // by job: its place
	cancels  map[string]bool
}

// receipt says that a job was applied; order is its place in the POS database.
type receipt struct {
	job   string
	order int64
}

// holds reports whether the POS has a receipt of the job, and its order.
func (s *salon) holds(job string) (order int64, ok bool) {
	for _, r := range s.receipts {
		if r.job == job {
			return r.order, true
		}
	}
	return 0, false
}

func newSalon(t *testing.T, rt *rapid.T) *salon {
	clock := storetest.NewClock()
	db := storetest.OpenUnsynced(t, clock)
	storetest.AddNetwork(t, db, "n", "head", "branch")
	s := &salon{T: rt, db: db, queue: queue.New(db, nil), contacts: contact.New(db), history: 1,
		ordered: map[string]int{}, cancels: map[string]bool{}}
	s.hello()
	return s
}

func (s *salon) in(fn func(*store.StoreTx) error) error {
	return s.db.WithStore(context.Background(), "branch", fn)
}

func (s *salon) must(err error) {
	if err != nil {
		s.Fatalf("%v", err)
	}
}

func (s *salon) jobs() (out []store.Job) {
	s.must(s.db.ViewStore(context.Background(), "branch", func(v *store.StoreView) (err error) { out, err = v.Jobs(1000); return err }))
	slices.Reverse(out)
	return out
}

func (s *salon) switchNow() (to string) {
	s.must(s.db.ViewStore(context.Background(), "branch", func(v *store.StoreView) error { to = v.Store.Switch; return nil }))
	return to
}

func (s *salon) put(resets bool) {
	s.labels++
	before := s.switchNow()
	err := s.in(func(tx *store.StoreTx) error {
		j, err := queue.Put(tx, store.Job{Sort: "sync", Label: fmt.Sprint(s.labels), Payload: "hash", Items: 1, CreatedBy: "ann", Resets: resets})
		s.ordered[j.ID] = s.labels
		return err
	})
	if taken := err == nil; taken != (before == store.On) {
		s.Fatalf("queueing with the switch %s: %v", before, err)
	}
}

func (s *salon) cancel(rt *rapid.T) {
	jobs := s.jobs()
	if len(jobs) == 0 {
		return
	}
	j := rapid.SampledFrom(jobs).Draw(rt, "job")
	err := s.in(func(tx *store.StoreTx) error { _, err := queue.Cancel(tx, "ann", j.ID); return err })
	ended := j.State == store.Applied || j.State == store.Lost
	if ended != errors.Is(err, store.ErrConflict) {
		s.Fatalf("cancelling job %d, %s: %v", j.Number, j.State, err)
	}
	s.cancels[j.ID] = s.cancels[j.ID] || !ended
}

// head is the newest receipt in the POS.
func (s *salon) head() wire.ReceiptHead {
	if len(s.receipts) == 0 {
		return wire.ReceiptHead{Known: true, Absent: true}
	}
	last := s.receipts[len(s.receipts)-1]
	for _, j := range s.jobs() {
		if j.ID == last.job {
			return wire.ReceiptHead{Known: true, Job: j.ID, HubEpoch: j.EpochName, Number: j.Number, Done: true, Order: last.order}
		}
	}
	s.Fatalf("the hub has forgotten job %s", last.job)
	return wire.ReceiptHead{}
}

func (s *salon) hello() {
	s.chain = wire.Chain{Counter: s.chain.Counter + 1, Previous: s.chain.Next, Next: fmt.Sprint("n", s.chain.Counter+1)}
	w, err := s.contacts.Hello(context.Background(), "branch", wire.Hello{Protocol: wire.Protocol, CanonicalForm: wire.CanonicalForm,
		Installation: "pc", AgentEpoch: "e", POSEpoch: fmt.Sprint("pos-", s.history), HubEpoch: s.epoch, Chain: s.chain, Receipt: s.head(), NextDue: 60})
	s.must(err)
	s.epoch, s.restored = w.HubEpoch, false
	if w.RestoreLinks { // a POS without any receipt gets them back
		s.links()
	}
}

func (s *salon) links() {
	p, err := s.contacts.Links(context.Background(), "branch", wire.LinksAsk{})
	s.must(err)
	s.receipts = nil
	for _, r := range slices.Backward(p.Applied) {
		s.receipts = append(s.receipts, receipt{r.Job, r.Order})
	}
}

// next goes as far as a lost line or a stopped agent lets it: asking, beginning,
// applying, reporting.
func (s *salon) next(far int) (more bool) {
	ctx := context.Background()
	a, err := s.queue.Next(ctx, "branch", wire.NextAsk{Receipt: s.head()})
	s.must(err)
	if a.Job == nil || far == 0 {
		return false
	}
	if _, ok := s.holds(a.Job.ID); ok { // applied, and not reported yet
		s.result(a.Job, true)
		return s.deliver(len(s.outbox)-1, far)
	}
	b, err := s.queue.Begin(ctx, "branch", wire.Begin{Job: a.Job.ID, Receipt: s.head()})
	s.must(err)
	if far == 1 || s.restored {
		return false
	}
	switch b.State {
	case store.Begun:
		order := int64(1)
		if n := len(s.receipts); n > 0 {
			order = s.receipts[n-1].order + 1
		}
		s.receipts = append(s.receipts, receipt{a.Job.ID, order})
		s.result(a.Job, true)
	case store.CancelRequested:
		s.result(a.Job, false)
	}
	return s.deliver(len(s.outbox)-1, far)
}

func (s *salon) result(j *wire.Job, done bool) {
	order, _ := s.holds(j.ID)
	s.outbox = append(s.outbox, wire.Result{Job: j.ID, HubEpoch: j.HubEpoch, Number: j.Number, Order: order, Done: done, POSEpoch: fmt.Sprint("pos-", s.history)})
}

func (s *salon) deliver(i, far int) bool {
	if far < 3 || i < 0 {
		return false
	}
	s.must(s.in(func(tx *store.StoreTx) error { return queue.Result(tx, s.outbox[i]) }))
	return true
}

// report delivers any result again, or for the first time.
func (s *salon) report(rt *rapid.T) {
	if len(s.outbox) > 0 {
		s.deliver(rapid.IntRange(0, len(s.outbox)-1).Draw(rt, "result"), 3)
	}
}

func (s *salon) restore(rt *rapid.T) {
	if len(s.backups) == 0 {
		return
	}
	s.receipts = slices.Clone(rapid.SampledFrom(s.backups).Draw(rt, "backup"))
	s.restored = true
	s.history++
}

func (s *salon) turn(to string, cancel bool) {
	open := 0
	for _, j := range s.jobs() {
		if j.Open() {
			open++
		}
	}
	var now string
	err := s.in(func(tx *store.StoreTx) (err error) { now, err = queue.Switch(tx, "ann", to, cancel); return err })
	if refused := to == store.Off && open > 0 && !cancel; refused != errors.Is(err, store.ErrConflict) {
		s.Fatalf("switching %s with %d open jobs: %s, %v", to, open, now, err)
	}
}

// check holds at every moment.
func (s *salon) check() {
	open := 0
	for _, j := range s.jobs() {
		if j.Open() {
			open++
		}
		if j.State == store.Cancelled && j.EndedBy == "" {
			s.Fatalf("job %d was cancelled by nobody", j.Number)
		}
	}
	if open > 0 && s.switchNow() == store.Off {
		s.Fatalf("the store is off with %d open jobs", open)
	}
	if !slices.IsSortedFunc(s.receipts, func(a, b receipt) int { return cmp.Compare(s.ordered[a.job], s.ordered[b.job]) }) {
		s.Fatalf("receipts are out of order: %v", s.receipts)
	}
	seen := map[string]bool{}
	for _, r := range s.receipts {
		if seen[r.job] {
			s.Fatalf("job %s was applied twice in one history", r.job)
		}
		seen[r.job] = true
	}
}

// settle lets the agent come until nothing is left to do.
func (s *salon) settle() {
	for range 4 {
		s.hello()
		for i := range s.outbox {
			s.deliver(i, 3)
		}
		s.hello()
		for turn := 0; s.next(3); turn++ {
			if turn > 2*s.labels+2 {
				s.Fatalf("the queue never empties")
			}
		}
		s.check()
	}
	for _, j := range s.jobs() {
		_, applied := s.holds(j.ID)
		switch {
		case j.Open():
			s.Fatalf("job %d is still %s", j.Number, j.State)
		case j.State == store.Applied && !applied:
			s.Fatalf("job %d is applied, and the POS knows nothing of it", j.Number)
		case j.State == store.Cancelled && applied && !s.cancels[j.ID]:
			s.Fatalf("job %d was applied, and is cancelled", j.Number)
		}
	}
}
