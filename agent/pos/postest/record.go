package postest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// record is what capture keeps: the canonical form of every item, by kind and key.
type record map[[2]string]string

// drain captures until nothing is pending, at most limit changes at a time.
func (r record) drain(t testing.TB, c pos.Connector, limit int) (changes int) {
	t.Helper()
	for {
		snap := look(t, c, pos.Ask{Limit: limit})
		if len(snap.Changes) == 0 {
			return changes
		}
		changes += len(snap.Changes)
		r.settle(t, snap)
		if err := c.Done(t.Context(), snap.Changes); err != nil {
			t.Fatal(err)
		}
	}
}

// look reads a snapshot and holds it to its form: the keys that its changes name,
// with a record for each.
func look(t testing.TB, r pos.Reader, ask pos.Ask) pos.Snapshot {
	t.Helper()
	snap, err := r.Snapshot(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	var touched []pos.Touched
	for _, f := range snap.Found {
		if f.Err != nil || len(f.Records) != len(f.Keys) {
			t.Fatalf("%s: %d records for %d keys: %v", f.Kind, len(f.Records), len(f.Keys), f.Err)
		}
		for i, rec := range f.Records {
			if rec.Item.Key != f.Keys[i] || rec.Item.Kind != f.Kind {
				t.Fatalf("under %s %q stands %v", f.Kind, f.Keys[i], rec.Item.ID)
			}
		}
		touched = append(touched, f.Touched)
	}
	if want := pos.Touch(snap.Changes); !reflect.DeepEqual(touched, want) || len(snap.Changes) > ask.Limit {
		t.Fatalf("%d changes, at most %d were asked for; found %v, the changes name %v", len(snap.Changes), ask.Limit, touched, want)
	}
	return snap
}

// settle keeps what a snapshot found.
func (r record) settle(t testing.TB, snap pos.Snapshot) {
	t.Helper()
	for _, f := range snap.Found {
		for _, rec := range f.Records {
			r.put(rec)
		}
	}
}

func (r record) put(rec pos.Record) {
	at := [2]string{rec.Item.Kind, rec.Item.Key}
	if !rec.Exists {
		delete(r, at)
		return
	}
	r[at] = string(item.AppendFields(nil, rec.Item.Fields))
}

// scanAll reads every item of every kind, a few at a time, and checks that Scan
// and Read say the same of each.
func scanAll(t testing.TB, c pos.Connector) record {
	t.Helper()
	out := record{}
	for _, k := range c.Kinds() {
		for after, rounds := "", 0; ; rounds++ {
			list, next, err := c.Scan(t.Context(), k.Kind, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range asRead(t, c, k.Kind, list) {
				at := [2]string{k.Kind, rec.Item.Key}
				if _, twice := out[at]; twice || !rec.Exists {
					t.Fatalf("scanning %s: %q stands twice, or does not exist", k.Kind, rec.Item.Key)
				}
				out.put(rec)
			}
			if next == "" {
				break
			}
			if rounds > 100_000 {
				t.Fatalf("scanning %s does not end", k.Kind)
			}
			after = next
		}
	}
	return out
}

// asRead reads what was scanned by its keys; every form must be that of the record.
func asRead(t testing.TB, c pos.Connector, kind string, forms []item.Form) []pos.Record {
	t.Helper()
	keys := make([]string, len(forms))
	for i, f := range forms {
		keys[i] = f.Key
	}
	records, err := c.Read(t.Context(), kind, keys)
	if err != nil || len(records) != len(forms) {
		t.Fatalf("%d forms of %s were scanned, %d records read: %v", len(forms), kind, len(records), err)
	}
	for i := range records {
		if want := records[i].Form(nil); want.Key != forms[i].Key || string(want.Body) != string(forms[i].Body) || (want.Body == nil) != (forms[i].Body == nil) {
			t.Fatalf("scanning %s %q gave %s, reading %s", kind, forms[i].Key, forms[i].Body, want.Body)
		}
	}
	return records
}

// differences names what is not the same in both, sorted.
func differences(have, want record) []string {
	var out []string
	for at, w := range want {
		if h, ok := have[at]; !ok {
			out = append(out, fmt.Sprintf("%s %q is not in the record: %s", at[0], at[1], w))
		} else if h != w {
			out = append(out, fmt.Sprintf("%s %q is %s in the record, %s in the POS", at[0], at[1], h, w))
		}
	}
	for at := range have {
		if _, ok := want[at]; !ok {
			out = append(out, fmt.Sprintf("%s %q is in the record, not in the POS", at[0], at[1]))
		}
	}
	slices.Sort(out)
	return out
}

// install makes the bench's database the store's.
func install(t *testing.T, b Bench) pos.Installed {
	t.Helper()
	in, err := b.Connector.Install(t.Context(), "store-1")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func newest(t *testing.T, c pos.Connector) wire.Mark {
	t.Helper()
	m, err := c.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pending returns what is pending, without noting it as done.
func pending(t *testing.T, r pos.Reader) []pos.Change {
	t.Helper()
	return look(t, r, pos.Ask{Limit: 1000}).Changes
}

func read(t *testing.T, r pos.Reader, kind, key string) pos.Record {
	t.Helper()
	list, err := r.Read(t.Context(), kind, []string{key})
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

func done(t *testing.T, c pos.Connector, list []pos.Change) {
	t.Helper()
	if err := c.Done(context.WithoutCancel(t.Context()), list); err != nil {
		t.Fatal(err)
	}
}
