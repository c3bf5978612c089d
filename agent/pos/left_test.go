package pos_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"

	"pgregory.net/rapid"
)

// leftModel does what a job, a POS and capture may do, in any order, and holds each
// snapshot of the connector that applies against what another one reads.
type leftModel struct {
	*salon
	t     *rapid.T
	other pos.Connector
	clock *ticking
	mark  wire.Mark
	keys  map[string][]string // by kind; some may be gone
	n     int
	// given are the links that transactions wrote. What is read has one of its own; so
	// taken counts the records of snapshots that were not read.
	given map[*item.Link]bool
	taken int
	// stood is what was read last under each key of the kinds that share a table; pruned
	// are those of which plait_links changed without a word.
	stood    map[[2]string]pos.Record
	pruned   map[[2]string]bool
	narrowed int // keys of such a kind that a snapshot left out
}

// shared are the kinds whose rows stand in one table.
var shared = []string{"product", "service"}

// stand reads what stands under keys of the kinds that share a table.
func (m *leftModel) stand(keys ...string) map[[2]string]pos.Record {
	out := map[[2]string]pos.Record{}
	for _, kind := range shared {
		list, err := m.other.Read(m.salon.t.Context(), kind, keys)
		m.must(err)
		for i, rec := range list {
			out[[2]string{kind, keys[i]}] = rec
		}
	}
	return out
}

// leftOut holds what a snapshot does not speak of, though a change row of the table
// does, against what stood there: it must be as it was.
func (m *leftModel) leftOut(snap pos.Snapshot) {
	said := map[[2]string]bool{}
	for _, f := range snap.Found {
		for _, key := range f.Keys {
			said[[2]string{f.Kind, key}] = true
		}
	}
	for _, ch := range snap.Changes {
		if len(ch.Kinds) == 0 || !slices.Contains(shared, ch.Kinds[0]) {
			continue
		}
		for id, now := range m.stand(ch.Key) {
			was, known := m.stood[id]
			m.stood[id] = now
			if said[id] || ch.Op == pos.LinkOnly {
				continue
			}
			m.narrowed++
			if now.Exists != was.Exists || !now.Item.Fields.Equal(was.Item.Fields) {
				m.t.Fatalf("%v is left out, and is not %+v any more, but %+v", id, was, now)
			}
			if known && !m.pruned[id] && !now.Row.Link.Equal(was.Row.Link) {
				m.t.Fatalf("%v is left out, and its link has changed", id)
			}
		}
	}
}

func (m *leftModel) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *leftModel) next(what string) item.Value {
	m.n++
	return item.MustText(fmt.Sprint(what, m.n))
}

func (m *leftModel) kind() string {
	return rapid.SampledFrom([]string{"product", "product", "product", "service", "vendor", "category"}).Draw(m.t, "kind")
}

// some draws keys of a kind, each once.
func (m *leftModel) some(kind string) []string {
	keys := m.keys[kind][max(0, len(m.keys[kind])-3):]
	return rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, min(2, len(keys)), rapid.ID).Draw(m.t, "keys")
}

// fields draws what is written to an item: a code may be one that is taken, and an
// element changes other tables.
func (m *leftModel) fields(kind string) item.Fields {
	var out item.Fields
	out = out.With("name", m.next(kind))
	if kind == "product" && rapid.Bool().Draw(m.t, "code") {
		out = out.With("barcode", item.MustText(fmt.Sprint("code", rapid.IntRange(1, 12).Draw(m.t, "of"))))
	}
	if kind == "product" && rapid.Bool().Draw(m.t, "vendors") {
		out = out.With("vendors", vendorsOf("v1", fmt.Sprint(m.n)))
	}
	return out
}

func vendorsOf(vendor, cost string) item.Value {
	v, err := item.Rows([]item.Row{{Key: item.Ref("vendor", vendor), Cols: item.Fields{{Name: "cost", Value: item.MustDecimal(cost)}}}})
	if err != nil {
		panic(err)
	}
	return v
}

func (m *leftModel) link(id item.ID) pos.LinkRow {
	m.n++
	row := pos.LinkRow{ID: id, UID: fmt.Sprint("uid", m.n)}
	base := m.next("base")
	row.Link = &item.Link{UID: row.UID, Birth: item.BornNetwork, Fields: []item.LinkField{
		{Name: "name", Base: base, Sent: item.ShortDigestOf(base), Policy: item.Locked, From: item.Origin{Store: "s", HubEpoch: "e", SyncRev: 1}},
	}}
	m.given[row.Link] = true
	return row
}

// job is one transaction of a job, of several writes.
func (m *leftModel) job() {
	ctx := m.salon.t.Context()
	m.clock.now = m.clock.now.Add(time.Second) // no lock is waited for
	tx, err := m.Begin(ctx)
	m.must(err)
	defer tx.Rollback() // where the test fails; after Commit it does nothing
	made := map[string][]string{}
	if rapid.IntRange(0, 9).Draw(m.t, "asks") > 0 {
		_, err = tx.Newest(ctx)
		m.must(err)
	}
	for range rapid.IntRange(1, 3).Draw(m.t, "writes") {
		kind := m.kind()
		switch rapid.IntRange(0, 9).Draw(m.t, "write") {
		case 0:
			m.alone(tx, kind)
		case 1:
			if keys := m.some(kind); len(keys) > 0 { // a link that alone changes
				m.must(tx.PutLink(ctx, m.link(item.ID{Kind: kind, Key: keys[0], Gen: m.gen(tx, kind, keys[0])})))
			}
		default:
			err := tx.Together(ctx, func() error { return m.group(tx, kind, made) })
			if err != nil && !errors.Is(err, pos.ErrUnique) && !errors.Is(err, pos.ErrConstraint) && !errors.Is(err, pos.ErrReference) {
				m.t.Fatal(err)
			}
		}
	}
	if rapid.IntRange(0, 9).Draw(m.t, "asks again") > 0 {
		_, err = tx.Newest(ctx)
		m.must(err)
	}
	if rapid.IntRange(0, 5).Draw(m.t, "ends") == 0 {
		m.must(tx.Rollback())
		return
	}
	m.must(tx.Commit())
	for kind, keys := range made {
		m.keys[kind] = append(m.keys[kind], keys...)
	}
}

func (m *leftModel) gen(r pos.Reader, kind, key string) int64 {
	list, err := r.Read(m.salon.t.Context(), kind, []string{key})
	m.must(err)
	return list[0].Item.Gen
}

// alone writes an item in a savepoint of its own.
func (m *leftModel) alone(tx pos.Tx, kind string) {
	keys := m.some(kind)
	if len(keys) == 0 {
		return
	}
	var err error
	if rapid.Bool().Draw(m.t, "deletes") {
		err = tx.Delete(m.salon.t.Context(), kind, keys[0])
	} else {
		err = tx.Update(m.salon.t.Context(), kind, keys[0], m.fields(kind))
	}
	if errors.Is(err, pos.ErrAborted) {
		m.t.Fatal(err)
	}
}

// group does as a job does with a group of items; it may leave out to read them back,
// or to link them.
func (m *leftModel) group(tx pos.Tx, kind string, made map[string][]string) error {
	ctx := m.salon.t.Context()
	var rows []pos.LinkRow
	links := rapid.IntRange(0, 5).Draw(m.t, "links") > 0
	keys := m.some(kind)
	changes := make([]item.Fields, len(keys))
	for i, key := range keys {
		changes[i] = m.fields(kind)
		if links {
			rows = append(rows, m.link(item.ID{Kind: kind, Key: key, Gen: m.gen(tx, kind, key)}))
		}
	}
	if rapid.IntRange(0, 5).Draw(m.t, "one by one") == 0 {
		for i, key := range keys {
			if err := tx.Update(ctx, kind, key, changes[i]); err != nil {
				return err
			}
		}
	} else if _, err := tx.UpdateAll(ctx, kind, keys, changes); err != nil {
		return err
	}
	list := make([]item.Fields, max(0, rapid.IntRange(-3, 2).Draw(m.t, "new")))
	for i := range list {
		list[i] = m.fields(kind)
	}
	records, err := tx.InsertAll(ctx, kind, list)
	if err != nil {
		return err
	}
	for _, rec := range records {
		id := rec.Item.ID
		id.Gen = rec.Row.Gen + 1
		rows = append(rows, m.link(id))
	}
	if rapid.IntRange(0, 9).Draw(m.t, "writes again") == 0 && len(keys) > 0 {
		if err := tx.Update(ctx, kind, keys[0], m.fields(kind)); err != nil {
			return err
		}
	}
	if err := tx.PutLink(ctx, rows...); err != nil {
		return err
	}
	if rapid.IntRange(0, 9).Draw(m.t, "fails") == 0 {
		return pos.ErrConstraint
	}
	for _, rec := range records {
		made[kind] = append(made[kind], rec.Item.Key)
	}
	return nil
}

// till is the POS writing.
func (m *leftModel) till() {
	kind := m.kind()
	table := map[string]string{"product": "Item", "service": "Item", "vendor": "Vendor", "category": "Category"}[kind]
	keys := m.some(kind)
	if len(keys) == 0 {
		return
	}
	column := map[string]string{"vendor": "Code"}[kind]
	if column == "" {
		column = "Id"
	}
	if other := map[string]string{"product": "service", "service": "product"}[kind]; other != "" && rapid.IntRange(0, 3).Draw(m.t, "converts") == 0 {
		m.sql("UPDATE Item SET Type = CASE Type WHEN 'S' THEN 'P' ELSE 'S' END WHERE Id = ?", keys[0])
		m.keys[other] = append(m.keys[other], keys[0])
		return
	}
	text := "UPDATE " + table + " SET Name = ? WHERE " + column + " = ?"
	if rapid.IntRange(0, 3).Draw(m.t, "deletes") == 0 {
		text = "DELETE FROM " + table + " WHERE ? <> '' AND " + column + " = ?"
	}
	m.sql(text, m.next("till").Str(), keys[0])
}

// prune is capture tidying up: it writes to plait_links without a word.
func (m *leftModel) prune() {
	kind := m.kind()
	keys := m.some(kind)
	if len(keys) == 0 {
		return
	}
	row := pos.LinkRow{ID: item.ID{Kind: kind, Key: keys[0], Gen: m.gen(m.other, kind, keys[0])}, Dead: true}
	m.pruned[[2]string{kind, keys[0]}] = true
	m.clock.now = m.clock.now.Add(time.Second)
	_, err := m.Prune(m.salon.t.Context(), []pos.LinkRow{row}, m.mark)
	m.must(err)
}

// capture takes a snapshot, and holds it against what another connector reads.
func (m *leftModel) capture() {
	ctx := m.salon.t.Context()
	snap, err := m.Snapshot(ctx, pos.Ask{Mark: m.mark, Limit: rapid.SampledFrom([]int{3, 1000, 1000}).Draw(m.t, "limit")})
	m.must(err)
	for _, f := range snap.Found {
		m.must(f.Err)
		want, err := m.other.Read(ctx, f.Kind, f.Keys)
		m.must(err)
		for i := range want {
			if !reflect.DeepEqual(f.Records[i], want[i]) {
				m.t.Fatalf("%s %s is said to be\n%+v\nand is\n%+v", f.Kind, f.Keys[i], f.Records[i], want[i])
			}
			if m.given[f.Records[i].Row.Link] {
				m.taken++
			}
		}
	}
	m.leftOut(snap)
	if !snap.More && pos.Left(m.Connector) != 0 {
		m.t.Fatalf("%d records are kept for no one", pos.Left(m.Connector))
	}
	m.mark = snap.Newest
	m.must(m.Done(ctx, snap.Changes))
}

// TestWhatWasLeftIsWhatStandsThere: a snapshot that takes what a job's transactions
// left says what a reading of its own would have said.
func TestWhatWasLeftIsWhatStandsThere(t *testing.T) {
	taken, narrowed := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s := newSalon(t, "WAL")
		clock := &ticking{now: time.Unix(0, 0), tick: time.Millisecond}
		m := &leftModel{salon: s, t: rt, other: s.Connector, clock: clock, given: map[*item.Link]bool{}, pruned: map[[2]string]bool{}, keys: map[string][]string{
			"product": {"1", "2"}, "service": {"3"}, "vendor": {"v1", "v2"}, "category": {"1", "2"}}}
		s.Connector = s.connect(pos.Options{Now: clock.Now})
		m.stood = m.stand("1", "2", "3")
		rt.Repeat(map[string]func(*rapid.T){
			"job":     func(t *rapid.T) { m.t = t; m.job() },
			"job 2":   func(t *rapid.T) { m.t = t; m.job() },
			"capture": func(t *rapid.T) { m.t = t; m.capture() },
			"till":    func(t *rapid.T) { m.t = t; m.till() },
			"prune":   func(t *rapid.T) { m.t = t; m.prune() },
			"":        func(*rapid.T) {},
		})
		taken, narrowed = taken+m.taken, narrowed+m.narrowed
	})
	if taken == 0 || narrowed == 0 {
		t.Errorf("snapshots took %d records that were left, and left out %d keys: nothing was tested", taken, narrowed)
	}
	t.Logf("%d records were taken, %d keys left out", taken, narrowed)
}

// TestALinkIsNamedOnce: capture hears of a link by the change row of its item's own
// row, where a trigger writes one, and by one of its own where none does.
func TestALinkIsNamedOnce(t *testing.T) {
	s := newSalon(t, "WAL")
	link := func(write func(pos.Tx) error) string {
		t.Helper()
		s.pending()
		tx, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = tx.Together(t.Context(), func() error {
			return errors.Join(write(tx), tx.PutLink(t.Context(), pos.LinkRow{ID: item.ID{Kind: "vendor", Key: "v1", Gen: 1}, UID: "u"}))
		})
		if err := errors.Join(err, tx.Commit()); err != nil {
			t.Fatal(err)
		}
		return brief(s.pending())
	}
	renames := func(tx pos.Tx) error {
		return tx.Update(t.Context(), "vendor", "v1", item.Fields{{Name: "name", Value: item.MustText("Bolt & Co")}})
	}
	if got := link(renames); got != "U vendor v1" {
		t.Errorf("with what was written: %s", got)
	}
	if got := link(func(pos.Tx) error { return nil }); got != "L vendor v1" {
		t.Errorf("alone: %s", got)
	}
	s.sql(`DROP TRIGGER plait_update_Vendor`)
	if got := link(renames); got != "L vendor v1" {
		t.Errorf("where somebody took the trigger away: %s", got)
	}
	if _, err := s.Install(t.Context(), "store-1"); err != nil {
		t.Fatal(err)
	}
	if got := link(renames); got != "U vendor v1" {
		t.Errorf("once the trigger is back: %s", got)
	}
}

// TestATableThatReplacesRowsIsNotApart: there a new item may take another one away.
func TestATableThatReplacesRowsIsNotApart(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`DROP TABLE Vendor; CREATE TABLE Vendor (Code VARCHAR(40) PRIMARY KEY NOT NULL, Name TEXT, UNIQUE (Name) ON CONFLICT
		REPLACE)`)
	s.get("category", "1") // the schema is looked at when something is read
	if s.Apart("vendor") || !s.Apart("category") {
		t.Errorf("vendors stand apart: %t, categories: %t", s.Apart("vendor"), s.Apart("category"))
	}
}
