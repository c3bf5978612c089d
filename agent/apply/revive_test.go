package apply_test

import (
	"testing"

	"plait/shared/item"
	"plait/shared/wire"
)

// A POS that marks rows as deleted keeps their codes: the item comes back in its
// row, under the next generation, and is what the source says.
func TestAnItemThatTheBranchHidComesBackInItsRow(t *testing.T) {
	b := newBranch(t, "")
	first := put("product", "u-wax", "Wax", 1, field("barcode", item.MustText("0012")), field("price", item.MustDecimal("5")))
	b.apply(jobNumber(1), payload(first), wire.Own{})
	b.exec("UPDATE Item SET Stock = 7, Deleted = 1")
	second := put("product", "u-wax", "Beeswax", 2, field("barcode", item.MustText("0012")), field("price", item.MustDecimal("6")))
	r := b.apply(jobNumber(2), payload(second), wire.Own{})
	if r.Counts.Created != 1 || r.Counts.Parked != 0 {
		t.Fatalf("%+v", r)
	}
	if got := b.value("SELECT group_concat(Id || ' ' || Name || ' ' || Price || ' ' || Stock || ' ' || Deleted) FROM Item"); got != "1 Beeswax 6 7 0" {
		t.Errorf("in the POS: %s", got)
	}
	it, ok, err := b.box.Latest(t.Context(), "product", "1")
	if err != nil || !ok || it.Deleted || it.Gen != 2 || it.Link == nil || it.Link.UID != "u-wax" {
		t.Errorf("the record holds %+v, %t, %v", it, ok, err)
	}
	if got := b.value("SELECT group_concat(gen || ' ' || dead) FROM (SELECT * FROM plait_links ORDER BY gen)"); got != "1 1,2 0" {
		t.Errorf("its generations are %s", got)
	}
	if again := b.apply(jobNumber(3), payload(second), wire.Own{}); again.Counts.Equal != 1 {
		t.Errorf("the same sync again: %+v", again.Counts)
	}
}

// Who deleted an item is told by what is left of its link: what a sync deleted is
// nobody's drift.
func TestATombstoneTellsWhetherASyncDeletedTheItem(t *testing.T) {
	b := newBranch(t, "")
	b.apply(jobNumber(1), payload(put("category", "u-1", "One", 1), put("category", "u-2", "Two", 1)), wire.Own{})
	b.exec("DELETE FROM Category WHERE Name = 'One'")
	gone := wire.PayloadItem{Op: wire.OpDelete, Kind: "category", UID: "u-2", Name: "Two"}
	if r := b.apply(jobNumber(2), payload(), wire.Own{Items: []wire.PayloadItem{gone}}); r.Counts.Deleted != 1 {
		t.Fatalf("%+v", r)
	}
	for key, holds := range map[string]bool{"1": true, "2": false} {
		it, ok, err := b.box.Latest(t.Context(), "category", key)
		if err != nil || !ok || !it.Deleted || it.Link == nil || it.Link.UID != "u-"+key || it.Link.Holds() != holds {
			t.Errorf("category %s: %+v, %t, %v; want a link that holds: %t", key, it, ok, err, holds)
		}
	}
}
