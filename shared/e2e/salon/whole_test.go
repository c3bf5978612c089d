package salon_test

import (
	"path/filepath"
	"slices"
	"testing"

	"plait/agent/pos"
	"plait/configs"
	"plait/shared/catalog"
	"plait/shared/e2e/salon"
	"plait/shared/item"
)

func wholeSalon(t *testing.T) (*pos.Mapping, *catalog.Catalog, pos.Connector) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pos.db")
	p, err := salon.Open(path, "harbour", salon.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.CreateWhole(); err != nil {
		t.Fatal(err)
	}
	if err := p.StockWhole(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := p.Sell(); err != nil {
			t.Fatal(err)
		}
	}
	m, err := pos.ParseMapping("mapping.yaml", salon.WholeMapping)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(cat); err != nil {
		t.Fatal(err)
	}
	c, err := pos.Open(t.Context(), m, cat, pos.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Install(t.Context(), "s1"); err != nil {
		t.Fatal(err)
	}
	return m, cat, c
}

func TestWholeMappingFitsItsPOS(t *testing.T) {
	m, _, c := wholeSalon(t)
	findings, err := c.Check(t.Context())
	if err != nil || len(findings) < len(m.Kinds) {
		t.Errorf("%d findings, %v", len(findings), err)
	}
	for _, f := range findings {
		if !f.OK {
			t.Errorf("%s: %s", f.Subject, f.Message)
		}
	}
}

// Every kind has a place with every field, and something in it: a field that no
// item holds would be synced by no test.
func TestWholeSalonHasSomethingOfEveryKind(t *testing.T) {
	m, cat, c := wholeSalon(t)
	for _, k := range cat.Kinds {
		mapped := m.Kind(k.Name)
		if mapped == nil {
			t.Errorf("%s is not mapped", k.Name)
			continue
		}
		items := everything(t, c, k.Name)
		if len(items) == 0 || k.Match.Singleton && len(items) != 1 {
			t.Errorf("the salon has %d of %s", len(items), k.Name)
		}
		for _, f := range k.Fields {
			if k.Direction == catalog.UploadOnly || f.OtherEnd != "" {
				continue
			}
			if !held(items, func(it item.Item) item.Value { return it.Fields.Get(f.Name) }) {
				t.Errorf("no item of %s holds %s", k.Name, f.Name)
			}
			for _, col := range f.Columns {
				if !heldByElements(items, f.Name, col.Name) {
					t.Errorf("no item of %s holds %s.%s", k.Name, f.Name, col.Name)
				}
			}
		}
	}
}

func everything(t *testing.T, c pos.Connector, kind string) (out []item.Item) {
	t.Helper()
	after := ""
	for {
		forms, next, err := c.Scan(t.Context(), kind, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range forms {
			it, err := item.Decode(f.Body)
			if err != nil {
				t.Errorf("%s %s cannot be read: %v", kind, f.Key, err)
			}
			out = append(out, it)
		}
		if after = next; after == "" {
			return out
		}
	}
}

func held(items []item.Item, of func(item.Item) item.Value) bool {
	return slices.ContainsFunc(items, func(it item.Item) bool { return !of(it).IsEmpty() })
}

func heldByElements(items []item.Item, field, column string) bool {
	return slices.ContainsFunc(items, func(it item.Item) bool {
		return slices.ContainsFunc(it.Fields.Get(field).Rows(), func(r item.Row) bool { return !r.Cols.Get(column).IsEmpty() })
	})
}
