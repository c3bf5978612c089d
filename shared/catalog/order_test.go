package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"plait/shared/catalog"
)

// web makes kinds from lines such as "a: locked b, unlocked c".
func web(t *testing.T, text string) (*catalog.Catalog, error) {
	t.Helper()
	out := fstest.MapFS{}
	for line := range strings.Lines(text) {
		name, refs, _ := strings.Cut(strings.TrimSpace(line), ":")
		file := "kind: " + name + "\ntitle: T\nhelp: H\nfields:\n  name: {title: Name, type: text, policy: locked}\n"
		for i, ref := range strings.Split(refs, ",") {
			if policy, target, ok := strings.Cut(strings.TrimSpace(ref), " "); ok {
				file += "  f" + strings.Repeat("x", i) + ": {title: F, type: reference, ref: " + target + ", policy: " + policy + "}\n"
			}
		}
		out["c/"+name+".yaml"] = &fstest.MapFile{Data: []byte(file)}
	}
	return catalog.Load(out, "c")
}

func TestOrderPutsPrerequisitesFirst(t *testing.T) {
	c, err := web(t, "a: locked b, unlocked e\nb: locked c\nc:\nd: unlocked a, locked d\ne: locked a\nf: never d")
	if err != nil {
		t.Fatal(err)
	}
	got := c.Order([]string{"f", "e", "d", "c", "b", "a", "a", "zzz", "aaa"})
	if want := []string{"c", "b", "f", "a", "d", "e", "aaa", "zzz"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := c.Order([]string{"a", "c"}); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("what is not asked for counts: %v", got)
	}
}

func TestLoadRefusesCirclesOfLockedReferences(t *testing.T) {
	_, err := web(t, "a: locked b\nb: locked c\nc: locked a\nd: locked a, locked d")
	if err == nil || !strings.Contains(err.Error(), "c/a.yaml:4: kinds that need each other first can never be created: a → b → c → a") || strings.Contains(err.Error(), "d.yaml") {
		t.Errorf("%v", err)
	}
	if _, err := web(t, "a: locked b\nb: unlocked a"); err != nil {
		t.Errorf("a circle that can be cut: %v", err)
	}
}
