package configs_test

import (
	"slices"
	"testing"

	"plait/configs"
	"plait/shared/catalog"
	"plait/shared/item"
)

func preset(t *testing.T, name string) (catalog.Preset, *catalog.Catalog) {
	t.Helper()
	all, err := configs.Presets()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p catalog.Preset) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("preset %s is missing", name)
	}
	return all[i], all[i].Over(shipped(t))
}

func TestThePresetsAreThoseOfTheDomain(t *testing.T) {
	all, err := configs.Presets()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
		whole := p.Over(shipped(t))
		if again, err := catalog.Decode(whole.Encode()); err != nil || again.Digest() != whole.Digest() {
			t.Errorf("%s makes a catalogue that nobody can read: %v", p.Name, err)
		}
	}
	if want := []string{"flagship", "mirror", "overwrite"}; !slices.Equal(names, want) || !slices.Contains(want, configs.DefaultPreset) {
		t.Errorf("the presets are %v, want %v", names, want)
	}
}

func TestFlagshipIsTheCatalogueAsItIs(t *testing.T) {
	p, whole := preset(t, "flagship")
	if whole.Digest() != shipped(t).Digest() || p.HeadOfficeOnly || p.NoAdopt {
		t.Error("the flagship preset changes the catalogue")
	}
}

// Overwrite and mirror lock what S3 leaves to a branch, but for what is about the
// branch's own people and rooms, and nothing of either travels that never did.
func TestWhatOverwriteAndMirrorLock(t *testing.T) {
	for name, additive := range map[string]item.Policy{"overwrite": item.Locked, "mirror": item.Additive} {
		_, whole := preset(t, name)
		for _, k := range shipped(t).Kinds {
			now, _ := whole.Kind(k.Name)
			for i, was := range k.Fields {
				check := func(path string, was, now catalog.Field, own bool) {
					t.Helper()
					want := was
					switch {
					case k.Name == "employee", own, was.Ref == "employee", was.Ref == "resource", was.Policy == item.Never:
					case was.Policy == item.Additive:
						want.Policy = additive
					default:
						want.Policy, want.LockedWhen = item.Locked, ""
					}
					if now.Policy != want.Policy || now.LockedWhen != want.LockedWhen {
						t.Errorf("%s: %s is %q when %q, want %q when %q", name, path, now.Policy, now.LockedWhen, want.Policy, want.LockedWhen)
					}
				}
				check(k.Name+"."+was.Name, was, now.Fields[i], false)
				for j, col := range was.Columns {
					check(k.Name+"."+was.Name+"."+col.Name, col, now.Fields[i].Columns[j], was.Ref == "employee" || was.Ref == "resource")
				}
			}
		}
	}
}

// What a preset locks a branch may not be told that it can do, and S3's "can't"
// stays.
func TestPresetsForbidWhatTheyLock(t *testing.T) {
	for name, forbidden := range map[string][]string{
		"mirror":    {"membership activate", "vendor edit", "service edit", "payroll_settings change_commission_rates", "vendor delete"},
		"overwrite": {"discount deactivate", "checkout_settings create_fee", "access_level add_safe_ip", "product delete"},
	} {
		_, whole := preset(t, name)
		for _, k := range whole.Kinds {
			for _, o := range k.Operations {
				if i := slices.Index(forbidden, k.Name+" "+o.Name); i >= 0 {
					forbidden = slices.Delete(forbidden, i, i+1)
					if o.Allowed || o.Note == "" {
						t.Errorf("%s: a branch may %s a %s", name, o.Name, k.Name)
					}
				}
				locks := o.Name == "activate" || o.Name == "deactivate"
				if active, _ := k.Field("active"); locks && o.Allowed && active.Policy == item.Locked {
					t.Errorf("%s: a branch may %s a %s, and its field is locked", name, o.Name, k.Name)
				}
			}
		}
		if len(forbidden) > 0 {
			t.Errorf("%s knows nothing of %v", name, forbidden)
		}
	}
	_, mirror := preset(t, "mirror")
	if k, _ := mirror.Kind("checkout_settings"); k.Forbids("create_fee") {
		t.Error("mirror: a branch's own fees stay, so it may create them")
	}
}

func TestPresetsSayHowItemsAreFound(t *testing.T) {
	if p, _ := preset(t, "mirror"); !p.HeadOfficeOnly || !p.NoAdopt {
		t.Error("mirror: head office alone is copied, and a branch's own items are preserved (S2)")
	}
	if p, _ := preset(t, "overwrite"); p.HeadOfficeOnly || p.NoAdopt {
		t.Error("overwrite: any store may be the master, and equal names are linked (S0)")
	}
}
