package pos_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/shared/catalog"
	"plait/shared/item"
)

func TestMappingErrorsNameFileLineAndKey(t *testing.T) {
	const head = "pos: {engine: sqlite, path: a.db}\nkinds:\n"
	for _, c := range []struct{ text, want string }{
		{"", "the file is empty"},
		{"pos: [", "m.yaml:"},
		{"[1, 2]", "m.yaml:1: a mapping must be keys and values"},
		{"pos: {engin: sqlite}\nkinds: {}", `m.yaml:1: pos has no key "engin": did you mean "engine"?`},
		{"pos: {engine: sqlte, path: x}\nkinds: {}", `none of [sqlite]: did you mean "sqlite"?`},
		{"pos: {engine: sqlite, path: x, busy_timeout: soon}\nkinds: {}", "m.yaml:1: an integer from 0"},
		{"pos: {engine: sqlite, path: x, path: y}\nkinds: {}", `m.yaml:1: pos has the key "path" twice`},
		{head + "  product:\n    tabel: T", `m.yaml:4: kind "product" has no key "tabel": did you mean "table"?`},
		{head + "  product:\n    table: T", `m.yaml:3: kind "product" lacks fields`},
		{head + "  product: {table: T, key: K, fields: {name: {colum: N}}}", `has no key "colum": did you mean "column"?`},
		{head + "  product: {table: T, key: K, fields: {name: N}, read_only: [nam]}", `lists "nam" as read_only, which is none of its fields: did you mean "name"?`},
		{head + "  product: {table: T, key: K, new_key: next, fields: {name: N}}", `"next" is none of`},
		{head + "  product: {table: T, key: K, fields: {v: {table: C, parent: P, key: K, columns: {x: {table: D, parent: P, key: K}}}}}", "only one level of children is possible"},
		{head + "  product: {table: T, key: K, fields: {a: {column: A, \"true\": Y}}}", "two different values for true and false"},
		{head + "  product: {table: T, key: K, soft_delete: {column: D, deleted: 1, live: 1}, fields: {a: A}}", "one value for deleted and live"},
		{head + "  product: {table: T, key: K, fields: &f {a: A}}", "anchor"},
		{head + "  product: {table: T, key: K, upload_only: perhaps, fields: {a: A}}", "true or false is expected"},
	} {
		m, err := pos.ParseMapping("m.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, %v; want %q", c.text, m, err, c.want)
		}
	}
}

func TestMappingAgainstCatalogue(t *testing.T) {
	const head = "pos: {engine: sqlite, path: a.db}\nkinds:\n  category: {table: C, key: Id, fields: {name: N}}\n  sale: {table: S, key: [A, B], upload_only: true, fields: {note: N}}\n"
	for _, c := range []struct{ text, want string }{
		{"  prodct: {table: T, key: K, fields: {name: N}}", `m.yaml:5: the catalogue has no kind "prodct": did you mean "product"?`},
		{"  product: {table: T, key: K, fields: {nam: N}}", `the catalogue's kind "product" has no field "nam": did you mean "name"?`},
		{"  product: {table: T, key: K, fields: {vendors: N}}", "it holds rows"},
		{"  product: {table: T, key: K, fields: {name: {table: C, parent: P, key: K}}}", "it is a text, not rows"},
		{"  product: {table: T, key: K, fields: {name: [A, B]}}", "must be keys and values"},
		{"  product: {table: T, key: K, fields: {name: {column: [A, B]}}}", "stands in one column"},
		{"  product: {table: T, key: K, fields: {category: {column: C, ref: vendor}}}", `refers to kind "category" in the catalogue, not "vendor"`},
		{"  product: {table: T, key: K, fields: {category: {column: [C, D]}}}", "it has 2 columns, the key of kind \"category\" has 1"},
		{"  product: {table: T, key: K, fields: {vendors: {table: C, parent: P, key: V}}}", `kind "vendor", which is not mapped`},
		{"  product: {table: T, key: [K, L], fields: {vendors: {table: C, parent: P, key: V}}}", "parent has 1 columns, the key of kind \"product\" has 2"},
		{"  product: {table: T, key: [K, L], new_key: uuid, fields: {name: N}}", "can only be auto or field"},
		{"  product: {table: T, key: K, new_key: field, fields: {name: N}}", `nothing gives the key column "K" a value`},
		{"  product: {table: T, key: K, fields: {name: {column: N, separator: T}}}", "separator is for a time"},
	} {
		m, err := pos.ParseMapping("m.yaml", []byte(head+c.text))
		if err == nil {
			err = m.Validate(postest.Catalog())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.text, err, c.want)
		}
	}
	m, err := pos.ParseMapping("m.yaml", []byte(strings.Replace(head, "upload_only: true, ", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(postest.Catalog()); err == nil || !strings.Contains(err.Error(), "say upload_only: true") {
		t.Errorf("a kind that only goes up, mapped both ways: %v", err)
	}
}

// One relation is mapped at the end that carries it.
func TestMappingOfAnotherEnd(t *testing.T) {
	ref := func(name, to, end string) []catalog.Field {
		return []catalog.Field{{Name: name, Title: name, Type: "rows", Key: "reference", Ref: to, OtherEnd: end, Policy: item.Locked}}
	}
	cat := &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "add_on", Direction: catalog.Sync, Fields: ref("assigned_to", "service", "add_ons")},
		{Name: "service", Direction: catalog.Sync, Fields: ref("add_ons", "add_on", "")},
	}}
	const head = "pos: {engine: sqlite, path: a.db}\nkinds:\n  service: {table: S, key: K, fields: {add_ons: {table: C, parent: S, key: A}}}\n  add_on: {table: A, key: K, fields: "
	for fields, want := range map[string]string{
		"{assigned_to: {table: C, parent: A, key: S}}}": `m.yaml:4: kind "add_on", field "assigned_to": no item holds it: map field "add_ons" of kind "service", which carries the relation`,
		"{name: N}}": `has no field "name"`,
	} {
		m, err := pos.ParseMapping("m.yaml", []byte(head+fields))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Validate(cat); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestMappingDigest(t *testing.T) {
	digest := func(text string) string {
		m, err := pos.ParseMapping("m.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return m.Digest()
	}
	base := digest("pos: {engine: sqlite, path: a.db}\nkinds: {product: {table: T, key: K, fields: {a: A, b: B}}}")
	if same := digest("# a comment\npos: {path: b.db, engine: sqlite, busy_timeout: 7}\nkinds: {product: {key: K, fields: {b: B, a: {column: A}}, table: T}}"); same != base {
		t.Error("comments, order, path and timeout change the digest")
	}
	if other := digest("pos: {engine: sqlite, path: a.db}\nkinds: {product: {table: T, key: K, fields: {a: A, b: C}}}"); other == base {
		t.Error("another column has the same digest")
	}
}

func TestMappingPathIsFromItsFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "m.yaml")
	if err := os.WriteFile(file, []byte("pos: {engine: sqlite, path: sub/pos.db}\nkinds: {product: {table: T, key: K, fields: {a: A}}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := pos.LoadMapping(file)
	if err != nil || m.Path != filepath.Join(dir, "sub", "pos.db") {
		t.Errorf("path %v, %v", m, err)
	}
	if _, err := pos.LoadMapping(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("no error for a file that is not there")
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(postest.SQLiteMapping))
	f.Add([]byte(chinookMapping))
	f.Add([]byte("pos: {engine: sqlite, path: x}\nkinds: {a: {table: t, key: k, fields: {b: {column: [x, y], ref: a}}, filter: {c: 1.5, d: null, e: 0x10}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := pos.ParseMapping("m.yaml", data)
		if err != nil {
			return
		}
		if len(m.Digest()) != 64 || len(m.Kinds) == 0 || m.Engine == "" || m.Path == "" {
			t.Errorf("accepted %+v", m)
		}
		_ = m.Validate(postest.Catalog()) // must not panic, whatever it finds
	})
}
