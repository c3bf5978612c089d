package cli_test

import (
	"strings"
	"testing"

	"plait/hub/storesync"
)

// The questions about one item, as an operator asks them, with a name that would
// break a terminal.
func TestQuestionsAboutAnItem(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one := h.store("Head Office", "head_office"), h.store("One", "branch")
	hostile := "Acme\x1b[31m\u202e"
	head.uploads("Bolt", hostile)
	one.uploads(hostile, "Rose")

	h.run("item where vendor bolt").done("vendor Bolt", "Head Office", "source")
	h.run("item where vendor bolt --lacking").done("One", "no sync has brought it")
	var where storesync.WherePage
	h.run("item where vendor bolt --field name --limit 1 --json").into(&where)
	if len(where.Stores) != 1 || where.Stores[0].How != storesync.HeldAsSource || *where.Stores[0].Values[0].Value != "Bolt" {
		t.Errorf("it is at %+v", where)
	}
	out := h.run("item where vendor", hostile).done(`Acme\u001b[31m\u202e`)
	if strings.ContainsAny(out.out, "\x1b\u202e") {
		t.Errorf("a name reached the terminal as it is: %q", out.out)
	}
	h.run("item where vendor rose").failed(1, "plait-hub: cannot say which stores have vendor “rose”: store Head Office has no vendor", "(--at)")
	h.run("item where vendor rose --at One").done("vendor Rose", "own")
	h.run("item lag vendor rose --at One --field name").failed(1, "plait-hub: cannot say which stores lag behind with name of vendor “rose”: ", "no sync brings it")
	h.run("item why vendor rose --at One --store One --field name").failed(1, "plait-hub: cannot say why name of vendor “rose” stands as it does: ", "no sync brings it")
	h.run("item where spaceship bolt").failed(1, "no kind")
	h.run("item where vendor").failed(2, "kind and one item")
	h.run("item lag vendor bolt").failed(2, "--field")
	h.run("item lag vendor bolt --field name").done("Bolt at Head Office", "No store has another.")
	h.run("item why vendor bolt --field name").failed(2, "--store")
	h.run("item why vendor bolt --store One --field name").done("Name of vendor Bolt at One", "the store has none, so it is created", "Name comes with the new item")
	var why storesync.Why
	h.run("item why vendor bolt --store One --field name --json").into(&why)
	if why.Action != "create" || why.Now == nil || len(why.Says) == 0 {
		t.Errorf("why: %+v", why)
	}
	h.run("item why vendor bolt --store Nowhere --field name").failed(1, "Nowhere")
	h.run("drift").done("Nothing drifted at any store.")
	h.run("drift One").done("Nothing drifted at One.")
	h.run("drift One --kind spaceship").failed(1, "plait-hub: cannot list the drift of store One: ", "no kind")
	h.run("drift One --after nonsense").failed(1, "no place in the list")
	h.run("drift --kind vendor").failed(2, "need a store")
	h.run("drift One --repaired").done("One has repaired nothing by itself.")
	h.run("drift --repaired").failed(2, "need a store")
	h.run("network set Bella --repair perhaps").failed(2, "on or off")
	h.run("network set Bella --repair on").done("undo drift by themselves")
	h.run("drift Nowhere").failed(1, "Nowhere")
	var drifted storesync.DriftPage
	h.run("drift One --json").into(&drifted)
	if drifted.Store.Name != "One" || drifted.Items == nil {
		t.Errorf("drift: %+v", drifted)
	}
	h.run("setup").done("Nothing needs local setup at any store.")
	h.run("setup One").done("Nothing needs local setup at One.")
	h.run("setup One --after nonsense").failed(1, "plait-hub: cannot say what needs local setup at store One: ", "no place in the list")
	var page storesync.SetupPage
	h.run("setup One --json").into(&page)
	if page.Store.Name != "One" || page.Items == nil {
		t.Errorf("setup: %+v", page)
	}
}
