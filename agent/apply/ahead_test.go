package apply_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// reading counts the items that are read while the POS waits, and before it does.
type reading struct {
	pos.Connector
	within, before int
	begin          func() // before each transaction
	rest           time.Duration
}

func (r *reading) Rest() time.Duration { return r.rest }

func (r *reading) Read(ctx context.Context, kind string, keys []string) ([]pos.Record, error) {
	r.before += len(keys)
	return r.Connector.Read(ctx, kind, keys)
}

func (r *reading) Begin(ctx context.Context) (pos.Tx, error) {
	if r.begin != nil {
		r.begin()
	}
	tx, err := r.Connector.Begin(ctx)
	return &readingTx{tx, r}, err
}

type readingTx struct {
	pos.Tx
	r *reading
}

func (t *readingTx) Read(ctx context.Context, kind string, keys []string) ([]pos.Record, error) {
	t.r.within += len(keys)
	return t.Tx.Read(ctx, kind, keys)
}

// manyProducts are so many products with a price, at a sync_rev.
func manyProducts(n int, rev int64, price string) []wire.PayloadItem {
	list := make([]wire.PayloadItem, n)
	for i := range list {
		list[i] = put("product", fmt.Sprint("u-", i), fmt.Sprint("Product ", i), rev, field("price", item.MustDecimal(price)))
	}
	return list
}

// What a job changes is read before the POS waits for it.
func TestItemsAreReadBeforeThePOSWaits(t *testing.T) {
	b := newBranch(t, "")
	b.apply(jobNumber(1), payload(manyProducts(100, 1, "1")...), wire.Own{})
	r := &reading{Connector: b.conn}
	b.applier.POS, b.applier.Slice = r, 1
	if got := b.apply(jobNumber(2), payload(manyProducts(100, 2, "2")...), wire.Own{}); got.Counts.Updated != 100 {
		t.Errorf("%+v", got.Counts)
	}
	if r.within > 0 || r.before < 100 {
		t.Errorf("%d items were read while the POS waited, %d before", r.within, r.before)
	}
}

// While the POS is to have its database to itself, the time is used to plan; there is
// an end to it.
func TestMoreIsPlannedWhileThePOSRests(t *testing.T) {
	b := newBranch(t, "")
	b.apply(jobNumber(1), payload(manyProducts(2000, 1, "1")...), wire.Own{})
	for rest, want := range map[time.Duration][2]int{0: {256, 400}, time.Second: {768, 900}} {
		r := &reading{Connector: b.conn, rest: rest}
		planned := 0
		r.begin = func() {
			if planned == 0 {
				planned = r.before
			}
		}
		b.applier.POS = r
		b.apply(jobNumber(rest.Milliseconds()+2), payload(manyProducts(2000, 2, "2")...), wire.Own{})
		if planned < want[0] || planned > want[1] {
			t.Errorf("with %v to rest, %d items were planned before the first slice, want %d to %d", rest, planned, want[0], want[1])
		}
	}
}

// What was read before the POS waited counts only if nobody has written since, not
// even where no trigger saw it.
func TestWhatWasReadAheadIsReadAgainAfterAnotherCommit(t *testing.T) {
	b := newBranch(t, "")
	b.apply(jobNumber(1), payload(manyProducts(100, 1, "1")...), wire.Own{})
	trigger := b.value(`SELECT sql FROM sqlite_master WHERE name = 'plait_update_Item'`)
	r := &reading{Connector: b.conn}
	n := 0
	r.begin = func() {
		if n++; n != 2 {
			return
		}
		b.exec(`DROP TRIGGER plait_update_Item`)
		b.exec(`UPDATE Item SET Price = 7 WHERE Id > 90`)
		b.exec(trigger)
	}
	b.applier.POS, b.applier.Slice = r, 1
	got, err := b.applier.Job(t.Context(), jobNumber(2), payload(manyProducts(100, 2, "2")...), wire.Own{})
	if err != nil {
		t.Fatal(err)
	}
	if kept := b.value(`SELECT count(*) FROM Item WHERE Price = 7`); kept != "10" || got.Counts.Updated != 90 || got.Counts.Kept != 10 {
		t.Errorf("%s prices of the branch's were kept, %+v", kept, got.Counts)
	}
	if r.within == 0 {
		t.Error("nothing was read again")
	}
}
