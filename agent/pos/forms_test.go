package pos_test

import (
	"fmt"
	"testing"

	"plait/shared/item"

	"pgregory.net/rapid"
)

// anything is what a POS's column may hold, whatever its declared type.
func anything(t *rapid.T, name string) any {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Just[any](""),
		rapid.Custom(func(t *rapid.T) any { return rapid.Int64().Draw(t, "n") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Int64Range(-3, 3).Draw(t, "n") }),
		rapid.Custom(func(t *rapid.T) any { return rapid.Float64().Draw(t, "f") }),
		rapid.Custom(func(t *rapid.T) any {
			return fmt.Sprintf("%d.%02d", rapid.IntRange(-99, 99).Draw(t, "whole"), rapid.IntRange(0, 99).Draw(t, "cents"))
		}),
		rapid.Custom(func(t *rapid.T) any {
			return rapid.SampledFrom([]string{"2026-01-02 09:30", "2026-01-02T09:30:00.250", "2026-01-02", "09:30:10", "Y", "0.50", "1e3", "007"}).Draw(t, "text")
		}),
		rapid.Custom(func(t *rapid.T) any {
			return rapid.StringOf(rapid.RuneFrom([]rune("a\"\\\n\x01é漢😀"))).Draw(t, "odd text")
		}),
		rapid.Custom(func(t *rapid.T) any { return string(rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "bad text")) }),
		rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes") }),
	).Draw(t, name)
}

// TestPropertyScanSaysWhatReadSays: whatever a row holds, its form is the canonical
// form of the record that reading its key gives, and is there just if that record is
// an item.
func TestPropertyScanSaysWhatReadSays(t *testing.T) {
	s := newSalon(t, "WAL")
	items, troubles := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s.sql("DELETE FROM ItemVendor; DELETE FROM Item; DELETE FROM Sale; DELETE FROM plait_links")
		for id := range rapid.IntRange(1, 6).Draw(rt, "rows") {
			s.sql("INSERT INTO Sale VALUES (?, ?, ?, ?, ?)", fmt.Sprint("till", id%2), id, anything(rt, "total"), anything(rt, "at"), anything(rt, "note"))
			// Product: half of the values are as the mapping wants them, or few rows would be items.
			image, stock := anything(rt, "image"), any(id)
			if rapid.Bool().Draw(rt, "odd stock") {
				stock = anything(rt, "stock")
			}
			s.sql("INSERT INTO Item (Id, Name, Price, Stock, Active, Since, Image) VALUES (?, 'Wax', ?, ?, 'Y', '2026-01-02', ?)", id, id*100, stock, image)
			if rapid.Bool().Draw(rt, "vendor") {
				s.sql("INSERT INTO ItemVendor VALUES (?, 'v1', ?)", id, anything(rt, "cost"))
			}
			if rapid.IntRange(0, 3).Draw(rt, "link") == 0 {
				s.sql("INSERT INTO plait_links VALUES ('product', ?, ?, ?, '', x'')", fmt.Sprint(id), rapid.IntRange(1, 3).Draw(rt, "gen"), rapid.IntRange(0, 1).Draw(rt, "dead"))
			}
		}
		for _, kind := range []string{"sale", "product"} {
			a, b := s.scanned(rt, kind)
			items, troubles = items+a, troubles+b
		}
	})
	if items == 0 || troubles == 0 {
		t.Errorf("%d items and %d other rows: the property saw one sort alone", items, troubles)
	}
}

// scanned compares a kind's forms with its records, and counts items and others.
func (s *salon) scanned(t *rapid.T, kind string) (items, others int) {
	forms, _, err := s.Scan(s.t.Context(), kind, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range forms {
		rec := s.get(kind, f.Key)
		if rec.Trouble != nil || rec.Row.Dead {
			others++
			if f.Body != nil {
				t.Fatalf("%s %s was scanned as %s, read with %v, dead %t", kind, f.Key, f.Body, rec.Trouble, rec.Row.Dead)
			}
			continue
		}
		items++
		if want := item.Append(nil, rec.Item); !rec.Exists || string(f.Body) != string(want) {
			t.Fatalf("%s %s was scanned as %s, read as %s", kind, f.Key, f.Body, want)
		}
	}
	return items, others
}
