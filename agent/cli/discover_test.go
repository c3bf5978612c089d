package cli

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/configs"

	_ "modernc.org/sqlite"
)

// salonPOS makes the POS that the example mapping describes.
func salonPOS(t *testing.T, dir string) string {
	t.Helper()
	schema, err := os.ReadFile("testdata/salon.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "salon.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), string(schema)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiscover(t *testing.T) {
	d := newDesk(t)
	path := salonPOS(t, d.dir)
	if code := d.types("discover", path); code != 0 {
		t.Fatalf("%d, %s", code, &d.err)
	}
	for _, part := range []string{"11 tables.", " Service          3  ServiceId                10  ServiceGroup\n"} {
		if !strings.Contains(d.out.String(), part) {
			t.Errorf("%q is missing in\n%s", part, &d.out)
		}
	}
	if code := d.types("discover", path, "--skeleton"); code != 0 {
		t.Fatalf("%d, %s", code, &d.err)
	}
	if _, err := pos.ParseMapping("skeleton", d.out.Bytes()); err != nil {
		t.Error(err)
	}
	code := d.types("discover", path, "--json")
	var found discovery
	if err := json.Unmarshal(d.out.Bytes(), &found); err != nil || code != 0 || len(found.Tables) != 11 || found.Tables[0].Name != "Item" || found.Tables[0].Rows != 1 {
		t.Errorf("--json: %d, %v, %s", code, err, &d.out)
	}
	if code := d.types("discover", filepath.Join(d.dir, "absent.db")); code != 1 || d.err.Len() == 0 {
		t.Errorf("an absent file: %d, %s", code, &d.err)
	}
}

// The example mapping fits both the shipped catalogue and the POS that it
// describes: doctor has nothing to say against it.
func TestExampleMappingFitsItsPOS(t *testing.T) {
	path := salonPOS(t, t.TempDir())
	mapping, err := pos.LoadMapping("../../configs/mapping.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cat, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	c, err := pos.Open(t.Context(), mapping, cat, pos.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Install(t.Context(), "s1"); err != nil {
		t.Fatal(err)
	}
	findings, err := c.Check(t.Context())
	if err != nil || len(findings) < len(mapping.Kinds) {
		t.Errorf("%d findings, %v", len(findings), err)
	}
	for _, f := range findings {
		if !f.OK {
			t.Errorf("%s: %s", f.Subject, f.Message)
		}
	}
}
