package configs_test

import (
	"slices"
	"strings"
	"testing"

	"plait/shared/catalog"
	"plait/shared/item"
)

// stand says which fields stand for a row of S3, and with which policy.
type stand struct {
	s3Field
	fields []string // "field" or "field.column"; none for a row that is no value
	why    string   // why the policy is not the row's; "" where it is
}

// stands reads which fields stand for which row. A policy that differs from the
// row's must say why, one that does not must not.
func stands(t *testing.T) []stand {
	t.Helper()
	rows := map[[2]string]s3Field{}
	for _, f := range s3Fields(t) {
		rows[[2]string{f.kind, f.name}] = f
	}
	var out []stand
	for _, r := range table(t, "s3-stands.tsv", 6, "") {
		row, ok := rows[[2]string{r[0], r[1]}]
		if !ok {
			t.Fatalf("S3 has no row %q of %s", r[1], r[0])
		}
		s := stand{s3Field: row, fields: strings.Fields(r[2]), why: r[5]}
		if r[2] == "-" {
			s.fields = nil
		}
		if r[3] != "" {
			s.policy, s.lockedWhen = r[3], r[4]
		}
		if differs := s.s3Field != row || s.fields == nil; differs != (s.why != "") {
			t.Errorf("%s, %s: it differs from S3 (%v), and says why: %q", row.kind, row.name, differs, s.why)
		}
		out = append(out, s)
	}
	return out
}

// fieldOf finds "field" or "field.column"; a column has its field's source.
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

func TestEveryRowOfS3HasItsPolicy(t *testing.T) {
	c := shipped(t)
	told := map[[2]string]bool{}
	for _, s := range stands(t) {
		told[[2]string{s.kind, s.name}] = true
		k, ok := c.Kind(s.kind)
		if !ok {
			t.Errorf("kind %s is not shipped", s.kind)
			continue
		}
		for _, name := range s.fields {
			f, ok := fieldOf(k, name)
			if !ok || f.Policy != item.Policy(s.policy) || f.LockedWhen != s.lockedWhen || f.Source != "S3: "+s.name {
				t.Errorf("%s.%s is %q when %q from %q, S3's row %q says %q when %q", s.kind, name, f.Policy, f.LockedWhen, f.Source, s.name, s.policy, s.lockedWhen)
			}
			locked := f.Resolve(func(name string) bool { return name == s.lockedWhen }) == item.Locked
			if want := s.policy == "locked" || s.lockedWhen != ""; locked != want {
				t.Errorf("%s.%s with its switch on is locked: %v, want %v", s.kind, name, locked, want)
			}
		}
	}
	for _, f := range s3Fields(t) {
		if !told[[2]string{f.kind, f.name}] {
			t.Errorf("no field stands for S3's row %q of %s", f.name, f.kind)
		}
	}
}

// No field claims to come from S3 that the table does not know, columns included.
func TestEveryFieldOfS3IsInTheTable(t *testing.T) {
	listed := map[string]bool{}
	for _, s := range stands(t) {
		for _, name := range s.fields {
			listed[s.kind+"."+name] = true
		}
	}
	for _, k := range shipped(t).Kinds {
		for _, f := range k.Fields {
			names := []string{f.Name}
			for _, c := range f.Columns {
				names = append(names, f.Name+"."+c.Name)
			}
			for _, name := range names {
				if strings.HasPrefix(f.Source, "S3: ") && !listed[k.Name+"."+name] {
					t.Errorf("%s.%s names %q, and the table does not know it", k.Name, name, f.Source)
				}
			}
		}
	}
}

// A row that stands for many settings is a group whose members merge one by one.
func TestFieldsThatStandForOneRowAreGrouped(t *testing.T) {
	members := map[[2]string][]string{}
	for _, s := range stands(t) {
		for _, name := range s.fields {
			if row := [2]string{s.kind, s.name}; !strings.Contains(name, ".") {
				members[row] = append(members[row], name)
			}
		}
	}
	for row, fields := range members {
		k, _ := shipped(t).Kind(row[0])
		for _, name := range fields {
			if f, _ := k.Field(name); len(fields) > 1 && f.Group != row[1] {
				t.Errorf("%s.%s is one of several settings of %q, its group is %q", row[0], name, row[1], f.Group)
			}
		}
	}
}

// beyondS3 are operations of S3's kinds that S3 does not name, with the reason.
var beyondS3 = map[string]string{
	"gift_card_image delete": "a location can't make changes to a synced image, and deleting is one",
}

func TestOperationsAreThoseOfS3(t *testing.T) {
	c := shipped(t)
	listed := map[string][]string{}
	for _, o := range s3Operations(t) {
		listed[o.kind] = append(listed[o.kind], o.name)
		k, _ := c.Kind(o.kind)
		i := slices.IndexFunc(k.Operations, func(have catalog.Operation) bool { return have.Name == o.name })
		if i < 0 || k.Operations[i].Allowed != o.allowed || k.Forbids(o.name) == o.allowed || k.Operations[i].Note == "" {
			t.Errorf("%s: operation %s is not as the table has it (allowed: %v), or has no note", o.kind, o.name, o.allowed)
		}
	}
	for kind, names := range listed {
		k, _ := c.Kind(kind)
		for _, o := range k.Operations {
			if beyond := beyondS3[kind+" "+o.Name] != ""; beyond == slices.Contains(names, o.Name) {
				t.Errorf("%s: operation %s, which S3 does not name, or names after all", kind, o.Name)
			}
		}
	}
}
