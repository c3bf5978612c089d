package pos_test

import (
	"strings"
	"testing"

	"plait/shared/item"
)

func TestReadHasOneFormOfEachValue(t *testing.T) {
	s := newSalon(t, "WAL")
	got := s.get("product", "1")
	want := `{"active":true,"barcode":"0012","category":{"r":["category","1"]},"image":{"b":"AQI="},"name":"Shampoo","price":{"d":"0.99"},` +
		`"since":{"t":"2026-01-02T09:30:00"},"stock":5,"vendors":{"s":[[{"r":["vendor","v1"]},{"cost":{"d":"0.4"}}],[{"r":["vendor","v2"]},{"cost":{"d":"0.45"}}]]}}`
	if text := string(item.AppendFields(nil, got.Item.Fields)); text != want || !got.Exists || got.Trouble != nil {
		t.Errorf("got  %s (%t, %v)\nwant %s", text, got.Exists, got.Trouble, want)
	}
	null := s.get("product", "2").Item.Fields
	if !null.Get("stock").IsNull() || !null.Get("category").IsNull() || null.Get("active").True() || len(null.Get("vendors").Rows()) != 0 {
		t.Errorf("got %v", null)
	}
	for kind, keys := range map[string][]string{"product": {"3", "4", "x", "01", ""}, "service": {"1"}, "sale": {"a/b/1", "a"}} {
		for _, key := range keys {
			if s.get(kind, key).Exists {
				t.Errorf("%s %q exists", kind, key)
			}
		}
	}
	sale := s.get("sale", `a\/b/1`)
	if text := string(item.AppendFields(nil, sale.Item.Fields)); text != `{"at":{"t":"2026-01-02T10:00:00"},"note":"x","total":{"d":"10.1"}}` || sale.Item.Gen != 0 {
		t.Errorf("sale: %s, generation %d", text, sale.Item.Gen)
	}
}

func TestReadKeepsTheOrderOfKeys(t *testing.T) {
	s := newSalon(t, "DELETE")
	list, err := s.Read(t.Context(), "product", []string{"2", "9", "1", "2"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, r.Item.Key+r.Item.Fields.Get("name").Str())
	}
	if text := strings.Join(got, " "); text != "2Wax 9 1Shampoo 2Wax" {
		t.Errorf("got %s", text)
	}
}

func TestCapture(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		t.Run(journal, func(t *testing.T) {
			s := newSalon(t, journal)
			for _, c := range []struct{ sql, want string }{
				{`INSERT INTO Category VALUES (7, 'Skin')`, "I category 7"},
				{`REPLACE INTO Category VALUES (7, 'Skin care')`, "I category 7"},
				{`UPDATE Category SET Id = 8 WHERE Id = 7`, "U category 7>8"},
				{`UPDATE Category SET Name = 'x' WHERE Id = 8`, "U category 8"},
				{`DELETE FROM Category WHERE Id = 8`, "D category 8"},
				{`UPDATE Vendor SET Code = 'V1' WHERE Code = 'v2'`, "U vendor v2>V1"},
				{`UPDATE ItemVendor SET ItemId = 2 WHERE VendorCode = 'v1'`, "U product+service 1>2"},
				{`DELETE FROM Sale WHERE No = 1`, `D sale a\/b/1`},
				{`UPDATE Sale SET Till = 'c' WHERE No = 2`, `U sale a\\c/2>c/2`},
				{`BEGIN; INSERT INTO Category VALUES (9, 'y'); ROLLBACK`, ""},
			} {
				s.sql(c.sql)
				if got := brief(s.pending()); got != c.want {
					t.Errorf("%s: captured %q, want %q", c.sql, got, c.want)
				}
			}
		})
	}
}

// TestALinkThatIsNoneIsRefused: plait_links stands in the POS's own file. A row of it
// that Plait cannot have written is an error that names it, and not taken for another.
func TestALinkThatIsNoneIsRefused(t *testing.T) {
	for _, wrong := range []string{"gen = 'first'", "dead = 7", "dead = NULL", "uid = NULL", "link = 'no link'"} {
		t.Run(wrong, func(t *testing.T) {
			s := newSalon(t, "WAL")
			s.sql(`INSERT INTO plait_links (kind, key, gen, dead, uid, link) VALUES ('category', '1', 1, 0, 'u', x'')`)
			if rec := s.get("category", "1"); rec.Row.UID != "u" {
				t.Fatalf("a sound one is read as %+v", rec.Row)
			}
			s.sql(`UPDATE plait_links SET ` + wrong)
			if _, err := s.Read(t.Context(), "category", []string{"1"}); err == nil || !strings.Contains(err.Error(), `plait_links, kind "category", key "1"`) {
				t.Errorf("reading it: %v", err)
			}
		})
	}
}
