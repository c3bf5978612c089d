package store

import (
	"fmt"
	"time"
)

// States of a job. hub/queue draws how they follow one another.
const (
	Pending         = "pending"          // a continuous sync's change, not cut into a job yet
	Queued          = "queued"           //
	Begun           = "begun"            // the agent was told to apply it
	CancelRequested = "cancel_requested" // cancelled after it was begun: the receipt decides
	Applied         = "applied"          //
	Cancelled       = "cancelled"        // by a named operator
	RolledBack      = "rolled_back"      // applied, then lost with a restored POS database: it goes first again
	Lost            = "lost"             // the same, but it reset or deleted: closed
)

// isOpen is IsOpen of a row, as the index jobs_open has it: the schema lets a job have
// an end just where its state is one.
const isOpen = `ended_at = 0`

// IsOpen reports whether a job in that state is open: whether it refuses a full
// upload.
func IsOpen(state string) bool {
	return state != Applied && state != Cancelled && state != Lost
}

// Job is one entry of a store's queue.
type Job struct {
	ID        string // UUID
	Epoch     int64  // place of the hub epoch; with Number, the order
	EpochName string
	Number    int64
	Sort      string // "sync", "retry", "revert", "repair"
	Label     string // what an operator called it
	Cause     string // the sync that it is part of, or what set it off
	State     string
	Payload   string // hash; "" while pending
	Own       string // hash; "" if it has none
	Plan      string // digest of the Test
	Items     int    // in payload and own part
	Resets    bool   // it resets fields or deletes
	Receipt   int64  // its place among the receipts in the POS database, once applied; 0 if not known
	RetryOf   string // the job whose parked items it retries
	Reach     Reach  // the cursors that rest upon it
	CreatedBy string
	Created   time.Time
	Begun     time.Time
	BegunBy   string // installation
	Ended     time.Time
	EndedBy   string // who cancelled it
	Why       string // it stands so, in a sentence; "" mostly
}

// Open reports whether the job is open.
func (j Job) Open() bool { return IsOpen(j.State) }

// After reports whether j comes after a place in the order of jobs.
func (j Job) After(epoch, number int64) bool {
	return j.Epoch > epoch || (j.Epoch == epoch && j.Number > number)
}

const jobColumns = `j.id, j.epoch, e.epoch, j.number, j.sort, j.label, j.cause, j.state, j.payload, j.own, j.plan, j.items, j.resets, j.receipt,
	j.retry_of, j.reach, j.created_by, j.created_at, j.begun_at, j.begun_by, j.ended_at, j.ended_by, j.why`

const jobsOf = `SELECT ` + jobColumns + ` FROM jobs j JOIN hub_epochs e ON e.place = j.epoch WHERE j.network = $1 AND j.store = $2 `

func readJob(s scanner) (j Job, err error) {
	return j, s.Scan(&j.ID, &j.Epoch, &j.EpochName, &j.Number, &j.Sort, &j.Label, &j.Cause, &j.State, &j.Payload, &j.Own, &j.Plan,
		&j.Items, &j.Resets, &j.Receipt, &j.RetryOf, &j.Reach, &j.CreatedBy, msTime{&j.Created}, msTime{&j.Begun}, &j.BegunBy, msTime{&j.Ended}, &j.EndedBy, &j.Why)
}

// Job returns a job of the store, or ErrNotFound: also for another store's.
func (v *StoreView) Job(id string) (Job, error) {
	j, err := one(v.View, readJob, jobsOf+`AND j.id = $3`, v.at.network, v.at.store, id)
	if err != nil {
		return j, fmt.Errorf("job %s of store %s: %w", id, v.Store.Name, err)
	}
	return j, nil
}

// OpenJobs returns the store's open jobs in order, at most limit; 0 means all.
func (v *StoreView) OpenJobs(limit int) ([]Job, error) {
	if limit <= 0 {
		limit = -1
	}
	return v.jobs(`AND j.`+isOpen+` ORDER BY j.epoch, j.number LIMIT $3 + 0`, limit)
}

// CountOpen returns how many jobs of the store are open.
func (v *StoreView) CountOpen() (int, error) {
	n, err := v.number(`SELECT count(*) FROM jobs WHERE network = $1 AND store = $2 AND `+isOpen, v.at.network, v.at.store)
	return int(n), err
}

// Settleable returns the jobs that a receipt head may decide anew: all that were
// applied, and those that ended otherwise since the given time. They come in
// order.
func (v *StoreView) Settleable(since time.Time) ([]Job, error) {
	return v.jobs(`AND (j.state = 'applied' OR (j.state IN ('cancelled', 'lost') AND j.ended_at >= $3)) ORDER BY j.epoch, j.number`, ms(since))
}

// Jobs returns the newest jobs of the store, at most limit, newest first.
func (v *StoreView) Jobs(limit int) ([]Job, error) {
	return v.jobs(`ORDER BY j.epoch DESC, j.number DESC LIMIT $3 + 0`, limit)
}

// NewestApplied returns the jobs that were applied last, the last first, at most
// limit.
func (v *StoreView) NewestApplied(limit int) ([]Job, error) {
	return v.jobs(`AND j.state = 'applied' ORDER BY j.receipt DESC, j.epoch DESC, j.number DESC LIMIT $3 + 0`, limit)
}

func (v *StoreView) jobs(where string, args ...any) ([]Job, error) {
	jobs, err := many(v.View, readJob, jobsOf+where, append([]any{v.at.network, v.at.store}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("cannot read the jobs of store %s: %w", v.Store.Name, err)
	}
	return jobs, nil
}

// JobOfNetwork is a job with its store.
type JobOfNetwork struct {
	Job
	Store string // id
}

// FindJob returns a job of any store, or ErrNotFound.
func (v *View) FindJob(id string) (JobOfNetwork, error) {
	var j JobOfNetwork
	job, err := one(v, func(s scanner) (Job, error) { return readJob(withFirst{s, &j.Store}) },
		`SELECT s.id, `+jobColumns+` FROM jobs j JOIN hub_epochs e ON e.place = j.epoch
		JOIN stores s ON s.network = j.network AND s.store = j.store WHERE j.id = $1`, id)
	if err != nil {
		return j, fmt.Errorf("job %s: %w", id, err)
	}
	j.Job = job
	return j, nil
}

// HaveJobOf reports which stores have a job that a sync was cut into, open or not.
func (all StoresTx) HaveJobOf(cause string) ([]bool, error) {
	out, at := make([]bool, len(all)), all.indexes()
	for from, to := range strokes(len(all)) {
		some := all[from:to]
		have, err := many(some[0].View, readPlace, these(len(some))+`SELECT l.network, l.store FROM l
			WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.network = l.network AND j.cause = ? AND j.store = l.store)`, append(some.places(), cause)...)
		if err != nil {
			return nil, fmt.Errorf("cannot read the jobs of %s: %w", some.named(), err)
		}
		for _, p := range have {
			out[at[p]] = true
		}
	}
	return out, nil
}

func readPlace(s scanner) (p place, err error) { return p, s.Scan(&p.network, &p.store) }

// JobsByCause returns the jobs that a sync was cut into, by store.
func (v *View) JobsByCause(network, cause string) ([]JobOfNetwork, error) {
	jobs, err := many(v, func(s scanner) (JobOfNetwork, error) {
		var j JobOfNetwork
		job, err := readJob(withFirst{s, &j.Store})
		j.Job = job
		return j, err
	}, `SELECT s.id, `+jobColumns+` FROM jobs j JOIN hub_epochs e ON e.place = j.epoch
		JOIN stores s ON s.network = j.network AND s.store = j.store JOIN networks n ON n.network = j.network
		WHERE n.id = $1 AND j.cause = $2 ORDER BY s.name, j.epoch, j.number`, network, cause)
	if err != nil {
		return nil, fmt.Errorf("cannot read the jobs of %s: %w", cause, err)
	}
	return jobs, nil
}

// Followed is a job of a sync, and what it waits for as far as the hub knows.
type Followed struct {
	Store   string // id
	ID      string
	Number  int64
	State   string
	Created time.Time
	Ended   time.Time
	EndedBy string
	Why     string
	HelloAt time.Time // when the store was heard of last; zero if never
	Due     time.Time // when it comes next; zero if that is not known
	Held    time.Time // since when an older copy of its agent waits; zero if none does
	// First and FirstLabel are the number and label of the open job that goes before
	// it, if it is open and not the first; else 0 and "".
	First      int64
	FirstLabel string
}

// Follow returns what became of the jobs that a sync was cut into, of each store in
// the order of its queue.
func (v *View) Follow(network, cause string) ([]Followed, error) {
	all, err := many(v, func(s scanner) (f Followed, err error) {
		return f, s.Scan(&f.Store, &f.ID, &f.Number, &f.State, msTime{&f.Created}, msTime{&f.Ended}, &f.EndedBy, &f.Why,
			msTime{&f.HelloAt}, msTime{&f.Due}, msTime{&f.Held}, &f.First, &f.FirstLabel)
	}, `SELECT s.id, y.id, y.number, y.state, y.created_at, y.ended_at, y.ended_by, y.why, c.hello_at, c.due_at, c.held_at,
			coalesce(f.number, 0), coalesce(f.label, '')
		FROM networks n JOIN jobs y ON y.network = n.network
		JOIN stores s ON s.network = y.network AND s.store = y.store JOIN contacts c ON c.network = y.network AND c.store = y.store
		LEFT JOIN jobs f ON y.`+isOpen+` AND f.network = y.network AND f.store = y.store AND (f.epoch, f.number) =
			(SELECT j.epoch, j.number FROM jobs j WHERE j.network = y.network AND j.store = y.store AND j.`+isOpen+`
			AND (j.epoch, j.number) < (y.epoch, y.number) ORDER BY j.epoch, j.number LIMIT 1)
		WHERE n.id = $1 AND y.cause = $2 ORDER BY y.store, y.epoch, y.number`, network, cause)
	if err != nil {
		return nil, fmt.Errorf("cannot read what became of the jobs of %s: %w", cause, err)
	}
	return all, nil
}

// withFirst scans one more column before the others.
type withFirst struct {
	scanner
	first any
}

func (w withFirst) Scan(to ...any) error { return w.scanner.Scan(append([]any{w.first}, to...)...) }

// AddJob adds a job with the next number in the current hub epoch, in state
// queued, or pending if it has neither payload nor own part. An empty ID is
// chosen. It fails with ErrConflict if the store has a pending entry already.
func (tx *StoreTx) AddJob(j Job) (Job, error) {
	jobs := []Job{j}
	err := StoresTx{tx}.AddJobs(jobs)
	return jobs[0], err
}

// AddJobs is AddJob for each store, jobs[i] for the i-th, and fills in what it
// chooses. All are added, or the transaction is not to be committed.
func (all StoresTx) AddJobs(jobs []Job) error {
	for i, tx := range all {
		if err := tx.lastPlace(&jobs[i]); err != nil {
			return err
		}
		jobs[i].fill(tx.now)
	}
	for from, to := range strokes(len(all)) {
		some := all[from:to]
		err := some.insertJobs(jobs[from:to])
		if err == nil {
			err = some.raiseLastJobs()
		}
		if err != nil {
			return fmt.Errorf("cannot queue a job for %s: %w", some.named(), err)
		}
	}
	return nil
}

// fill makes it a job that was just added.
func (j *Job) fill(now time.Time) {
	if j.ID == "" {
		j.ID = NewID()
	}
	j.State, j.Created = Queued, now
	if j.Payload == "" && j.Own == "" {
		j.State = Pending
	}
}

// insertJobs gives once what all the jobs share, as nearly all of a sync do: to hand a
// value to the engine costs nearly as much as to write it. OR FAIL is as in itemForm.
func (all StoresTx) insertJobs(jobs []Job) error {
	for n := 0; len(jobs) > 0; all, jobs = all[n:], jobs[n:] {
		for n = 1; n < len(jobs) && jobs[n].alike(jobs[0]); n++ {
		}
		if err := all[:n].insertAlike(jobs[:n]); err != nil {
			return err
		}
	}
	return nil
}

// alike reports whether two new jobs are the same but for their places and ids.
func (j Job) alike(k Job) bool {
	j.ID, j.Number = k.ID, k.Number
	return j == k
}

func (all StoresTx) insertAlike(jobs []Job) error {
	j := jobs[0]
	args := append(make([]any, 0, 14+4*len(jobs)), j.Epoch, j.Sort, j.Label, j.Cause, j.State, j.Payload, j.Own, j.Plan, j.Items, flag(j.Resets),
		j.RetryOf, string(j.Reach), j.CreatedBy, ms(j.Created))
	for i, tx := range all {
		args = append(args, tx.at.network, tx.at.store, jobs[i].ID, jobs[i].Number)
	}
	_, err := all[0].exec(`INSERT OR FAIL INTO jobs (epoch, sort, label, cause, state, payload, own, plan, items, resets, retry_of, reach, created_by, created_at,
		network, store, id, number) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, v.* FROM (VALUES `+placeholders(len(jobs), 4)+`) v`, args...)
	return err
}

// lastPlace gives a job the place behind all others of the store, in the current
// hub epoch.
func (tx *StoreTx) lastPlace(j *Job) error {
	epoch, err := tx.HubEpoch()
	j.Epoch, j.EpochName, j.Number = epoch.Place, epoch.Epoch, tx.Store.LastJob+1
	return err
}

// raiseLastJobs notes that each store's next number was given to a job.
func (all StoresTx) raiseLastJobs() error {
	n, err := all[0].exec(these(len(all))+`UPDATE stores SET last_job = last_job + 1 WHERE (network, store) IN (SELECT network, store FROM l)`, all.places()...)
	if err == nil && n != int64(len(all)) {
		err = ErrNotFound
	}
	for _, tx := range all {
		tx.Store.LastJob++
	}
	return err
}

// PutLast moves a pending entry behind all other jobs of the store, into the
// current hub epoch. It fails with ErrConflict if the entry is not pending.
func (tx *StoreTx) PutLast(j Job) (Job, error) {
	if err := tx.lastPlace(&j); err != nil {
		return j, err
	}
	n, err := tx.exec(`UPDATE jobs SET epoch = $1, number = $2 WHERE network = $3 AND store = $4 AND id = $5 AND state = 'pending'`,
		j.Epoch, j.Number, tx.at.network, tx.at.store, j.ID)
	if err = tx.changed(j, n, err); err == nil {
		err = StoresTx{tx}.raiseLastJobs()
	}
	return j, err
}

// SetJob stores what changes in a job's life: its state, beginning, end and
// receipt. Its contents never change: it fails with ErrConflict if they are
// others.
func (tx *StoreTx) SetJob(j Job) error {
	n, err := tx.exec(`UPDATE jobs SET state = $1, begun_at = $2, begun_by = $3, ended_at = $4, ended_by = $5, why = $6, receipt = $7
		WHERE network = $8 AND store = $9 AND id = $10 AND payload = $11 AND own = $12`,
		j.State, ms(j.Begun), j.BegunBy, ms(j.Ended), j.EndedBy, j.Why, j.Receipt, tx.at.network, tx.at.store, j.ID, j.Payload, j.Own)
	return tx.changed(j, n, err)
}

// CutJob makes a pending entry the job that it was cut into, in its place in the
// queue. The job gets an id of its own: the entry may be cut once more, into
// something else, if the hub is restored to a time when it was pending, and an id
// that a POS database has a receipt of must mean one content for ever. It fails
// with ErrConflict if the entry is not pending.
func (tx *StoreTx) CutJob(j Job) (Job, error) {
	pending := j.ID
	j.ID, j.State = NewID(), Queued
	n, err := tx.exec(`UPDATE jobs SET id = $1, state = $2, label = $3, cause = $4, payload = $5, own = $6, plan = $7, items = $8, resets = $9, reach = $10
		WHERE network = $11 AND store = $12 AND id = $13 AND state = 'pending'`,
		j.ID, j.State, j.Label, j.Cause, j.Payload, j.Own, j.Plan, j.Items, flag(j.Resets), j.Reach, tx.at.network, tx.at.store, pending)
	return j, tx.changed(j, n, err)
}

func (tx *StoreTx) changed(j Job, n int64, err error) error {
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: it is gone, or its contents are another's", ErrConflict)
	}
	if err == nil && (j.State == Cancelled || j.State == Lost) {
		err = tx.takeBack(j.Cause)
	}
	if err != nil {
		return fmt.Errorf("cannot change job %d of store %s: %w", j.Number, tx.Store.Name, err)
	}
	return nil
}
