package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"plait/shared/catalog"
	"plait/shared/item"

	"pgregory.net/rapid"
)

const strict = `preset: strict
title: Strict
help: Head office owns everything.
source: S2
head_office_only: true
no_adopt: true
rules:
  - {kinds: [category], keep: true, note: headings are everybody's}
  - {refers_to: [add_on], keep: true}
  - {policies: [unlocked, additive], become: locked}
forbid: [edit]
`

func shop(t testing.TB) *catalog.Catalog {
	t.Helper()
	more := strings.NewReplacer(
		"operations:", "  ips: {title: IPs, type: rows, key: text, policy: additive}\n  extras: {title: Extras, type: rows, key: reference, ref: add_on, policy: unlocked, columns: {n: {title: N, type: integer}}}\noperations:",
	).Replace(service)
	c, err := catalog.Load(files("service.yaml", more, "add_on.yaml", strings.ReplaceAll(category, "category", "add_on"),
		"category.yaml", strings.Replace(category, "policy: locked", "policy: unlocked", 1), "sale.yaml", sale), "c")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func loadPreset(t testing.TB, text string) (catalog.Preset, error) {
	t.Helper()
	return catalog.LoadPreset(fstest.MapFS{"p/strict.yaml": {Data: []byte(text)}}, "p/strict.yaml", shop(t))
}

func TestPresetSaysWhoseFieldsAre(t *testing.T) {
	p, err := loadPreset(t, strict)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "strict" || p.Title != "Strict" || p.Source != "S2" || !p.HeadOfficeOnly || !p.NoAdopt {
		t.Errorf("%+v", p)
	}
	before := shop(t)
	whole := p.Over(before)
	for path, want := range map[string]item.Policy{
		"category.name": item.Unlocked, "service.name": item.Locked, "service.cleanup_minutes": item.Locked, "service.prices": item.Locked,
		"service.prices.amount": item.Locked, "service.prices.note": item.Locked, "service.ips": item.Locked, "service.number": item.Never,
		"service.extras": item.Unlocked, "service.extras.n": item.Unlocked, "sale.total": item.Never,
	} {
		if f := fieldAt(t, whole, path); f.Policy != want || (f.LockedWhen != "") != (want == item.Never && path == "service.number") {
			t.Errorf("%s is %q when %q, want %q", path, f.Policy, f.LockedWhen, want)
		}
	}
	if k, _ := whole.Kind("service"); !k.Forbids("edit") || !k.Forbids("delete") {
		t.Errorf("operations are %+v", k.Operations)
	}
	if before.Digest() != shop(t).Digest() {
		t.Error("the preset changed the catalogue that it was laid over")
	}
}

func fieldAt(t *testing.T, c *catalog.Catalog, path string) catalog.Field {
	t.Helper()
	parts := strings.Split(path, ".")
	k, _ := c.Kind(parts[0])
	f, ok := k.Field(parts[1])
	if ok && len(parts) == 3 {
		f, ok = f.Column(parts[2])
	}
	if !ok {
		t.Fatalf("there is no %s", path)
	}
	return f
}

func TestLoadPresetNamesLineAndCause(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown key":           {"no_adopt", "noadopt", ":6: unknown key \"noadopt\""},
		"an unknown key of a rule": {"keep: true, note", "keep: true, notes", ":8: rule 1: unknown key \"notes\", did you mean note?"},
		"another name":             {"preset: strict", "preset: loose", ":1: preset loose must stand in a file named loose.yaml"},
		"no name":                  {"preset: strict\n", "", ":1: preset is missing"},
		"no help":                  {"help: Head office owns everything.\n", "", ":1: help is missing"},
		"an unknown kind":          {"kinds: [category]", "kinds: [categry]", ":8: rule 1: unknown kind \"categry\", did you mean category?"},
		"an unknown reference":     {"refers_to: [add_on]", "refers_to: [addon]", ":9: rule 2: unknown kind \"addon\", did you mean add_on?"},
		"an unknown policy":        {"policies: [unlocked, additive]", "policies: [unlockd]", ":10: rule 3: unknown policy \"unlockd\", did you mean unlocked?"},
		"a policy to become":       {"become: locked", "become: lockd", ":10: rule 3: unknown policy \"lockd\", did you mean locked?"},
		"never":                    {"become: locked", "become: never", ":10: rule 3: a field that travels no more"},
		"both":                     {"become: locked", "become: locked, keep: true", ":10: rule 3: a rule says either"},
		"neither":                  {"{refers_to: [add_on], keep: true}", "{refers_to: [add_on]}", ":9: rule 2: a rule says either"},
		"rules that are no list":   {"rules:\n", "rules: {}\nmore:\n", ":7: rules: a list of at most 100 rules"},
		"a rule that is no map":    {"{refers_to: [add_on], keep: true}", "keep", ":9: rule 2: \"key: value\" lines are needed"},
		"an unknown operation":     {"[edit]", "[edits]", ":11: forbid: no kind has the operation \"edits\", did you mean edit?"},
		"two documents":            {"rules:\n", "---\nrules:\n", ":1: more than one document: a file holds one preset"},
		"nothing":                  {strict, "", ":1: the file is empty"},
		"kinds that do not fit":    {"become: locked", "become: additive", "kind service: field cleanup_minutes: additive is for fields of type rows"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(strict, c.old) {
				t.Fatalf("the preset does not hold %q", c.old)
			}
			_, err := loadPreset(t, strings.Replace(strict, c.old, c.new, 1))
			var problems catalog.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("%v is not Problems", err)
			}
			if c.want[0] == ':' {
				c.want = "p/strict.yaml" + c.want
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := catalog.LoadPreset(fstest.MapFS{}, "p/strict.yaml", shop(t)); err == nil {
		t.Error("a file that is not there was loaded")
	}
}

// Whatever the rules, what never travels does not begin to, and what a preset
// leaves is what was there.
func TestPresetsBendNoNever(t *testing.T) {
	c := shop(t)
	known := []item.Policy{item.Locked, item.Unlocked, item.Additive, item.Never}
	rapid.Check(t, func(r *rapid.T) {
		p := catalog.Preset{Name: "p", Source: "S"}
		for range rapid.IntRange(0, 4).Draw(r, "rules") {
			rule := catalog.PresetRule{
				Kinds:    rapid.SliceOfN(rapid.SampledFrom([]string{"service", "category", "sale", "add_on"}), 0, 2).Draw(r, "kinds"),
				RefersTo: rapid.SliceOfN(rapid.SampledFrom([]string{"category", "add_on"}), 0, 1).Draw(r, "refers"),
				Policies: rapid.SliceOfN(rapid.SampledFrom(known), 0, 2).Draw(r, "policies"),
				Keep:     rapid.Bool().Draw(r, "keep"),
			}
			if !rule.Keep {
				rule.Become = rapid.SampledFrom(known[:2]).Draw(r, "become")
			}
			p.Rules = append(p.Rules, rule)
		}
		whole := p.Over(c)
		for i, k := range c.Kinds {
			for j, was := range k.Fields {
				now := whole.Kinds[i].Fields[j]
				if (was.Policy == item.Never) != (now.Policy == item.Never) || (was.Policy == item.Never && was.LockedWhen != now.LockedWhen) {
					r.Fatalf("%s.%s was %s and is %s under %+v", k.Name, was.Name, was.Policy, now.Policy, p.Rules)
				}
				touched := slices.ContainsFunc(p.Rules, func(rule catalog.PresetRule) bool { return !rule.Keep })
				if !touched && now.Policy != was.Policy {
					r.Fatalf("%s.%s changed without a rule that changes anything", k.Name, was.Name)
				}
			}
		}
	})
}

func FuzzLoadPreset(f *testing.F) {
	f.Add([]byte(strict))
	f.Add([]byte("preset: strict\ntitle: T\nhelp: H\n"))
	f.Add([]byte("rules: [a, {kinds: [b]}, [c]]\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := loadPreset(t, string(in))
		if err != nil {
			return
		}
		if _, err := catalog.Decode(p.Over(shop(t)).Encode()); err != nil {
			t.Errorf("%q was loaded, but %v", in, err)
		}
	})
}
