package outbox

import (
	"context"
	"time"

	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Standing is where this agent stands, as a Hello says it.
type Standing struct {
	Installation string
	AgentEpoch   string
	HubEpoch     string    // the last that was seen; "" at first
	Mark         wire.Mark // see Marks
	Taken        wire.Mark
	Frozen       wire.BatchMark // the batch in flight; zero if none
	Acked        wire.BatchMark // the last acknowledged of this agent epoch
	Revision     int64
	Compared     time.Time // when the last finished comparison began; zero if never
	Parked       int
}

// Standing reads where the agent stands, from one snapshot.
func (b *Box) Standing(ctx context.Context) (s Standing, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		s.Installation, s.AgentEpoch, s.HubEpoch = m.text(metaInstallation), m.text(metaAgentEpoch), m.text(metaHubEpoch)
		m.json(metaMark, &s.Mark)
		m.json(metaTaken, &s.Taken)
		m.json(metaAcked, &s.Acked)
		s.Revision = m.int(metaRevision)
		s.Compared = unixTime(m.int(metaCompared))
		if m.err != nil {
			return m.err
		}
		f, ok, err := frozen(ctx, tx)
		if ok {
			s.Frozen = wire.BatchMark{Number: f.Number, Digest: f.Digest}
		}
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM parked").Scan(&s.Parked)
	})
	return s, err
}

func unixTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// Marks returns two change rows of the POS, with the POS epoch in which they count;
// zero before the first. mark is the newest that there was when anything in the
// record was read: no item holds more, and a POS without it was restored. taken is
// the newest whose effect is in the record; it is not above the mark, and a record
// that is older than what was pruned lacks it in the POS.
func (b *Box) Marks(ctx context.Context) (mark, taken wire.Mark, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		m.json(metaMark, &mark)
		m.json(metaTaken, &taken)
		return m.err
	})
	return mark, taken, err
}

// SetInstallation records the id under which this installation enrolled.
func (b *Box) SetInstallation(ctx context.Context, id string) error {
	return b.set(ctx, func(m *meta) { m.setText(metaInstallation, id) })
}

// SetHubEpoch records the hub's epoch. In a new one nothing is known of what the
// hub holds: what is pending goes up even if it changed back meanwhile.
func (b *Box) SetHubEpoch(ctx context.Context, epoch string) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		if m.text(metaHubEpoch) == epoch {
			return m.err
		}
		m.setText(metaHubEpoch, epoch)
		if m.err != nil {
			return m.err
		}
		return forgetSent(ctx, tx)
	})
}

// SetCatalog keeps the network's catalogue as it travelled.
func (b *Box) SetCatalog(ctx context.Context, encoded []byte) error {
	return b.set(ctx, func(m *meta) { m.setBytes(metaCatalog, encoded) })
}

// Catalog returns the catalogue kept; nil if there is none.
func (b *Box) Catalog(ctx context.Context) ([]byte, error) {
	return get(ctx, b, func(m *meta) []byte { return m.bytes(metaCatalog) })
}

// Compared records a finished comparison that began at the given time. If it left
// no kind out, the time in which every change is judged as after a restore ends.
func (b *Box) Compared(ctx context.Context, began time.Time, whole bool) error {
	return b.set(ctx, func(m *meta) {
		m.setInt(metaCompared, began.Unix())
		if whole {
			m.setText(metaJudging, "")
		}
	})
}

// Judging reports whether a new POS epoch has begun and its first comparison has
// not ended: until then an item that changed may be another one under a reused key.
func (b *Box) Judging(ctx context.Context) (bool, error) {
	return get(ctx, b, func(m *meta) bool { return m.text(metaJudging) != "" })
}

// Attention is what capture must mind while it identifies items.
type Attention struct {
	Judging    bool // see Box.Judging
	Dirty      bool // keys wait to be read again
	Unreadable bool // items are parked because the POS's rows cannot be items
}

// Attention reads it from one snapshot.
func (b *Box) Attention(ctx context.Context) (a Attention, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		if a.Judging = m.text(metaJudging) != ""; m.err != nil {
			return m.err
		}
		row := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM dirty), EXISTS (SELECT 1 FROM parked WHERE cause = $1)", CausePOS)
		return row.Scan(&a.Dirty, &a.Unreadable)
	})
	return a, err
}

// NewPOSEpoch starts a new history of the POS database: the mark names its newest
// change row as of now, the change rows seen of the old one are forgotten, and judging
// begins. What plait_links was to learn of the old history is not so in this one: its
// keys are read again.
func (b *Box) NewPOSEpoch(ctx context.Context, newest wire.Mark) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		m.setJSON(metaMark, newest)
		m.setJSON(metaTaken, wire.Mark{POSEpoch: newest.POSEpoch})
		m.setText(metaJudging, "1")
		m.setInt(metaCompared, 0)
		if m.err != nil {
			return m.err
		}
		for _, text := range []string{
			"DELETE FROM seen",
			"INSERT INTO dirty (kind, key, gone) SELECT DISTINCT kind, key, 0 FROM unsettled WHERE true ON CONFLICT DO NOTHING",
			"DELETE FROM unsettled",
			// Results that are not in flight tell of the history before. Where the job's
			// receipt is still there, the hub offers the job again and is told again.
			"DELETE FROM results WHERE pos > (SELECT coalesce(max(last), 0) FROM batch)",
			"DELETE FROM outbox WHERE sort = 3 AND pos > (SELECT coalesce(max(last), 0) FROM batch)",
		} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// FullUpload is the state of a full upload that was asked for and has not landed.
type FullUpload struct {
	Upload   string // this agent's id for it
	Request  string // the operator's request, if it was one
	Revision int64  // the record's revision that is sent
	Rows     int64
	Chunk    int64 // the last chunk that the hub holds
	Compared bool  // the comparison before it is done: a retry does not compare again
}

// FullUpload returns the full upload under way; the zero value if there is none.
func (b *Box) FullUpload(ctx context.Context) (FullUpload, error) {
	return get(ctx, b, func(m *meta) (f FullUpload) { m.json(metaFull, &f); return f })
}

// SetFullUpload keeps the state of a full upload; the zero value ends it.
func (b *Box) SetFullUpload(ctx context.Context, f FullUpload) error {
	return b.set(ctx, func(m *meta) { m.setJSON(metaFull, f) })
}

// Note returns what another room keeps under a name of its own; nil if nothing.
func (b *Box) Note(ctx context.Context, name string) ([]byte, error) {
	return get(ctx, b, func(m *meta) []byte { return m.bytes(metaNote + name) })
}

// SetNote keeps a small fact for another room.
func (b *Box) SetNote(ctx context.Context, name string, v []byte) error {
	return b.set(ctx, func(m *meta) { m.setBytes(metaNote+name, v) })
}

// Revision is the newest revision of the record.
func (b *Box) Revision(ctx context.Context) (int64, error) {
	return get(ctx, b, func(m *meta) int64 { return m.int(metaRevision) })
}

func (b *Box) set(ctx context.Context, fn func(*meta)) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		fn(m)
		return m.err
	})
}

func get[T any](ctx context.Context, b *Box, fn func(*meta) T) (v T, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		v = fn(m)
		return m.err
	})
	return v, err
}
