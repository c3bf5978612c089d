package outbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"plait/agent/outbox"
	"plait/shared/item"
)

// TestHarnessFlippedBitsAreNotHeld is promise P14 for the comparison: a row with a
// flipped bit is never taken as equal to what the POS holds. The control believes
// the digest that stands beside the body, as one might who saves reading bodies.
func TestHarnessFlippedBitsAreNotHeld(t *testing.T) {
	a := newAgent(t)
	var forms []item.Form
	for i := range 60 {
		it := service(fmt.Sprint(100+i), 1, i)
		a.put(it)
		forms = append(forms, formOf(it))
	}
	a.must(a.Close())
	defer a.reopen()
	image, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	f := flipper{T: t, path: filepath.Join(t.TempDir(), "flipped.db"), forms: forms, before: tableRows(t, a.path)}
	source := rand.New(rand.NewPCG(6, 14))
	for range flips() {
		at, bit := source.IntN(len(image)), byte(1)<<source.IntN(8)
		image[at] ^= bit
		if err := os.WriteFile(f.path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		f.look(source.Int64N(20))
		removeAll(t, f.path)
		image[at] ^= bit
	}
	t.Logf("%d flipped bits: %d forms were not held any more; the control took %d damaged rows as equal", flips(), f.missed, f.believed)
	if f.missed == 0 || f.believed == 0 {
		t.Error("no flipped bit was noticed, or the control saw none: the harness flips nothing that counts")
	}
}

type flipper struct {
	*testing.T
	path             string
	forms            []item.Form
	before           map[string][]tableRow // by key
	missed, believed int
}

// tableRow is one row of items: its digest, its body, and everything as text.
type tableRow struct {
	digest, body []byte
	all          string
}

// look asks a damaged file for the forms. What it holds must be the very row that
// was put.
func (f *flipper) look(trail int64) {
	f.Helper()
	held := f.ask(trail)
	now := tableRows(f.T, f.path)
	for i, form := range f.forms {
		rows := now[form.Key] // two, where a flipped bit made another key this one
		whole := slices.ContainsFunc(rows, func(r tableRow) bool { return r.all == f.before[form.Key][0].all })
		if !held[i] {
			f.missed++
		} else if len(rows) > 0 && !whole {
			f.Fatalf("a damaged row was taken as equal: %v, it was %v", rows, f.before[form.Key])
		}
		for _, row := range rows {
			if d := item.DigestOf(form.Body); string(row.digest) == string(d[:]) && string(row.body) != string(form.Body) {
				f.believed++
			}
		}
	}
}

func (f *flipper) ask(trail int64) []bool {
	ctx := context.Background()
	box, _, err := outbox.Open(ctx, f.path, outbox.Options{})
	if err != nil {
		return make([]bool, len(f.forms))
	}
	defer box.Close()
	held, _, err := box.Holds(ctx, "service", f.forms, trail)
	if err != nil {
		return make([]bool, len(f.forms))
	}
	return held
}

// tableRows reads the table as it stands, as far as it can be read.
func tableRows(t *testing.T, path string) map[string][]tableRow {
	t.Helper()
	out := map[string][]tableRow{}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT id, kind, key, gen, dead, revision, pos, chk, digest, body FROM items NOT INDEXED")
	if err != nil {
		return out // the file as a whole is damaged
	}
	defer rows.Close()
	v := make([]any, 10)
	into := make([]any, len(v))
	for i := range v {
		into[i] = &v[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return out
		}
		r := tableRow{all: fmt.Sprint(v...)}
		r.digest, _ = v[8].([]byte)
		r.body, _ = v[9].([]byte)
		out[fmt.Sprint(v[2])] = append(out[fmt.Sprint(v[2])], r)
	}
	return out
}
