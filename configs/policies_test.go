package configs_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"plait/configs"
	"plait/shared/catalog"
	"plait/shared/item"
)

// table reads a tab-separated file of testdata without its comments.
func table(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(strings.ReplaceAll(string(b), "\r\n", "\n")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(row) != columns {
			t.Fatalf("%s: %q has %d columns, not %d", name, line, len(row), columns)
		}
		out = append(out, row)
	}
	return out
}

func shipped(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fieldOf finds "field" or "field.column".
func fieldOf(k catalog.Kind, name string) (catalog.Field, bool) {
	name, column, isColumn := strings.Cut(name, ".")
	f, ok := k.Field(name)
	if !ok || !isColumn {
		return f, ok
	}
	source := f.Source
	f, ok = f.Column(column)
	f.Source = source
	return f, ok
}

func TestFieldsHaveThePoliciesOfS3(t *testing.T) {
	c := shipped(t)
	stands := map[string]bool{}
	for _, row := range table(t, "policies.tsv", 5) {
		kind, s3, policy, locked, fields := row[0], row[1], row[2], row[3], strings.Fields(row[4])
		k, ok := c.Kind(kind)
		if !ok {
			t.Errorf("kind %s is not shipped", kind)
			continue
		}
		if policy == "-" {
			continue
		}
		for _, name := range fields {
			f, ok := fieldOf(k, name)
			stands[kind+"."+name] = true
			if !ok || f.Policy != item.Policy(policy) || f.LockedWhen != locked || f.Source != "S3: "+s3 {
				t.Errorf("%s.%s is %q when %q from %q, S3's row %q says %q when %q", kind, name, f.Policy, f.LockedWhen, f.Source, s3, policy, locked)
			}
		}
	}
	for _, k := range c.Kinds {
		for _, f := range k.Fields {
			if strings.HasPrefix(f.Source, "S3: ") && !stands[k.Name+"."+f.Name] {
				t.Errorf("%s.%s names %q, and the table does not know it", k.Name, f.Name, f.Source)
			}
		}
	}
}

func TestFieldsThatStandForASettingEachAreGrouped(t *testing.T) {
	for _, row := range table(t, "policies.tsv", 5) {
		k, _ := shipped(t).Kind(row[0])
		fields := strings.Fields(row[4])
		if row[2] == "-" || len(fields) < 2 || strings.HasPrefix(fields[1], fields[0]+".") {
			continue
		}
		for _, name := range fields {
			if f, _ := fieldOf(k, name); !strings.Contains(name, ".") && f.Group != row[1] {
				t.Errorf("%s.%s is one of several settings of %q, its group is %q", row[0], name, row[1], f.Group)
			}
		}
	}
}

func TestOperationsAreThoseOfS3(t *testing.T) {
	c := shipped(t)
	listed := map[string]int{}
	for _, row := range table(t, "operations.tsv", 3) {
		k, _ := c.Kind(row[0])
		for _, name := range strings.Fields(row[2]) {
			listed[k.Name]++
			i := slices.IndexFunc(k.Operations, func(o catalog.Operation) bool { return o.Name == name })
			if i < 0 || k.Operations[i].Allowed != (row[1] == "yes") || k.Forbids(name) != (row[1] == "no") {
				t.Errorf("%s: operation %s is not as the table has it (allowed: %s)", k.Name, name, row[1])
			}
		}
	}
	for _, k := range c.Kinds {
		if len(k.Operations) != listed[k.Name] {
			t.Errorf("%s has %d operations, the table %d", k.Name, len(k.Operations), listed[k.Name])
		}
	}
}

func TestMatchesAreThoseOfTheDomain(t *testing.T) {
	c := shipped(t)
	for kind, want := range map[string]catalog.Match{
		"service": {Name: "name", Category: "category"}, "add_on": {Name: "name", Category: "category"},
		"product": {Code: []string{"barcode"}, Name: "name", Category: "category"}, "package": {Name: "name"}, "discount": {Name: "name"}, "vendor": {Name: "name"},
	} {
		k, _ := c.Kind(kind)
		if !slices.Equal(k.Match.Code, want.Code) || k.Match.Name != want.Name || k.Match.Category != want.Category {
			t.Errorf("%s is matched by %+v, want %+v", kind, k.Match, want)
		}
		if k.Active == "" {
			t.Errorf("%s cannot be retired", kind)
		}
	}
	if k, _ := c.Kind("product"); !slices.ContainsFunc(k.Fields, func(f catalog.Field) bool { return f.Name == "stock" && f.Policy == item.Never }) {
		t.Error("a product's stock is the location's own")
	}
}
