package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"plait/hub/operator"
	"plait/hub/storesync"
)

func TestNetworksAndStores(t *testing.T) {
	h := newHub(t)
	h.run("network list").done("There is no network yet")
	h.run("store add One").failed(1, "there is no network yet", "plait-hub network add")
	h.run("network add Bella --switch price_sync=on").done(`"Bella" was added`, "price_sync")
	h.run("network add Bella").failed(1, `there is a network called "Bella" already`)
	h.run("network add X --switch speed=on").failed(1, `there is no switch "speed"`, "price_sync")
	h.run("network set Bella --switch price_sync=off").done("changed")
	h.run("network set Bella").failed(2, "nothing to change")

	h.run("store list").done("There is no store yet")
	h.run("store add --role head_office", "Head Office").done(`"Head Office" was added`, "At the store's PC")
	h.run("store add One --label north").done("was added")
	h.run("store add One").failed(1, `has a store called "One" already`)
	h.run("store add Two --role king").failed(1, `no role "king"`)
	h.run("store add", "a\x1b]0;x\a").failed(1, "cannot be shown")
	h.run("store list").done("Head Office", "One", "head_office", "new")
	h.run("store show One").done("Bella/One", "labels", "north", "never")
	h.run("store set One").failed(2, "nothing to change")
	h.run("store set One --label x --no-labels").failed(2, "either labels or none")
	h.run("store set One --label south --label canary").done("One of network Bella has the labels: south, canary")
	h.run("store show One").done("south, canary")
	h.run("store set One --no-labels").done("has the labels: -")
	h.run("store set One --name", "Head Office").failed(1, `has a store called "Head Office" already`)
	h.run("store set One --label north --name One").done("north")
	h.run("store show nope").failed(1, "store nope: not found")
	h.run("store replace One").done("At the store's PC")
	h.run("store link One --role head_office").failed(1, "Head Office is head office of Bella")
	h.run("store link One --role single").done("One is single of network Bella")
	h.run("upload One").failed(1, "has no PC that could upload")
	h.run("audit --network Bella").done("store.link", "administrator", "One")
	h.run("audit").done("network.add", "token.add")
	h.run("health").done("open jobs", "2 new")

	h.run("network add Rival").done()
	h.run("store add One --network Rival").done()
	h.run("store add Three").failed(2, "--network", "Bella, Rival")
	h.run("store show One").failed(1, `"Bella/One" or "Rival/One"`)
	h.run("store show Rival/One").done("Rival/One")
}

func TestEveryCommandPrintsJSON(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	h.store("One", "branch")
	for _, words := range []string{
		"version", "config check", "health", "audit", "network list", "store list", "store show One", "store set One --label north", "store replace One", "store release One",
		"store switch One off", "store switch One on", "store link One --role single", "queue", "queue One", "queue One --all",
		"upload One", "upload One --full", "sync list", "token list", "token add vic", "store revoke One --yes", "network set Bella --switch price_sync=on",
	} {
		var v any
		h.run(words + " --json").into(&v)
	}
	r := h.run("--json store show nope")
	var e struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(r.err), &e); err != nil || r.status != 1 || e.Error.Code != "not_found" {
		t.Errorf("the error is %q, status %d", r.err, r.status)
	}
}

func TestStoreLife(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	one := h.store("One", "branch")
	h.run("store show One").done("enrolled", "PC-1")
	one.uploads("Acme")
	h.run("store show One").done("1 vendor", "9.9", "a POS", "schedule", "ok")
	h.run("store release One").done("release code")
	h.run("upload One --full").done("A full upload of store One runs at its next contact.", "is due")
	h.run("store show One").done("A full upload, asked for by administrator")
	h.run("store switch One sideways").failed(1, "on or off")
	h.run("store switch One off --deliver --cancel").failed(2, "either")
	h.run("store switch One off").done("is off")
	h.run("store switch One on").done("is on")

	h.answer("", "store revoke One").failed(1, "not confirmed", "--yes")
	h.answer("Two\n", "store revoke One").failed(1, "not confirmed")
	h.run("store show One").done("ok")
	h.answer("one\n", "store revoke One").done("was revoked")
	h.run("store show One").done("revoked")
}

// A store that is switched on again gets nothing by itself before somebody has
// looked at a Test of it, or does not want to.
func TestSwitchedOnAgain(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one := h.store("Head Office", "head_office"), h.store("One", "branch")
	head.uploads("Bolt")
	one.uploads("Acme")
	h.run("network set Bella --continuous vendor").done("vendor from Head Office")
	h.run("store show One").done("vendor from Head Office (held: nobody has looked yet at what it brings)")
	h.run("health").done(`Continuous sync of vendor to Bella/One waits for an operator, because nobody has looked yet at what it brings`, `sync review "One"`)
	test := h.run("sync review One").done("Copy 1", "1 created", "To carry it out")
	digest := regexp.MustCompile(`sync run ([0-9a-f]{64})`).FindStringSubmatch(test.out)
	h.run("sync run --yes " + digest[1]).done("queued")
	if health := h.run("health").done(); strings.Contains(health.out, "waits for an operator") {
		t.Errorf("reviewed, and health says %s", health.out)
	}
	h.run("store switch One off --cancel").done("is off")
	h.answer("yes\n", "sync review One --decline").done("Continuous sync goes on to One: vendor.")
	h.run("sync review One --decline --yes").failed(1, "nothing is held there")
	h.run("store switch One on").done("is on", "before you have looked at this Test", "Copy 1", "To carry it out", `sync review "One" --decline`)
	h.run("store switch One off").done("It misses what Head Office changes of vendor from now on.")
	h.answer("", "sync review One --decline").failed(1, "not confirmed")
	h.run("sync review Nobody").failed(1, "Nobody")
}

// A store that is linked is reviewed, and what is decided about its own items is
// kept in the Test.
func TestReviewOfALinkedStore(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one := h.store("Head Office", "head_office"), h.store("One", "branch")
	head.uploads("Bolt", "Acme", "Twin")
	one.uploads("Acme", "Twin", "twin")
	h.run("network set Bella --continuous vendor").done()
	h.run("store link One --role single").done("One is single")
	h.run("sync review One").failed(1, "it a branch first")
	h.run("store link One --role branch").done("Nothing comes to it by itself before it was reviewed")
	h.run("sync review One").done("One: 0 items from Head Office already", "adopt: 1 item", "vendor Acme (a)", "ambiguous: 1 item", "vendor Twin: several items have the name", "create: 1 item", "vendor Bolt")
	h.run("sync review One --list 0").done("… and 1 more")
	test := h.run("sync review One --adopt none --same vendor:Twin=b").done("keep separate: 1 item", "adopt: 1 item", "vendor Twin (b)")
	digest := regexp.MustCompile(`sync run ([0-9a-f]{64})`).FindStringSubmatch(test.out)
	h.run("sync review One --adopt vendor:Acme --adopt vendor:Twin --after " + digest[1]).done("adopt: 2 items")
	h.run("sync run --yes " + digest[1]).done("2 created, 1 adopted")
	h.run("sync review One --same vendor:Twin").failed(2, "KIND:ITEM=")
	h.run("sync review One --adopt vendor:Nobody").failed(1, "nothing to decide")
	h.run("store link Head --role branch").failed(1, "Head")
	h.run("store link One --role single").done()
	h.run("store link --role branch", "Head Office").done("before it was reviewed")
	h.run("store link One --role head_office").done("before all branches were reviewed")
	h.run("item same product").done("None is.")
	uid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(h.run("item same vendor").done("Twin", "One", "administrator").out)
	h.run("item apart vendor "+digest[1]).failed(1, "item same vendor lists them")
	h.run("item apart vendor "+uid).done("vendor Twin is no longer the same as Twin.", "its Test says which.")
	h.run("item same vendor").done("None is.")
	h.run("audit --network Bella").done("item.same", "item.apart", "store.link")
}

// Policies are tested before they change, and what touches nothing is set at once.
func TestPolicies(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head := h.store("Head Office", "head_office")
	h.store("One", "branch")
	head.uploads("Bolt")
	h.run("policy test service.price locked").done("service.price is locked, it was unlocked.", "touches nothing", "policy set")
	h.run("policy set service.price locked").done("service.price is locked, whatever the preset says.")
	h.run("network list --json").done(`"service.price": "locked"`)
	h.run("policy set service.price locked").failed(1, "nothing would change")
	h.run("policy set service.price default").done("was changed")
	h.run("policy test --switch price_sync=on").done("service.price is locked")
	h.run("policy test service.price").failed(2, "by turns")
	h.run("policy test").failed(2, "nothing to change")
	h.run("policy test service.price sometimes").failed(1, "locked, unlocked, additive, never, default")
	h.run("policy test service.name never").failed(1, "plait-hub: cannot make service.name never: it is the name by which a first sync finds items of service", "locked or unlocked")
	h.run("policy set service.price never").failed(1, "plait-hub: cannot make service.price never: the switch price_sync needs it", "locked, or default")
	h.run("policy test service.suggested_add_ons never").failed(1, "the other end of add_on.assigned_services", "change them together")
	h.run("policy test service.suggested_add_ons never add_on.assigned_services never").done("service.suggested_add_ons is never")
	h.run("policy test service.description never").done("service.description is never, it was locked.", "touches nothing")
	h.run("policy set service.description never --stops 3").failed(1, "in 0 items")
	h.run("policy set service.description never").done("service.description is never, whatever the preset says.")
	h.run("policy set service.description default").done("was changed")
	h.run("policy test service.nothing locked").failed(1, "has no field")
	h.run("policy test nothing.price locked").failed(1, "no kind")
	h.run("policy test service.price additive").failed(1, "cannot make service.price additive: only a list")
	h.run("policy run "+strings.Repeat("0", 64)).failed(1, "expired")
	h.run("audit --network Bella").done("policy.set")
}

// The whole of a sync at the hub: tested, confirmed in words, run, looked at and
// cancelled; with an item whose name would break a terminal.
func TestSync(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one := h.store("Head Office", "head_office"), h.store("One", "branch")
	h.run("sync test --kind vendor --all").failed(1, "has not uploaded yet")
	hostile := "Acme\x1b[31m\u202e"
	head.uploads("Bolt", hostile)
	one.uploads(hostile)

	h.run("sync test --all").failed(2, "nothing is selected")
	for _, flag := range []string{"search", "category", "changed-since", "only"} {
		h.run("sync test --all --"+flag+" service=active --"+flag+" service=inactive").failed(2, "--"+flag+" service=inactive", "already (active)", "once a kind")
	}
	h.run("sync test --name vendor --all").failed(2, "kind=name")
	h.run("sync test --kind vendr --all").failed(1, "vendr")
	h.run("sync test --kind vendor --all --restrictions maybe").failed(2, "--restrictions maybe: it is yes or no")
	h.run("sync test --kind vendor --all --prices maybe").failed(1, "it is network, yes or no")
	var asked struct{ Plan storesync.Plan }
	h.run("sync test --kind vendor --all --prices no --restrictions no --json").into(&asked)
	if o := asked.Plan.Request.Options; o.Prices != storesync.PricesNo || !o.NoRestrictions {
		t.Errorf("the flags ask for %+v", o)
	}
	test := h.run("sync test --kind vendor --all").done("Head Office", "One", "1 created", "1 adopted", `Acme\u001b[31m\u202e`)
	if strings.ContainsAny(test.out, "\x1b\u202e") {
		t.Errorf("a name reached the terminal as it is: %q", test.out)
	}
	digest := regexp.MustCompile(`sync run ([0-9a-f]{64})`).FindStringSubmatch(test.out)
	if digest == nil {
		t.Fatalf("the Test names no digest: %s", test.out)
	}
	h.run("sync detail "+digest[1]+" One").done("One: 2 items", "adopt  vendor Acme\\u001b[31m\\u202e", "the store has none, so it is created", "Name", "Bolt")
	h.run("sync detail " + digest[1] + " One --limit 1").done("More: plait-hub sync detail " + digest[1] + " \"One\" --after 0")
	h.run("sync detail " + digest[1] + " One --item Bolt --kind vendor --action adopt").done("One: 0 items")
	h.run("sync detail "+digest[1]+" Nowhere").failed(1, "Nowhere")
	h.run("sync test --kind vendor --all --item bolt --detail", "One").done("One: 1 item.", "create  vendor Bolt")
	h.run("sync run "+strings.Repeat("0", 64)).failed(1, "expired")
	h.answer("no\n", "sync run "+digest[1]).failed(1, "not confirmed")
	h.run("queue").done("No job is open.")
	ran := h.answer("yes\n", "sync run "+digest[1])
	ran.done("Head Office", "One", "queued")
	if !strings.Contains(ran.err, "Copy 2") {
		t.Errorf("it was confirmed without words: %q", ran.err)
	}
	h.run("sync run --yes " + digest[1]).done("queued") // the same again queues nothing twice

	var jobs []operator.Job
	h.run("queue One --json").into(&jobs)
	if len(jobs) != 1 || jobs[0].State != "queued" || jobs[0].By != "administrator" {
		t.Fatalf("the queue is %+v", jobs)
	}
	h.run("job show "+jobs[0].ID).done("queued", "administrator")
	h.run("store switch One off").failed(1, "a job is open")
	h.answer("one\n", "store revoke Head Office").failed(2, "one store")
	var list []storesync.Sync
	h.run("sync list --json").into(&list)
	if len(list) != 1 || list[0].States["queued"] != 1 {
		t.Fatalf("the syncs are %+v", list)
	}
	h.run("sync show " + list[0].ID).done("Run by administrator")
	h.run("sync cancel " + list[0].ID).done("cancelled")
	h.run("job cancel " + jobs[0].ID).done("was cancelled")
	h.run("queue").done("No job is open.")
	h.run("queue One --all").done("cancelled")
	h.run("audit --network Bella").done("sync.run", "job.cancel")
	h.run("job show none").failed(1, "job none: not found")
	h.run("sync show none").failed(1, "not found")
}

// What a sync brings, to whom, and what it costs: by flags.
func TestSyncSelectionAndResets(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one, two := h.store("Head Office", "head_office"), h.store("One", "branch"), h.store("Two", "branch")
	head.uploads("Bolt", "Cord")
	one.uploads()
	two.uploads("bolt")
	h.run("store set One --label north").done()
	h.run("sync test --changed-since vendor=last --to north").done("Copy 2 Vendors (all, for store “One” was never given all of it)", "1 store")
	h.run("sync test --changed-since vendor=2999-01-01 --all").failed(1, "nothing of what is selected")
	h.run("sync test --changed-since vendor=soon --all").failed(1, "no date or time")
	h.run("sync test --changed-since vendor --all").failed(2, "--changed-since vendor: write it as kind=DATE, or kind=last")
	h.run("sync test --only vendor=inactive --all").failed(1, "nothing of what is selected")
	h.run("sync test --only vendor=old --all").failed(1, "it is active or inactive")
	h.run("sync test --kind vendor --reset vendor.account_number --all").failed(1, "no field that travels")
	h.run("sync test --kind vendor --reset name --all").failed(1, "kind.field")
	h.run("sync test --kind vendor --to Two").done("Vendor Name stays “bolt”")
	test := h.run("sync test --kind vendor --reset vendor.name --to Two").done("1 value that stores chose", "It loses 1 value that it chose", "bolt")
	digest := regexp.MustCompile(`sync run ([0-9a-f]{64})`).FindStringSubmatch(test.out)[1]
	h.run("sync run --yes "+digest).failed(1, "resets 1 value")
	h.answer("2\nyes\n", "sync run "+digest).failed(1, "not confirmed")
	h.answer("1\nyes\n", "sync run "+digest).done("Two", "queued")
	h.run("sync run --yes --resets 1 " + digest).done("queued")
	h.run("sync test --kind vendor --to south").failed(1, `no store or label "south"`)
}

// Canaries first, then a halt, and a person's word; and a sync that waits for its
// time.
func TestSyncWaves(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one, two := h.store("Head Office", "head_office"), h.store("One", "branch"), h.store("Two", "branch")
	head.uploads("Bolt")
	one.uploads()
	two.uploads()
	h.run("store set One --label pilot").done()
	test := func(flags string) string {
		t.Helper()
		var out struct{ Plan storesync.Plan }
		h.run("sync test --json --kind vendor --all " + flags).into(&out)
		return out.Plan.Digest
	}
	digest := test("")
	h.run("sync run --yes --canary nobody "+digest).failed(1, `called or labelled "nobody"`)
	h.run("sync run --yes --halt-after 2 "+digest).failed(1, "nothing could halt it")
	h.run("sync run --yes --canary pilot "+digest).done("1 of 2 waves are queued", "It waits: wave 2 of 2", "1 (canary)", "wave 2 of 2")
	var list []storesync.Sync
	h.run("sync list --json").into(&list)
	id := list[0].ID
	h.run("sync list").done("running", "1 queued")
	h.run("sync continue " + id).done("2 of 2 waves are queued")
	h.run("sync list").done("done", "2 queued")
	h.run("sync continue "+id).failed(1, "does not wait for a person: all its jobs are queued")
	h.run("sync cancel " + id).done("cancelled")

	digest = test("")
	h.run("sync run --yes --canary pilot " + digest).done("1 of 2 waves are queued")
	var jobs []operator.Job
	h.run("queue One --json").into(&jobs)
	h.run("job cancel " + jobs[0].ID).done()
	h.run("sync run --yes "+digest).done("! It has halted: 1 store did not apply it as foreseen: “One”", "sync continue")
	h.run("health").done(`has halted: see`)
	h.run("sync list --json").into(&list)
	h.run("sync cancel " + list[0].ID).done("It has ended: administrator ended it with 1 of 2 waves queued")
	if out := h.run("health").done().out; strings.Contains(out, "halted") {
		t.Errorf("an ended sync still worries somebody: %s", out)
	}

	h.run("sync test --kind vendor --all --apply-from soon").failed(1, "no date or time")
	h.run("sync test --kind vendor --all --apply-from 2999-01-01").failed(1, "more than a year ahead")
	at := time.Now().Add(48 * time.Hour).Format("2006-01-02")
	h.run("sync run --yes "+test("--apply-from "+at)).done("It is queued at "+at, "It waits: it is queued at "+at)
	h.run("queue").done("No job is open.")
	h.run("sync list --json").into(&list)
	h.run("sync cancel " + list[0].ID).done("It has ended: administrator ended it with 0 of 1 waves queued")
	h.run("audit --network Bella").done("sync.continue", "sync.end", "administrator")
}

func TestSyncRequestFile(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	head, one := h.store("Head Office", "head_office"), h.store("One", "branch")
	head.uploads("Bolt")
	one.uploads()
	file := writeFile(t, "request.json", `{"source":"Head Office","kinds":[{"kind":"vendor","names":["Bolt"]}],"receivers":["One"]}`)
	h.run("sync test --request", file).done("1 created")
	h.run("sync test --request", filepath.Join(t.TempDir(), "none.json")).failed(1, "none.json")
}

func TestTokensAndRoles(t *testing.T) {
	h := newHub(t)
	h.run("network add Bella").done()
	var made operator.MadeToken
	h.run("token add vic --network Bella --json").into(&made)
	file := writeFile(t, "vic.token", made.Secret)
	h.run("store list --token-file", file).done("There is no store yet")
	h.run("store add One --token-file", file).failed(1, "takes the role admin, and vic has viewer")
	h.run("token list").done("vic", "viewer", "Bella", "whole hub")
	h.run("token revoke " + made.ID).done("was revoked")
	h.run("store list --token-file", file).failed(1, "was taken back")
	h.run("token add x --role king").failed(1, "no role")
	h.run("token revoke none").failed(1, "not found")
	if runtime.GOOS != "windows" {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		h.run("store list --token-file", file).failed(1, "chmod 600")
	}
}

func TestFindingTheHub(t *testing.T) {
	h := newHub(t)
	token, ca := filepath.Join(h.data, "admin.token"), filepath.Join(h.data, "ca.pem")
	far := func(args ...string) ran { return run(t, "", nil, append([]string{"network", "list"}, args...)...) }
	far("--hub", h.url, "--token-file", token, "--ca", ca).done()
	far("--hub", h.url, "--token-file", token).failed(1, "cannot trust the hub", "--ca")
	far("--hub", h.url).failed(2, "--token-file")
	far("--hub", "http://hub.example", "--token-file", token).failed(2, "https")
	far("--hub", "hub.example", "--token-file", token).failed(2, "https://host:port")
	far("--hub", "https://127.0.0.1:1", "--token-file", token).failed(1, "cannot reach the hub at 127.0.0.1:1")
	far("--data", t.TempDir()).failed(1, "cannot find a hub", "plait-hub serve")
	far("--hub", h.url, "--token-file", token, "--ca", token).failed(1, "holds no certificate")
	run(t, "", []string{"PLAIT_HUB_URL=" + h.url, "PLAIT_HUB_TOKEN_FILE=" + token, "PLAIT_HUB_CA=" + ca}, "network", "list").done()
}

func TestCommandLine(t *testing.T) {
	run(t, "", nil, "version").done("1.2.3")
	run(t, "", nil).done("Usage:")
	run(t, "", nil, "frob").failed(2, `no command "frob"`)
	run(t, "", nil, "store", "frob").failed(2, `no command "frob"`)
	run(t, "", nil, "store", "show").failed(2, "one store")
	run(t, "", nil, "store", "list", "--frob").failed(2, "--frob")
	for _, many := range []string{"drift", "setup", "queue", "sync saved"} {
		run(t, "", nil, append(strings.Fields(many), "One", "Two")...).failed(2, "at most: see `plait-hub "+many+" --help`")
	}
	run(t, "", nil, "sync", "save", "prices", "--details", "3").failed(2, "--details")
	run(t, "", nil, "network", "add", "Bella", "--shipped-kinds").failed(2, "--shipped-kinds")
}

// What a flag takes is named where it is described.
func TestHelpNamesWhatFlagsTake(t *testing.T) {
	run(t, "", nil, "--help").done("--data FOLDER", "$PLAIT_HUB_DATA", "$PLAIT_HUB_URL", "$PLAIT_HUB_TOKEN_FILE", "$PLAIT_HUB_CA")
	run(t, "", nil, "sync", "test", "--help").done("--saved NAME ", "--name KIND=NAME ", "--to STORE|LABEL ", "--from STORE ")
	run(t, "", nil, "sync", "show", "--help").done("plait-hub sync show SYNC")
	run(t, "", nil, "sync", "show").failed(2, "one sync")
	run(t, "", nil, "policy", "test", "--help").done("--preset PRESET ", "flagship, mirror, overwrite")
	run(t, "", nil, "serve", "--help").done("--time-zone string ")
}

func TestConfigCheck(t *testing.T) {
	run(t, "", nil, "config", "check", "--config", "../../configs/hub.example.yaml").done("The settings are right.", "hub.example.com")
	bad := writeFile(t, "hub.yaml", "listen: :8443\nnmaes: [x]\nlog:\n  level: loud\n")
	run(t, "", nil, "config", "check", "--config", bad).failed(1, `hub.yaml:2: there is no setting "nmaes"; did you mean "names"?`)
	run(t, "", nil, "serve", "--config", bad).failed(1, "hub.yaml:2")
	if runtime.GOOS != "windows" {
		open := t.TempDir()
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
		run(t, "", nil, "config", "check", "--config", writeFile(t, "hub.yaml", ""), "--data", open).failed(1, "chmod o-w")
	}
}

func TestPresets(t *testing.T) {
	h := newHub(t)
	h.run("network add Mirrored --preset mirror").done(`"Mirrored" was added`, "mirror")
	h.run("network add X --preset mirrored").failed(1, `there is no preset "mirrored"`, "flagship, mirror, overwrite")
	h.run("network set Mirrored --preset overwrite --sources head_office").done("overwrite", "Only head office may be the source")
	h.run("network set Mirrored --sources all").failed(2, "head_office or any")
	h.run("network add --help").done("mirror     Branches get copies", "named has flagship")
}

func TestOwnKinds(t *testing.T) {
	h := newHub(t)
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("poster.yaml", "kind: poster\ntitle: Posters\nhelp: What hangs in the window.\nmatch: {name: name}\nfields:\n  name: {title: Name, type: text, policy: lokced}\n")
	h.run("network add Bella --catalog", dir).failed(1, "poster.yaml", "lokced")
	write("poster.yaml", "kind: poster\ntitle: Posters\nhelp: What hangs in the window.\nmatch: {name: name}\nfields:\n  name: {title: Name, type: text, policy: locked}\n")
	h.run("network add Bella --catalog", dir).done("poster")
	before := h.run("network list --json").out
	h.run("network set Bella --shipped-kinds").done()
	if after := h.run("network list --json").out; strings.Contains(after, "poster") || after == before {
		t.Errorf("the network's own kinds are still there: %s", after)
	}
}
