package cli_test

import (
	"regexp"
	"testing"

	"plait/hub/storesync"
)

// threeStores is a network whose head office has a vendor.
func threeStores(t *testing.T) *hub {
	t.Helper()
	h := newHub(t)
	h.run("network add Bella").done()
	head, one, two := h.store("Head Office", "head_office"), h.store("One", "branch"), h.store("Two", "branch")
	head.uploads("Bolt")
	one.uploads()
	two.uploads()
	return h
}

var digests = regexp.MustCompile(`sync run ([0-9a-f]{64})`)

func digestIn(t *testing.T, r ran) string {
	t.Helper()
	found := digests.FindStringSubmatch(r.done().out)
	if found == nil {
		t.Fatalf("%s names no digest: %s", r.line, r.out)
	}
	return found[1]
}

// Options are saved, listed, tested and run again, and forgotten.
func TestSavedSyncs(t *testing.T) {
	h := threeStores(t)
	h.run("sync saved").done("No sync is saved")
	h.run("sync save prices --all").failed(2, "nothing is selected")
	h.run("sync save prices --kind vendor --all").done(`Saved as "prices": vendor, to every branch.`, `sync test --saved "prices"`)
	h.run("sync save prices --kind vendor --to One").failed(1, "already", "prices")
	h.run("sync save prices --replace --changed-since vendor=last --to One").done("vendor changed since last, to One")
	h.run("sync save nightly --kind vendor --all --schedule midnight").failed(1, "neither cron's five fields")
	h.run("sync save nightly --kind vendor --all --canary One").failed(1, "only a schedule's can be saved")
	h.run("sync save nightly --kind vendor --all --canary One --schedule", "30 3 * * *").done("It runs by itself (30 3 * * *), next at")
	h.run("sync saved").done("prices", "nightly", "30 3 * * *", "every branch")
	h.run("sync saved nightly").done("by administrator", "30 3 * * *")
	h.run("sync saved none").failed(1, `saved sync "none": not found`)

	digest := digestIn(t, h.run("sync test --saved prices").done("Copy 1 Vendors (all, for store “One” was never given all of it)"))
	h.run("sync run --yes "+digest).done("One", "queued")
	h.run("sync test --saved prices").failed(1, "nothing of what is selected")
	var list []storesync.SavedSync
	h.run("sync saved --json").into(&list)
	if len(list) != 2 || list[0].Name != "nightly" || list[0].Due.IsZero() || list[1].Request.Receivers[0] != "One" {
		t.Errorf("saved are %+v", list)
	}
	h.run("sync forget prices").done("was forgotten")
	h.run("sync forget prices").failed(1, "not found")
	h.run("sync test --saved prices").failed(1, "not found")
	h.run("audit --network Bella").done("sync.save", "sync.forget", "administrator")
}

// A sync is sent again to those that missed it.
func TestSyncAgain(t *testing.T) {
	h := threeStores(t)
	digest := digestIn(t, h.run("sync test --kind vendor --all"))
	var y storesync.Sync
	h.run("sync run --yes --json " + digest).into(&y)
	h.run("sync again "+y.ID).failed(1, "no store has missed it")
	h.run("sync retry "+y.ID).failed(1, "cannot try again what was refused: all of it has arrived")
	h.run("sync retry One").failed(1, "cannot try again what was refused: all of it has arrived")
	h.run("sync retry Nobody").failed(1, "store Nobody: not found")
	h.run("sync again none").failed(1, "not found")
	h.run("job cancel " + y.Stores[0].Job).done()
	digest = digestIn(t, h.run("sync again "+y.ID).done("to 1 store (“One”)", "1 created"))
	h.run("sync run --yes "+digest).done("again", "queued")
	h.run("sync again "+y.ID).failed(1, "no store has missed it")
}
