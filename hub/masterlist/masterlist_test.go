package masterlist_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/hub/masterlist"
	"plait/shared/catalog"
	"plait/shared/item"

	"pgregory.net/rapid"
)

// product has a field of every type that a sheet can hold.
var product = catalog.Kind{
	Name: "product", Match: catalog.Match{Code: []string{"barcode"}, Name: "name"},
	Fields: []catalog.Field{
		{Name: "barcode", Title: "Barcode ID", Type: "text"},
		{Name: "name", Title: "Product Name", Type: "text"},
		{Name: "price", Title: "Price", Type: "decimal"},
		{Name: "points", Title: "Points", Type: "integer"},
		{Name: "active", Title: "Active", Type: "bool"},
		{Name: "since", Title: "Since", Type: "time"},
		{Name: "vendor", Title: "Vendor", Type: "reference", Ref: "vendor"},
		{Name: "photo", Title: "Photo", Type: "bytes"},
		{Name: "sizes", Title: "Sizes", Type: "rows", Key: "text", Columns: []catalog.Field{
			{Name: "price", Title: "Price", Type: "decimal"}, {Name: "note", Title: "Note", Type: "text"},
		}},
		{Name: "vendors", Title: "Vendors", Type: "rows", Key: "reference", Ref: "vendor", Columns: []catalog.Field{
			{Name: "order_number", Title: "Order Number", Type: "text"},
		}},
	},
}

// vendors are the items of the list that a reference may name.
type vendors map[string]string // name to key

func (v vendors) KeyOf(kind, name string) (string, int) {
	if kind == "vendor" && name == "Twins" {
		return "", 2
	}
	key, ok := v[name]
	if kind != "vendor" || !ok {
		return "", 0
	}
	return key, 1
}

func (v vendors) NameOf(kind, key string) string {
	for name, k := range v {
		if kind == "vendor" && k == key {
			return name
		}
	}
	return ""
}

var known = vendors{"Bright & Co": "7", "=Comb": "8"}

func read(t *testing.T, format, sheet string) []item.Item {
	t.Helper()
	items, err := masterlist.Read(format, []byte(sheet), product, known)
	if err != nil {
		t.Fatalf("%s: %v", sheet, err)
	}
	return items
}

func TestSheets(t *testing.T) {
	csv := "Barcode ID,name,Price,active,vendor,sizes[L].price,vendors[Bright & Co].order_number,vendors[=Comb],points,since\n" +
		"4001, Shampoo ,14.90,yes,Bright & Co,16.50,X-1,yes,null,2026-03-01 09:00\n" +
		",,,,,,,,,\n" +
		"4002,\"Clay,\nmatt\",19.5,,,,,,3,\n"
	json := `[{"barcode":"4001","name":"Shampoo","price":14.90,"active":true,"vendor":"Bright & Co","sizes":{"L":{"price":"16.50"}},
		"vendors":{"Bright & Co":{"order_number":"X-1"},"=Comb":{}},"points":null,"since":"2026-03-01 09:00"},
		{"barcode":"4002","name":"Clay,\nmatt","price":19.5,"points":3}]`
	a, b := read(t, masterlist.CSV, csv), read(t, masterlist.JSON, json)
	if len(a) != 2 || len(b) != 2 {
		t.Fatalf("%d and %d items", len(a), len(b))
	}
	for i := range a {
		if x, y := string(item.Append(nil, a[i])), string(item.Append(nil, b[i])); x != y {
			t.Errorf("CSV gives %s\nJSON %s", x, y)
		}
	}
	first := a[0].Fields
	if a[0].Key != "4001" || !first.Get("price").Equal(item.MustDecimal("14.9")) || !first.Get("vendor").Equal(item.Ref("vendor", "7")) ||
		!first.Get("points").IsNull() || !a[1].Fields.Get("active").IsAbsent() || len(first.Get("vendors").Rows()) != 2 {
		t.Errorf("read %s", item.Append(nil, a[0]))
	}
}

// Bad input is refused whole, and everything that is wrong is named by its place.
func TestWhatIsWrongIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		format, sheet string
		want          []string
	}{
		"columns": {masterlist.CSV, "colour,name,name,sizes[L].colour,sizes[L,price[x]\n", []string{
			"line 1, column colour: product has no field of that name", "column name: it is there twice",
			"column sizes[L].colour: sizes has no column colour", "column sizes[L: it has no ]", "column price[x]: only a field of rows"}},
		"cells": {masterlist.CSV, "barcode,price,active,vendor,points,since,sizes\n1,14,maybe,Nobody,1.5,soon,all\n2,,,Twins,,,\n", []string{
			"line 2, column active: \"maybe\" is neither yes nor no", "line 2, column vendor: the list has no vendor called \"Nobody\"",
			"line 2, column points: \"1.5\" is not a whole number", "line 2, column since: \"soon\" is not a time",
			"line 2, column sizes: the field has rows", "line 3, column vendor: the list has 2 of vendor"}},
		"decimal":     {masterlist.CSV, "barcode;price\n1;14,90\n", []string{"line 2, column price: \"14,90\" is not a number"}},
		"no identity": {masterlist.CSV, "barcode,price\n,14\n", []string{"line 2: nothing tells which item it is: fill barcode"}},
		"twice":       {masterlist.CSV, "barcode\n1\n2\n 1\n", []string{"line 4: line 2 has the key \"1\" already"}},
		"too wide":    {masterlist.CSV, "barcode\n1,2\n", []string{"line 2: it has 2 cells, the first row names 1"}},
		"empty":       {masterlist.CSV, "", []string{"no first row"}},
		"quotes":      {masterlist.CSV, "barcode\n\"1\n", []string{"line 2: it is not CSV from here on"}},
		"bytes":       {masterlist.CSV, "barcode,photo\n1,x\n", []string{"line 2, column photo: a sheet cannot hold a field of type bytes"}},
		"no list":     {masterlist.JSON, `{"barcode":"1"}`, []string{"a JSON sheet is a list"}},
		"not ended":   {masterlist.JSON, `[{"barcode":"1"}`, []string{"the list does not end"}},
		"follows":     {masterlist.JSON, `[] 1`, []string{"something follows the list"}},
		"types": {masterlist.JSON, `[{"barcode":1,"price":true,"sizes":[],"vendors":{"Nobody":{}},"key":7}]`, []string{
			"line 1, column barcode: it does not fit a field of type text", "column price: it does not fit", "column sizes: rows are an object",
			"column vendors: element \"Nobody\": the list has no vendor", "column key: a key is text"}},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := masterlist.Read(c.format, []byte(c.sheet), product, known)
			var wrong *masterlist.Error
			if !errors.As(err, &wrong) || items != nil {
				t.Fatalf("%d items, %v", len(items), err)
			}
			var all []string
			for _, p := range wrong.Problems {
				all = append(all, (&masterlist.Error{Problems: []masterlist.Problem{p}}).Error())
			}
			said := strings.Join(all, "\n")
			for _, w := range c.want {
				if !strings.Contains(said, w) {
					t.Errorf("%q is not among\n%s", w, said)
				}
			}
			if len(wrong.Problems) != len(c.want) {
				t.Errorf("%d problems, want %d:\n%s", len(wrong.Problems), len(c.want), said)
			}
		})
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	_, err := masterlist.Read(masterlist.CSV, []byte("barcode,price\n"+strings.Repeat("1,x\n", 250)), product, known)
	var wrong *masterlist.Error
	if !errors.As(err, &wrong) || len(wrong.Problems) != 100 || wrong.More != 150 || !strings.HasSuffix(err.Error(), "and 249 more") {
		t.Fatalf("%v", err)
	}
}

// What a spreadsheet would run is defused.
func TestFormulas(t *testing.T) {
	evil := "=HYPERLINK(\"http://x\")"
	fields, err := item.MakeFields(item.Field{Name: "name", Value: item.MustText(evil)}, item.Field{Name: "price", Value: item.MustDecimal("-3")})
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := masterlist.Write(masterlist.CSV, []item.Item{{ID: item.ID{Kind: "product", Key: "@1", Gen: 1}, Fields: fields}}, product, known)
	if err != nil {
		t.Fatal(err)
	}
	if want := "key,name,price\n'@1,\"'=HYPERLINK(\"\"http://x\"\")\",-3\n"; string(sheet) != want {
		t.Errorf("wrote %q, want %q", sheet, want)
	}
	if back := read(t, masterlist.CSV, string(sheet)); back[0].Key != "@1" || back[0].Fields.Get("name").Str() != evil {
		t.Errorf("read back %s", item.Append(nil, back[0]))
	}
}

// What Write writes, Read reads back.
func TestPropertyRoundTrip(t *testing.T) {
	for _, format := range []string{masterlist.CSV, masterlist.JSON} {
		t.Run(format, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var items []item.Item
				for i := range rapid.IntRange(0, 4).Draw(t, "items") {
					items = append(items, draw(t, fmt.Sprint(rapid.SampledFrom([]string{"", "=", "'", "null", " "}).Draw(t, "key"), i)))
				}
				sheet, err := masterlist.Write(format, items, product, known)
				if err != nil {
					t.Fatal(err)
				}
				back, err := masterlist.Read(format, sheet, product, known)
				if err != nil || len(back) != len(items) {
					t.Fatalf("%d items of %d, %v\n%s", len(back), len(items), err, sheet)
				}
				for i := range items {
					if a, b := string(item.Append(nil, items[i])), string(item.Append(nil, back[i])); a != b {
						t.Fatalf("wrote %s\nread  %s\n%s", a, b, sheet)
					}
				}
			})
		})
	}
}

func draw(t *rapid.T, key string) item.Item {
	text := rapid.SampledFrom([]string{"", "null", "none", " x ", "a,b\nc", "=1+1", "'", "''", "-", "yes", "é;\"", "'80s"})
	value := func(f catalog.Field) item.Value {
		switch {
		case rapid.IntRange(0, 5).Draw(t, "null") == 0:
			return item.Null()
		case f.Type == "decimal":
			return item.MustDecimal(rapid.SampledFrom([]string{"0", "-3.5", "123456789012345678901234567890.01"}).Draw(t, "decimal"))
		case f.Type == "integer":
			return item.Integer(rapid.Int64().Draw(t, "integer"))
		case f.Type == "bool":
			return item.Bool(rapid.Bool().Draw(t, "bool"))
		case f.Type == "time":
			v, err := item.Time("2026-03-01 09:00:00")
			if err != nil {
				t.Fatal(err)
			}
			return v
		case f.Type == "reference":
			return item.Ref("vendor", rapid.SampledFrom([]string{"7", "8"}).Draw(t, "vendor"))
		}
		return item.MustText(text.Draw(t, "text"))
	}
	var fields []item.Field
	for _, f := range product.Fields {
		if f.Type == "bytes" || rapid.IntRange(0, 2).Draw(t, "absent") == 0 {
			continue
		}
		v := value(f)
		if f.Type == "rows" && !v.IsNull() {
			v = drawRows(t, f, value)
		}
		fields = append(fields, item.Field{Name: f.Name, Value: v})
	}
	made, err := item.MakeFields(fields...)
	if err != nil {
		t.Fatal(err)
	}
	return item.Item{ID: item.ID{Kind: "product", Key: key, Gen: 1}, Fields: made}
}

func drawRows(t *rapid.T, f catalog.Field, value func(catalog.Field) item.Value) item.Value {
	keys := []item.Value{item.MustText("L"), item.MustText("x].y"), item.MustText("null")}
	if f.Key == "reference" {
		keys = []item.Value{item.Ref("vendor", "7"), item.Ref("vendor", "8")}
	}
	var rows []item.Row
	for _, k := range keys {
		if rapid.Bool().Draw(t, "element") {
			continue
		}
		r := item.Row{Key: k}
		for _, c := range f.Columns {
			if rapid.Bool().Draw(t, "column") {
				r.Cols = r.Cols.With(c.Name, value(c))
			}
		}
		rows = append(rows, r)
	}
	v, err := item.Rows(rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func FuzzRead(f *testing.F) {
	f.Add(true, []byte("key,name,sizes[L].price\n1,x,3\n"))
	f.Add(false, []byte(`[{"key":"1","sizes":{"L":{"price":3}}}]`))
	f.Fuzz(func(t *testing.T, csv bool, sheet []byte) {
		format := masterlist.JSON
		if csv {
			format = masterlist.CSV
		}
		items, err := masterlist.Read(format, sheet, product, known)
		if (err != nil) && items != nil {
			t.Fatal("a sheet that was refused gave items")
		}
		for _, it := range items {
			if _, err := item.Decode(item.Append(nil, it)); err != nil {
				t.Fatalf("an item that cannot travel: %v", err)
			}
		}
	})
}
