package catalog_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"plait/shared/catalog"
	"plait/shared/item"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(files(), "c")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEncodeHasTheseBytes(t *testing.T) {
	c, err := catalog.Load(fstest.MapFS{"c/category.yaml": {Data: []byte(category)}}, "c")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"kinds":[{"name":"category","title":"Categories","help":"What services are sorted by.","direction":"sync","match":{"name":"name"},"fields":[{"name":"name","title":"Name","type":"text","policy":"locked"}]}]}` + "\n"
	if diff := cmp.Diff(want, string(c.Encode())); diff != "" {
		t.Error(diff)
	}
	if sum := sha256.Sum256([]byte(want)); c.Digest() != hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s", c.Digest())
	}
}

func TestDecodeUndoesEncode(t *testing.T) {
	c := load(t)
	got, err := catalog.Decode(c.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Error(diff)
	}
	backwards := &catalog.Catalog{Kinds: []catalog.Kind{c.Kinds[1], c.Kinds[0]}}
	if backwards.Digest() != c.Digest() {
		t.Error("the digest depends on the order of the kinds")
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := string(load(t).Encode())
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, in := range map[string]string{
		"nothing": "", "rubbish after": good + "x", "an unknown key": change(`"kinds"`, `"kind"`),
		"an unknown policy": change(`"policy":"locked"`, `"policy":"open"`), "an unknown kind": change(`"ref":"category"`, `"ref":"categories"`),
		"a kind twice": change(`"name":"service"`, `"name":"category"`), "a field twice": change(`"name":"code"`, `"name":"name"`),
		"no policy": change(`"policy":"locked"`, `"policy":""`),
	} {
		if _, err := catalog.Decode([]byte(in)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	var problems catalog.Problems
	if _, err := catalog.Decode([]byte(change(`"type":"bool"`, `"type":"boole"`))); !errors.As(err, &problems) || !strings.Contains(err.Error(), "kind service: field active: unknown type") {
		t.Errorf("%v", err)
	}
}

func TestOverlayReplacesKindsByName(t *testing.T) {
	base := load(t)
	own := fstest.MapFS{
		"own/service.yaml": {Data: []byte(strings.Replace(service, "title: Services", "title: Treatments", 1))},
		"own/tool.yaml":    {Data: []byte(strings.NewReplacer("kind: category", "kind: tool", "type: text, policy", "type: reference, ref: service, policy", "match: {name: name}\n", "").Replace(category))},
	}
	c, err := catalog.LoadOver(base, own, "own")
	if err != nil {
		t.Fatal(err)
	}
	if k, _ := c.Kind("service"); k.Title != "Treatments" || len(c.Kinds) != 3 || c.Kinds[2].Name != "tool" {
		t.Errorf("%+v", c.Kinds)
	}
	if k, _ := base.Kind("service"); k.Title != "Services" || len(base.Kinds) != 2 {
		t.Error("the base was changed")
	}
	if _, err := catalog.Load(own, "own"); err == nil {
		t.Error("kinds that refer to the base were loaded without it")
	}
}

func TestResolveAppliesSwitches(t *testing.T) {
	c := load(t)
	k, _ := c.Kind("service")
	on := func(name string) func(string) bool { return func(s string) bool { return s == name } }
	for _, x := range []struct {
		field, on string
		want      item.Policy
	}{
		{"prices", "", item.Unlocked}, {"prices", "price_sync", item.Locked}, {"prices", "shared_number", item.Unlocked},
		{"number", "", item.Never}, {"number", "shared_number", item.Locked}, {"name", "price_sync", item.Locked},
	} {
		f, _ := k.Field(x.field)
		if got := f.Resolve(on(x.on)); got != x.want {
			t.Errorf("%s with %q on is %s, want %s", x.field, x.on, got, x.want)
		}
	}
	if !k.Forbids("delete") || k.Forbids("edit") || k.Forbids("dance") {
		t.Error("operations: only delete is forbidden")
	}
}
