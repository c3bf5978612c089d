package outbox_test

import (
	"fmt"
	"slices"
	"testing"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/wire"
)

func repairOf(key, refused string) outbox.Repair {
	return outbox.Repair{Repair: wire.Repair{ID: "r-" + key, Kind: "service", Key: key, UID: "u", Refused: refused}, Gen: 1, Seen: "s", Times: 1}
}

// What was repaired is forgotten once the hub knows of it; what was refused stays,
// until nothing is repaired any more.
func TestRepairsUntilTheyAreTold(t *testing.T) {
	a := newAgent(t)
	states := func(when string, want ...int) {
		t.Helper()
		for state, n := range want {
			list, err := a.Repairs(t.Context(), state, 10)
			if err != nil || len(list) != n {
				t.Errorf("%s there are %d in state %d, want %d (%v)", when, len(list), state, n, err)
			}
		}
	}
	set := func(state int, r outbox.Repair) {
		t.Helper()
		if err := a.SetRepair(t.Context(), state, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.SetRepairRule(t.Context(), outbox.RepairRule{Kinds: []string{"service"}, UpTo: 7}); err != nil {
		t.Fatal(err)
	}
	set(outbox.RepairBegun, repairOf("1", ""))
	set(outbox.RepairDone, repairOf("2", ""))
	set(outbox.RepairDone, repairOf("3", "the drawer is locked"))
	states("at first", 1, 2, 0)
	told, err := a.Repairs(t.Context(), outbox.RepairDone, 10)
	if err != nil {
		t.Fatal(err)
	}
	since := repairOf("2", "")
	since.ID, since.Times = "r-again", 2
	set(outbox.RepairDone, since) // while the hub was told
	if err := a.RepairsTold(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	states("once told", 1, 1, 1)
	a.reopen()
	if r, ok, err := a.RepairOf(t.Context(), item.ID{Kind: "service", Key: "2", Gen: 1}); err != nil || !ok || r.ID != "r-again" || r.Times != 2 {
		t.Errorf("what came meanwhile is %+v, %t, %v", r, ok, err)
	}
	if refused, err := a.RefusedRepairs(t.Context(), 10); err != nil || len(refused) != 1 || refused[0].Key != "3" || refused[0].State != outbox.RepairTold {
		t.Errorf("refused: %+v, %v", refused, err)
	}
	if rule, err := a.RepairRule(t.Context()); err != nil || rule.UpTo != 7 || len(rule.Kinds) != 1 {
		t.Errorf("the rule: %+v, %v", rule, err)
	}
	if err := a.SetRepairRule(t.Context(), outbox.RepairRule{}); err != nil {
		t.Fatal(err)
	}
	states("where nothing is repaired", 1, 1, 0)
	if err := a.DropRepair(t.Context(), since.Identity()); err != nil {
		t.Fatal(err)
	}
	states("and one forgotten", 1, 0, 0)
}

// What was refused is listed though more was repaired than a list may hold, and what
// is told already as what is not.
func TestRefusedRepairsAmongMany(t *testing.T) {
	a := newAgent(t)
	set := func(state int, r outbox.Repair) {
		t.Helper()
		if err := a.SetRepair(t.Context(), state, r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		set(outbox.RepairDone, repairOf(fmt.Sprintf("1%02d", i), ""))
	}
	set(outbox.RepairBegun, repairOf("200", "not yet"))
	for i := range 4 {
		set([]int{outbox.RepairDone, outbox.RepairTold}[i%2], repairOf(fmt.Sprintf("3%02d", i), "the drawer is locked"))
	}
	for limit, want := range map[int][]string{3: {"300", "301", "302"}, 9: {"300", "301", "302", "303"}} {
		list, err := a.RefusedRepairs(t.Context(), limit)
		var keys []string
		for _, r := range list {
			keys = append(keys, r.Key)
		}
		if err != nil || !slices.Equal(keys, want) {
			t.Errorf("of %d refused: %v, %v, want %v", limit, keys, err, want)
		}
	}
}
