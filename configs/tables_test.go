package configs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plait/configs"
	"plait/shared/catalog"
)

// table reads a tab-separated file without its comments and its heading.
func table(t *testing.T, name string, columns int, heading string) [][]string {
	t.Helper()
	var out [][]string
	for line := range strings.Lines(text(t, filepath.Join("testdata", name))) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") || line == heading {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != columns {
			t.Fatalf("%s: %q has %d columns, not %d", name, line, len(row), columns)
		}
		out = append(out, row)
	}
	return out
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func shipped(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// s3Field is a row of S3's tables of fields.
type s3Field struct{ kind, name, policy, lockedWhen string }

func s3Fields(t *testing.T) []s3Field {
	t.Helper()
	var out []s3Field
	for _, r := range table(t, "s3-fields.tsv", 5, "kind\tfield\tpolicy\tlocked_when\tnote") {
		out = append(out, s3Field{r[0], r[1], r[2], r[3]})
	}
	if len(out) != 156 {
		t.Fatalf("S3 has 156 rows of fields, the table %d", len(out))
	}
	return out
}

// s3Operation is a row of S3's lists of what a location can and can't do.
type s3Operation struct {
	kind, name string
	allowed    bool
}

func s3Operations(t *testing.T) []s3Operation {
	t.Helper()
	var out []s3Operation
	for _, r := range table(t, "s3-operations.tsv", 4, "kind\toperation\tallowed\tnote") {
		if r[2] != "yes" && r[2] != "no" {
			t.Fatalf("%s %s: allowed is %q", r[0], r[1], r[2])
		}
		out = append(out, s3Operation{r[0], r[1], r[2] == "yes"})
	}
	if len(out) != 76 {
		t.Fatalf("S3 has 76 rows of operations, the table %d", len(out))
	}
	return out
}

// The two tables are copies of the project's design documents, which are not part
// of it. Where these stand beside the checkout, or in $PLAIT_DESIGN, the copies are
// held against them.
func TestTablesAreThoseOfTheDesign(t *testing.T) {
	design := os.Getenv("PLAIT_DESIGN")
	named := design != ""
	if !named {
		design = filepath.Join("..", "..", "shared", "design")
	}
	for _, name := range []string{"s3-fields.tsv", "s3-operations.tsv"} {
		_, err := os.Stat(filepath.Join(design, name))
		if errors.Is(err, fs.ErrNotExist) && !named {
			t.Logf("left out: %s is not there, so the copy of %s was not compared", design, name)
			continue
		}
		if text(t, filepath.Join(design, name)) != text(t, filepath.Join("testdata", name)) {
			t.Errorf("testdata/%s is not the design's", name)
		}
	}
}
