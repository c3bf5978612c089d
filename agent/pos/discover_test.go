package pos_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/item"
)

// input returns a copy of a real input; "" where the inputs are not there.
func input(t *testing.T, name string) string {
	t.Helper()
	folder := os.Getenv("PLAIT_INPUTS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "inputs")
	}
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Logf("LEFT OUT: %s is not there; set PLAIT_INPUTS to the folder of the real inputs", name)
		return ""
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiscoverSalon(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql("CREATE TABLE \"odd # name: \n\" (id INTEGER PRIMARY KEY, \"a # b\" TEXT, A_B TEXT, \"yes\" BOOL)")
	s.sql("CREATE VIEW Names AS SELECT Name FROM Item")
	d, err := pos.Discover(t.Context(), s.path)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Tables, func(f pos.TableFound) bool { return f.Name == "Item" })
	if i < 0 || d.Tables[i].Rows != 3 || !slices.Equal(d.Tables[i].Key, []string{"Id"}) || d.Journal != "WAL" {
		t.Errorf("found %+v", d)
	}
	if slices.ContainsFunc(d.Tables, func(f pos.TableFound) bool { return strings.HasPrefix(f.Name, "plait_") }) {
		t.Error("Plait's own tables are offered")
	}
	m, err := pos.ParseMapping("skeleton.yaml", []byte(d.Skeleton()))
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Skeleton())
	}
	if k := m.Kind("odd_name"); k == nil || len(k.Fields) != 3 || k.Table != "odd # name: \n" {
		t.Errorf("the odd table became %+v\n%s", k, d.Skeleton())
	}
}

func TestDiscoverNothing(t *testing.T) {
	if _, err := pos.Discover(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// chinook maps the real input as a music shop's POS: tracks are products,
// genres their categories, playlists bundles of tracks.
const chinookMapping = `
pos: {engine: sqlite, path: x, busy_timeout: 5000}
kinds:
  category: {table: Genre, key: GenreId, new_key: max+1, fields: {name: Name}}
  product:
    table: Track
    key: TrackId
    fields: {name: Name, price: UnitPrice, category: GenreId, length: Milliseconds, composer: Composer}
    defaults: {MediaTypeId: 1}
  bundle:
    table: Playlist
    key: PlaylistId
    fields:
      name: Name
      products: {table: PlaylistTrack, parent: PlaylistId, key: TrackId}
  employee:
    table: Employee
    key: EmployeeId
    fields: {name: LastName, boss: ReportsTo, born: BirthDate}
    defaults: {FirstName: "?"}
  sale: {table: Invoice, key: InvoiceId, upload_only: true, fields: {total: Total, at: InvoiceDate}}
`

func chinookCatalog() *catalog.Catalog {
	f := func(name, typ, ref string) catalog.Field {
		return catalog.Field{Name: name, Type: typ, Ref: ref, Policy: item.Locked}
	}
	products := f("products", "rows", "product")
	products.Key = "reference"
	return &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "bundle", Fields: []catalog.Field{f("name", "text", ""), products}},
		{Name: "category", Fields: []catalog.Field{f("name", "text", "")}},
		{Name: "employee", Fields: []catalog.Field{f("name", "text", ""), f("boss", "reference", "employee"), f("born", "time", "")}},
		{Name: "product", Fields: []catalog.Field{f("name", "text", ""), f("price", "decimal", ""), f("category", "reference", "category"), f("length", "integer", ""), f("composer", "text", "")}},
		{Name: "sale", Direction: catalog.UploadOnly, Fields: []catalog.Field{f("total", "decimal", ""), f("at", "time", "")}},
	}}
}

// The real input, end to end: discovered, checked, scanned, applied to.
func TestChinook(t *testing.T) {
	path := input(t, "chinook.sqlite")
	if path == "" {
		return
	}
	d, err := pos.Discover(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := pos.ParseMapping("skeleton.yaml", []byte(d.Skeleton()))
	if err != nil || m.Kind("track") == nil || m.Kind("playlist_track") != nil {
		t.Errorf("skeleton: %v\n%s", err, d.Skeleton())
	}
	c, err := pos.Open(t.Context(), mapping(t, chinookMapping), chinookCatalog(), pos.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Install(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	findings, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Kind != "" {
			t.Errorf("paused: %+v", f)
		}
	}
	counts, entries := map[string]int{}, 0
	for _, k := range c.Kinds() {
		for after, end := "", false; !end; {
			list, next, err := c.Scan(t.Context(), k.Kind, after, 500)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range list {
				it, err := item.Decode(form.Body)
				if err != nil {
					t.Errorf("%s %s: %v", k.Kind, form.Key, err)
				}
				entries += len(it.Fields.Get("products").Rows())
			}
			counts[k.Kind] += len(list)
			after, end = next, next == ""
		}
	}
	if counts["product"] != 3503 || counts["category"] != 25 || counts["bundle"] != 18 || counts["employee"] != 8 || counts["sale"] != 412 || entries != 8715 {
		t.Errorf("read %v with %d entries", counts, entries)
	}
	recs, err := c.Read(t.Context(), "product", []string{"1"})
	if err != nil || recs[0].Item.Fields.Get("price").Str() != "0.99" {
		t.Errorf("track 1: %+v, %v", recs, err)
	}
	chinookApply(t, c)
}

func chinookApply(t *testing.T, c pos.Connector) {
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	genre, err := tx.Insert(t.Context(), "category", item.Fields{{Name: "name", Value: item.MustText("Polka")}})
	if err != nil || genre != "26" {
		t.Errorf("new genre %q, %v; want max+1", genre, err)
	}
	if by, err := tx.Referred(t.Context(), "product", "1"); err != nil || by == "" {
		t.Errorf("track 1 is referred to by %q, %v", by, err)
	}
	if by, err := tx.Referred(t.Context(), "category", genre); err != nil || by != "" {
		t.Errorf("the new genre is referred to by %q, %v", by, err)
	}
}
