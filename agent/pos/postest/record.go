package postest

import (
	"context"
	"fmt"
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
		list, err := c.Pending(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return changes
		}
		changes += len(list)
		r.settle(t, c, list)
		if err := c.Done(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
}

// settle reads what the changes name.
func (r record) settle(t testing.TB, c pos.Reader, list []pos.Change) {
	t.Helper()
	keys := map[string][]string{}
	for _, ch := range list {
		for _, kind := range ch.Kinds {
			keys[kind] = append(keys[kind], ch.Key)
			if ch.NewKey != "" {
				keys[kind] = append(keys[kind], ch.NewKey)
			}
		}
	}
	for kind, list := range keys {
		got, err := c.Read(t.Context(), kind, list)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(list) {
			t.Fatalf("%d records for %d keys", len(got), len(list))
		}
		for i, rec := range got {
			if rec.Item.Key != list[i] || rec.Item.Kind != kind {
				t.Fatalf("asked for %s %q, got %v", kind, list[i], rec.Item.ID)
			}
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
	list, err := r.Pending(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
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
