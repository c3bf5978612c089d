package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/item"
	sqlite "plait/shared/sqlitedb"
)

// What can be lost, as a breach says it.
const (
	hubLost    = "the hub has lost"
	recordLost = "agent.db has lost"
	posLost    = "the POS database has lost"
)

// What is proved of an image beside the promises that were marked.
const (
	applied  promise = "applied"  // a job whose result was sent is in the POS, with its receipt
	captured promise = "captured" // the record holds what the POS holds, save what is still to be read
)

// found is what came of one image.
type found struct {
	cut
	losses []string
	proved map[promise]int
}

// examination looks into one image.
type examination struct {
	found
	l   *powerLosses
	dir string // where the image's files are
	ctx context.Context
}

// examine opens an image's databases and holds them against what was promised.
func (l *powerLosses) examine(c cut) found {
	x := &examination{found: found{cut: c, proved: map[promise]int{}}, l: l, ctx: context.Background()}
	x.fail(x.do())
	return x.found
}

func (x *examination) do() (err error) {
	if x.dir, err = os.MkdirTemp(x.l.dir, "image-*"); err != nil {
		return err
	}
	defer os.RemoveAll(x.dir)
	if err := x.image.Store(x.l.folder(x.machine), x.dir); err != nil {
		return err
	}
	if x.machine == hubMachine {
		return x.hub()
	}
	return x.salon()
}

// lost notes a loss. The seed and the image's number bring it back.
func (x *examination) lost(format string, args ...any) {
	x.losses = append(x.losses, fmt.Sprintf("power loss %d of %s (event %d, unsynced writes %s): %s",
		x.number, x.machine, x.moment, x.loss, fmt.Sprintf(format, args...)))
}

// fail: an image that cannot be opened is a loss of everything.
func (x *examination) fail(err error) {
	if err != nil {
		x.lost("the databases are damaged: %v", err)
	}
}

// holds checks that a query gives exactly that text, and counts the promise.
func (x *examination) holds(db *sql.DB, p promise, want, what, query string, args ...any) {
	var got sql.NullString
	if err := db.QueryRow(query, args...).Scan(&got); err != nil {
		x.lost("%s: %v", what, err)
		return
	}
	x.proved[p]++
	if got.String != want {
		x.lost("%s: it says %q instead of %q", what, got.String, want)
	}
}

// sound opens a database, which recovers it, and checks its structure.
func (x *examination) sound(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)") // the image is ours
	if err != nil {
		return nil, err
	}
	var said string
	if err := db.QueryRow("PRAGMA quick_check").Scan(&said); err != nil {
		return db, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if said != "ok" {
		return db, fmt.Errorf("%s: %s", filepath.Base(path), said)
	}
	return db, nil
}

// hub checks what the hub promised to agents and operators.
func (x *examination) hub() error {
	db, err := x.sound(filepath.Join(x.dir, "data", "hub.db"))
	if db != nil {
		defer db.Close()
	}
	if err != nil {
		return err
	}
	for _, id := range x.known.queued {
		x.holds(db, queued, "1", hubLost+" job "+id+", which was queued", "SELECT count(*) FROM jobs WHERE id = ?", id)
	}
	for _, id := range x.known.begun {
		x.holds(db, begun, "1", hubLost+" the beginning of job "+id, "SELECT count(*) FROM jobs WHERE id = ? AND begun_at > 0", id)
	}
	for _, name := range sortedKeys(x.known.at) {
		x.hubStore(db, name, x.known.at[name])
	}
	return x.sums(db)
}

func (x *examination) hubStore(db *sql.DB, name string, p promised) {
	if p.acked.Number > 0 {
		x.holds(db, acknowledged, "1", fmt.Sprintf("%s batch %d of %s, which it acknowledged", hubLost, p.acked.Number, name),
			`SELECT count(*) FROM batches b JOIN epochs e ON (e.network, e.store, e.place) = (b.network, b.store, b.agent_epoch)
			WHERE e.sort = 'agent' AND e.epoch = ? AND (b.number > ? OR (b.number = ? AND b.digest = ?))`,
			p.acked.Epoch, p.acked.Number, p.acked.Number, p.acked.Digest)
	}
	for _, id := range p.held {
		x.holds(db, acknowledged, "applied", fmt.Sprintf("%s the result of job %s of %s, which it acknowledged", hubLost, id, name),
			"SELECT j.state FROM jobs j JOIN results r ON r.job = j.id WHERE j.id = ? AND r.done = 1", id)
	}
	for _, id := range p.landed {
		x.holds(db, landed, "landed", hubLost+" full upload "+id+", which landed", "SELECT state FROM uploads WHERE id = ?", id)
	}
}

// sums checks that the hub's rows are those that it counted: a batch came in
// whole.
func (x *examination) sums(db *sql.DB) error {
	rows, err := db.Query(`SELECT network, store, copy, kind, count, sum FROM kind_sums`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var network, store, version, count int
		var kind string
		var sum []byte
		if err := rows.Scan(&network, &store, &version, &kind, &count, &sum); err != nil {
			return err
		}
		n, got, err := itemSum(db, network, store, version, kind)
		if err != nil {
			return err
		}
		if n != count || (n > 0 && !slices.Equal(got, sum)) {
			x.lost("%s rows of kind %s: it counted %d and holds %d", hubLost, kind, count, n)
		}
	}
	return rows.Err()
}

func itemSum(db *sql.DB, network, store, version int, kind string) (n int, sum []byte, err error) {
	rows, err := db.Query("SELECT digest FROM items WHERE network = ? AND store = ? AND copy = ? AND kind = ? AND deleted_at = 0", network, store, version, kind)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var digest []byte
		if err := rows.Scan(&digest); err != nil {
			return 0, nil, err
		}
		if n++; sum == nil {
			sum = make([]byte, len(digest))
		}
		for i := range digest {
			sum[i] ^= digest[i]
		}
	}
	return n, sum, rows.Err()
}

// salon checks a PC: the POS database and agent.db, cut off at the same moment.
func (x *examination) salon() error {
	posFile, record := filepath.Join(x.dir, "pos.db"), filepath.Join(x.dir, "data", "agent.db")
	db, err := x.sound(posFile)
	if db != nil {
		defer db.Close()
	}
	if err != nil {
		return err
	}
	p := x.known.at[x.machine]
	for _, id := range p.results {
		x.holds(db, applied, "1", posLost+" job "+id+", whose result was sent", "SELECT done FROM plait_receipts WHERE job = ? AND part = 0", id)
	}
	if p.sent.Number == 0 {
		return nil // it was being set up
	}
	own, err := x.sound(record)
	if own != nil {
		defer own.Close()
	}
	if err != nil {
		return err
	}
	box, opened, err := outbox.Open(x.ctx, record, outbox.Options{Sync: sqlite.SyncNormal}) // the image is ours
	if err != nil {
		return err
	}
	defer box.Close()
	if opened.Fresh || opened.Why != nil {
		x.lost("%s everything: %+v", recordLost, opened)
		return nil
	}
	return x.record(box, posFile, p)
}

// record checks that the agent knows what it sent, and what is in the POS.
func (x *examination) record(box *outbox.Box, posFile string, p promised) error {
	at, err := box.Standing(x.ctx)
	if err != nil {
		return err
	}
	x.proved[sent]++
	last := at.Frozen
	if at.Acked.Number >= p.sent.Number {
		last = at.Acked
	}
	if at.AgentEpoch != p.sent.Epoch || last.Number < p.sent.Number || (last.Number == p.sent.Number && last.Digest != p.sent.Digest) {
		x.lost("%s batch %d, which was sent: frozen is %+v, acknowledged %+v", recordLost, p.sent.Number, at.Frozen, at.Acked)
	}
	if at.Acked.Number > p.acked.Number {
		x.lost("%s batch %d before the hub acknowledged it", recordLost, at.Acked.Number)
	}
	conn, err := pos.Open(x.ctx, x.l.mapping, x.l.kinds, pos.Options{Path: posFile, Resume: at.Taken})
	if err != nil {
		return err
	}
	defer conn.Close()
	// Without the newest change row that was captured, the POS has gone back: that
	// is noticed, and everything compared (P7).
	if had, err := conn.HasMark(x.ctx, at.Mark); err != nil || !had {
		return err
	}
	// A rollback journal that came back takes the POS's own last commit with it, which
	// the POS does not make durable and capture may have seen.
	if len(x.image[filepath.Join(x.l.folder(x.machine), "pos.db-journal")]) > 0 {
		return nil
	}
	x.proved[captured]++
	return x.captured(box, conn)
}

// captured checks that the record holds what the POS holds, save what a change row
// or the record itself says is to be read again.
func (x *examination) captured(box *outbox.Box, conn pos.Connector) error {
	waiting := map[outbox.Key]bool{}
	for more := true; more; {
		snap, err := conn.Snapshot(x.ctx, pos.Ask{Limit: 1000})
		if err == nil {
			err = conn.Done(x.ctx, snap.Changes)
		}
		if err != nil {
			return err
		}
		for _, f := range snap.Found {
			for _, key := range f.Keys {
				waiting[outbox.Key{Kind: f.Kind, Key: key}] = true
			}
		}
		more = len(snap.Changes) > 0
	}
	for _, k := range conn.Kinds() {
		there, err := posItemsOf(x.ctx, conn, k.Kind)
		if err == nil {
			err = x.capturedKind(box, k.Kind, there, waiting)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mostItems is more than a salon of the harness has of one kind.
const mostItems = 100_000

func posItemsOf(ctx context.Context, conn pos.Connector, kind string) (map[string]item.Item, error) {
	forms, next, err := conn.Scan(ctx, kind, "", mostItems)
	if err != nil || next != "" {
		return nil, fmt.Errorf("cannot read all of kind %s: %w", kind, err)
	}
	keys := make([]string, len(forms))
	for i, f := range forms {
		keys[i] = f.Key
	}
	records, err := conn.Read(ctx, kind, keys)
	if err != nil {
		return nil, fmt.Errorf("cannot read kind %s: %w", kind, err)
	}
	there := map[string]item.Item{}
	for _, r := range records {
		there[r.Item.Key] = r.Item
	}
	return there, nil
}

func (x *examination) capturedKind(box *outbox.Box, kind string, there map[string]item.Item, waiting map[outbox.Key]bool) error {
	live, err := box.LiveKeys(x.ctx, kind, "", mostItems)
	if err != nil {
		return err
	}
	keys := slices.Compact(slices.Sorted(slices.Values(append(sortedKeys(there), live...))))
	known, err := box.Known(x.ctx, kind, keys)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, dirty := known.Dirty[key]; dirty || waiting[outbox.Key{Kind: kind, Key: key}] {
			continue
		}
		row, recorded := known.Rows[key]
		it, exists := there[key]
		if err := x.same(row, recorded && !row.Dead, it, exists); err != nil {
			return fmt.Errorf("%s %s: %w", kind, key, err)
		}
	}
	return nil
}

// same holds an item of the POS against its row in the record.
func (x *examination) same(row outbox.Row, recorded bool, it item.Item, exists bool) error {
	switch {
	case recorded && exists:
		held, err := row.Item()
		if err == nil && !held.Fields.Equal(it.Fields) {
			x.lost("%s a change of %s %s", recordLost, it.Kind, it.Key)
		}
		return err
	case exists:
		x.lost("%s %s %s, which is in the POS", recordLost, it.Kind, it.Key)
	case recorded:
		x.lost("%s the deletion of %s %s", recordLost, row.Kind, row.Key)
	}
	return nil
}
