package postest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// Run states the connector's contract, one subtest a promise.
func Run(t *testing.T, factory Factory) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Bench)
	}{
		{"install and uninstall", testInstall},
		{"a foreign store's tables are emptied", testForeign},
		{"capture", testCapture},
		{"done stays done", testDone},
		{"what was taken is left out", testTaken},
		{"late commits", testLateCommits},
		{"a snapshot is of one moment", testMoment},
		{"a snapshot is of the mark's history", testHistory},
		{"prune spares the marks", testPrune},
		{"a link goes over only where capture says so", testLinkGoesOver},
		{"an older record's mark is none once changes behind it are gone", testOlderMark},
		{"epochs", testEpochs},
		{"apply", testApply},
		{"apply rows", testApplyRows},
		{"rollback", testRollback},
		{"data errors undo their statement alone", testDataErrors},
		{"statements that stand or fall together", testTogether},
		{"items that are made together", testInsertAll},
		{"where the database stands", testStand},
		{"items that are changed together", testUpdateAll},
		{"the newest change row", testNewest},
		{"delete", testDelete},
		{"restore", testRestore},
		{"revive", testRevive},
		{"receipts", testReceipts},
		{"finished receipts", testReceiptList},
		{"links", testLinks},
		{"settling keeps a living link", testSettling},
		{"changes done in a transaction", testTxDone},
		{"referred", testReferred},
		{"upload-only kinds have no generation", testUploadOnly},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, factory(t)) })
	}
	sqlOnly(t, factory)
}

func testInstall(t *testing.T, b Bench) {
	c := b.Connector
	if _, err := c.Meta(t.Context()); !errors.Is(err, pos.ErrAbsent) {
		t.Errorf("Meta before Install: %v, want ErrAbsent", err)
	}
	if _, err := c.Begin(t.Context()); !errors.Is(err, pos.ErrAbsent) {
		t.Errorf("Begin before Install: %v, want ErrAbsent", err)
	}
	in := install(t, b)
	if !in.Fresh || in.Store != "store-1" || in.Epoch == "" || len(in.Triggers) == 0 {
		t.Errorf("first install: %+v", in)
	}
	again := install(t, b)
	if again.Fresh || len(again.Triggers) > 0 || again.Meta != in.Meta {
		t.Errorf("second install: %+v, want nothing done", again)
	}
	if err := c.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resumed := install(t, b); len(resumed.Triggers) == 0 || resumed.Meta != in.Meta {
		t.Errorf("install after a pause: %+v", resumed)
	}
	for range 2 {
		if err := c.Uninstall(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Snapshot(t.Context(), pos.Ask{Limit: 10}); !errors.Is(err, pos.ErrAbsent) {
		t.Errorf("Snapshot after Uninstall: %v, want ErrAbsent", err)
	}
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("Hair"))})
}

func testForeign(t *testing.T, b Bench) {
	first := install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("Hair"))})
	in, err := b.Connector.Install(t.Context(), "store-2")
	if err != nil {
		t.Fatal(err)
	}
	if in.Foreign != "store-1" || in.Store != "store-2" || in.Epoch == first.Epoch {
		t.Errorf("got %+v, want store-1 named and a new epoch", in)
	}
	if list := pending(t, b.Connector); len(list) != 0 {
		t.Errorf("the other store's changes are pending: %v", list)
	}
}

func testCapture(t *testing.T, b Bench) {
	missed, left := Capture(t, b, 7, 300, CaptureOptions{})
	if len(missed)+len(left) > 0 {
		t.Errorf("not captured:\n%s\nafter comparison:\n%s", strings.Join(missed, "\n"), strings.Join(left, "\n"))
	}
}

func testDone(t *testing.T, b Bench) {
	install(t, b)
	for _, key := range []string{"1", "2", "3"} {
		b.Do(t, Op{Verb: Put, Kind: "category", Key: key, Fields: fields("name", text(key))})
	}
	list := pending(t, b.Connector)
	if len(list) != 3 || list[0].Seq >= list[1].Seq || list[0].Key != "1" || list[0].Op != pos.Insert {
		t.Fatalf("pending: %+v", list)
	}
	done(t, b.Connector, list[1:2])
	if rest := pending(t, b.Connector); len(rest) != 2 || rest[0].Key != "1" || rest[1].Key != "3" {
		t.Errorf("pending after the second was done: %+v", rest)
	}
	if one := look(t, b.Connector, pos.Ask{Limit: 1}).Changes; len(one) != 1 || one[0].Key != "1" {
		t.Errorf("the oldest one: %+v", one)
	}
	done(t, b.Connector, list)
	if rest := pending(t, b.Connector); len(rest) != 0 {
		t.Errorf("pending after all were done: %+v", rest)
	}
}

// testTaken reads five changes by twos before any is done, then does all at once.
func testTaken(t *testing.T, b Bench) {
	install(t, b)
	for round := range 2 {
		for n := range 5 {
			b.Do(t, Op{Verb: Put, Kind: "category", Key: fmt.Sprint(n), Fields: fields("name", text(fmt.Sprint(round)))})
		}
		var taken []pos.Change
		for more := true; more; {
			snap := look(t, b.Connector, pos.Ask{Taken: taken, Limit: 2})
			taken, more = append(taken, snap.Changes...), snap.More
		}
		keys := ""
		for _, ch := range taken {
			keys += ch.Key
		}
		if keys != "01234" {
			t.Errorf("round %d: taken %q, want each once and in order", round, keys)
		}
		done(t, b.Connector, taken)
		if rest := pending(t, b.Connector); len(rest) != 0 {
			t.Errorf("round %d: pending after all were done: %+v", round, rest)
		}
	}
}

// testLateCommits: what was written first may be committed last.
func testLateCommits(t *testing.T, b Bench) {
	install(t, b)
	if !b.POS.Concurrent() {
		t.Log("this engine's writers follow one another: nothing can be late")
		return
	}
	slow, err := b.POS.Start()
	if err != nil {
		t.Fatal(err)
	}
	if err := slow.Do(Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("slow"))}); err != nil {
		t.Fatal(err)
	}
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "2", Fields: fields("name", text("fast"))})
	rec := record{}
	rec.drain(t, b.Connector, 10)
	if _, err := b.Connector.Prune(t.Context(), nil, wire.Mark{}); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	rec.drain(t, b.Connector, 10)
	if missed := differences(rec, scanAll(t, b.Connector)); len(missed) > 0 {
		t.Errorf("lost: %v", missed)
	}
}

func testPrune(t *testing.T, b Bench) {
	install(t, b)
	var marks []wire.Mark
	for range 6 {
		b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("x"))})
		marks = append(marks, newest(t, b.Connector))
	}
	list := pending(t, b.Connector)
	done(t, b.Connector, list[:5])
	settle := []pos.LinkRow{{ID: item.ID{Kind: "category", Key: "1", Gen: 4}}, {ID: item.ID{Kind: "category", Key: "2", Gen: 1}, Dead: true}}
	removed, err := b.Connector.Prune(t.Context(), settle, marks[4])
	if err != nil || removed == 0 {
		t.Fatalf("removed %d rows, %v", removed, err)
	}
	if gen := read(t, b.Connector, "category", "1").Item.Gen; gen != 4 {
		t.Errorf("generation %d, want the settled 4", gen)
	}
	if !read(t, b.Connector, "category", "2").Row.Dead {
		t.Error("the tombstone was not written")
	}
	for i, want := range map[int]bool{0: false, 3: false, 4: true, 5: true} {
		if there, err := b.Connector.HasMark(t.Context(), marks[i]); err != nil || there != want {
			t.Errorf("mark %d is there: %t, %v; want %t", i, there, err, want)
		}
	}
	if rest := pending(t, b.Connector); len(rest) != 1 || rest[0].Seq != list[5].Seq {
		t.Errorf("pending after pruning: %+v", rest)
	}
	done(t, b.Connector, list)
	if _, err := b.Connector.Prune(t.Context(), nil, wire.Mark{}); err != nil {
		t.Fatal(err)
	}
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("y"))})
	if again := pending(t, b.Connector); len(again) != 1 || again[0].Seq <= list[5].Seq {
		t.Errorf("sequence numbers do not rise after pruning: %+v", again)
	}
}

func testEpochs(t *testing.T, b Bench) {
	in := install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("x"))})
	mark := newest(t, b.Connector)
	if mark.POSEpoch != in.Epoch || mark.Seq == 0 {
		t.Fatalf("mark %+v of epoch %s", mark, in.Epoch)
	}
	other := mark
	other.Nonce++
	for m, want := range map[wire.Mark]bool{mark: true, other: false} {
		if there, err := b.Connector.HasMark(t.Context(), m); err != nil || there != want {
			t.Errorf("mark %+v is there: %t, %v", m, there, err)
		}
	}
	if err := b.Connector.NewEpoch(t.Context(), "epoch-2"); err != nil {
		t.Fatal(err)
	}
	if there, err := b.Connector.HasMark(t.Context(), mark); err != nil || there {
		t.Errorf("the old epoch's mark is there: %t, %v", there, err)
	}
	if m, err := b.Connector.Meta(t.Context()); err != nil || m.Epoch != "epoch-2" || m.Store != "store-1" {
		t.Errorf("meta %+v, %v", m, err)
	}
}

func testUploadOnly(t *testing.T, b Bench) {
	install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "sale", Key: `a\/b/1`, Fields: fields("total", decimal("1.5"))})
	rec := read(t, b.Connector, "sale", `a\/b/1`)
	if !rec.Exists || rec.Item.Gen != 0 || rec.Item.Fields.Get("total").Str() != "1.5" {
		t.Errorf("got %+v", rec)
	}
	if rec := read(t, b.Connector, "sale", "none/1"); rec.Exists || rec.Item.Gen != 0 {
		t.Errorf("what is not there: %+v", rec)
	}
}
