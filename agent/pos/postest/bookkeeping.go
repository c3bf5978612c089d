package postest

import (
	"testing"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

func testReceipts(t *testing.T, b Bench) {
	install(t, b)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	if _, ok, err := b.Connector.Head(t.Context()); ok || err != nil {
		t.Errorf("head of an empty database: %t, %v", ok, err)
	}
	for i, r := range []pos.Receipt{
		{Job: "j1", HubEpoch: "e", Number: 5, NextItem: 1, Body: []byte("x"), At: at},
		{Job: "j2", HubEpoch: "e", Number: 4, NextItem: 2, At: at},
		{Job: "j1", HubEpoch: "e", Number: 5, NextItem: 9, Body: nil, At: at},
		{Job: "j1", HubEpoch: "e", Number: 5, NextItem: 9, Done: true, Body: []byte("y"), At: at},
	} {
		tx := begin(t, b)
		if err := tx.PutReceipt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := tx.Receipt(t.Context(), r.Job); err != nil || !ok || got.NextItem != r.NextItem {
			t.Errorf("receipt %d within the transaction: %+v, %t, %v", i, got, ok, err)
		}
		commit(t, tx)
	}
	first, ok, err := b.Connector.Receipt(t.Context(), "j1")
	if err != nil || !ok || !first.Done || first.NextItem != 9 || string(first.Body) != "xy" || !first.At.Equal(at) || first.Number != 5 {
		t.Errorf("receipt %+v, %t, %v", first, ok, err)
	}
	head, ok, err := b.Connector.Head(t.Context())
	if err != nil || !ok || head.Job != "j2" || head.Order <= first.Order {
		t.Errorf("head %+v, %t, %v: want the job begun last", head, ok, err)
	}
}

func testReceiptList(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	for i, r := range []pos.Receipt{{Job: "a", Done: true}, {Job: "b"}, {Job: "c", Done: true}, {Job: "d", Done: true}} {
		r.Number, r.At = int64(i), time.Unix(1, 0)
		if err := tx.PutReceipt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, tx)
	list, err := b.Connector.Receipts(t.Context(), 2)
	if err != nil || len(list) != 2 || list[0].Job != "d" || list[1].Job != "c" || list[0].Order <= list[1].Order {
		t.Errorf("the newest two finished receipts are %+v, %v", list, err)
	}
}

func testLinks(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	key := insert(t, tx, "category", fields("name", text("Hair")))
	link := &item.Link{UID: "uid-1", Birth: item.BornNetwork, Adopted: true}
	link.SetField(item.LinkField{Name: "name", Base: text("Hair"), Sent: item.ShortDigestOf(text("Hair")), Policy: item.Locked, From: item.Origin{Store: "s", HubEpoch: "e", SyncRev: 3}})
	rows := []pos.LinkRow{
		{ID: item.ID{Kind: "category", Key: key, Gen: 1}, Dead: true, UID: "old"},
		{ID: item.ID{Kind: "category", Key: key, Gen: 2}, UID: "uid-1", Link: link},
		{ID: item.ID{Kind: "vendor", Key: "a/b", Gen: 1}, Dead: true},
	}
	for _, row := range rows {
		if err := tx.PutLink(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, tx)
	rec := read(t, b.Connector, "category", key)
	if rec.Item.Gen != 2 || rec.Item.Link == nil || rec.Item.Link.UID != "uid-1" || rec.Row.Gen != 2 {
		t.Errorf("record %+v, want the newest generation's link", rec)
	}
	if f, ok := rec.Item.Link.Field("name"); !ok || f.Base.Str() != "Hair" || f.From.SyncRev != 3 {
		t.Errorf("the link's field came back as %+v, %t", f, ok)
	}
	if gone := read(t, b.Connector, "vendor", "a/b"); gone.Exists || !gone.Row.Dead || gone.Row.Key != "a/b" {
		t.Errorf("tombstone %+v", gone)
	}
	var only int
	for _, ch := range pending(t, b.Connector) {
		if ch.Op == pos.LinkOnly && len(ch.Kinds) == 1 {
			only++
		}
	}
	if only != len(rows) {
		t.Errorf("%d changes of op L, want %d", only, len(rows))
	}
	testLinkPages(t, b, len(rows))
}

func testLinkPages(t *testing.T, b Bench, want int) {
	t.Helper()
	after, got := "", 0
	for range want + 1 {
		rows, next, err := b.Connector.Links(t.Context(), after, 1)
		if err != nil {
			t.Fatal(err)
		}
		got += len(rows)
		if next == "" {
			break
		}
		after = next
	}
	if got != want {
		t.Errorf("%d links page by page, want %d", got, want)
	}
}

// testSettling: capture settles what it decided a while ago; a link that a job
// wrote since must not go with it.
func testSettling(t *testing.T, b Bench) {
	install(t, b)
	id := item.ID{Kind: "service", Key: "1", Gen: 2}
	tx := begin(t, b)
	if err := tx.PutLink(t.Context(), pos.LinkRow{ID: id, UID: "u1", Link: &item.Link{UID: "u1", Birth: item.BornNetwork}}); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	for _, step := range []struct {
		name   string
		settle pos.LinkRow
		dead   bool
		uid    string
		linked bool
	}{
		{"a living generation is settled late", pos.LinkRow{ID: id}, false, "u1", true},
		{"the item was deleted, and whose it was stays known", pos.LinkRow{ID: id, Dead: true}, true, "u1", false},
		{"it came back the same", pos.LinkRow{ID: id}, false, "", false},
	} {
		if _, err := b.Connector.Prune(t.Context(), []pos.LinkRow{step.settle}, wire.Mark{}); err != nil {
			t.Fatal(err)
		}
		rows, _, err := b.Connector.Links(t.Context(), "", 10)
		if err != nil || len(rows) != 1 || rows[0].Dead != step.dead || rows[0].UID != step.uid || (rows[0].Link != nil) != step.linked {
			t.Errorf("%s: %+v, %v", step.name, rows, err)
		}
	}
}

// testLinkGoesOver: what the record says of a link, plait_links says too. A link
// under an older generation, which a dead one hides, is not the new item's.
func testLinkGoesOver(t *testing.T, b Bench) {
	install(t, b)
	for key, c := range map[string]struct {
		settle []pos.LinkRow
		uid    string
	}{
		"another item came": {[]pos.LinkRow{{ID: item.ID{Gen: 2}, Dead: true}, {ID: item.ID{Gen: 3}}}, ""},
		"the same item":     {[]pos.LinkRow{{ID: item.ID{Gen: 2}, Dead: true}, {ID: item.ID{Gen: 3}, LinkOf: 1}}, "u1"},
	} {
		tx := begin(t, b)
		id := item.ID{Kind: "service", Key: key, Gen: 1}
		if err := tx.PutLink(t.Context(), pos.LinkRow{ID: id, UID: "u1", Link: &item.Link{UID: "u1", Birth: item.BornNetwork}}); err != nil {
			t.Fatal(err)
		}
		commit(t, tx)
		for _, row := range c.settle {
			row.Kind, row.Key = "service", key
			if _, err := b.Connector.Prune(t.Context(), []pos.LinkRow{row}, wire.Mark{}); err != nil {
				t.Fatal(err)
			}
		}
		rows, _, err := b.Connector.Links(t.Context(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			switch {
			case r.Key != key:
			case r.Gen == 3 && (r.Dead || r.UID != c.uid || (r.Link != nil) != (c.uid != "")):
				t.Errorf("%s: generation 3 is %+v, want the link %q", key, r, c.uid)
			case r.Gen < 3 && (!r.Dead || r.Link != nil):
				t.Errorf("%s: generation %d lives on: %+v", key, r.Gen, r)
			}
		}
	}
}

// testTxDone: changes that a transaction settles are gone with its commit, and
// the mark stays.
func testTxDone(t *testing.T, b Bench) {
	install(t, b)
	for _, key := range []string{"1", "2"} {
		b.Do(t, Op{Verb: Put, Kind: "category", Key: key, Fields: fields("name", text(key))})
	}
	mark := newest(t, b.Connector)
	tx := begin(t, b)
	list := pending(t, tx)
	if len(list) != 2 {
		t.Fatalf("pending in the transaction: %+v", list)
	}
	settled := pos.LinkRow{ID: item.ID{Kind: "category", Key: "1", Gen: 3}, UID: "u"}
	if err := tx.Done(t.Context(), list, []pos.LinkRow{settled}); err != nil {
		t.Fatal(err)
	}
	if again := pending(t, tx); len(again) != 0 {
		t.Errorf("done in the transaction and pending in it: %+v", again)
	}
	insert(t, tx, "category", fields("name", text("new")))
	commit(t, tx)
	rest := pending(t, b.Connector)
	if len(rest) != 1 || rest[0].Seq <= mark.Seq {
		t.Errorf("pending after the commit: %+v, want the new row alone", rest)
	}
	if there, err := b.Connector.HasMark(t.Context(), mark); err != nil || !there {
		t.Errorf("the mark is gone with the changes (%t, %v)", there, err)
	}
	if gen := read(t, b.Connector, "category", "1").Item.Gen; gen != 3 {
		t.Errorf("generation %d, want the settled 3", gen)
	}
	undone := begin(t, b)
	if err := undone.Done(t.Context(), rest, nil); err != nil {
		t.Fatal(err)
	}
	if err := undone.Rollback(); err != nil {
		t.Fatal(err)
	}
	if again := pending(t, b.Connector); len(again) != 1 {
		t.Errorf("pending after a rollback: %+v, want the row again", again)
	}
}

// testOlderMark: an older copy of the agent's record, put back, would miss what
// was taken away since, though the row that its mark names lies there still.
func testOlderMark(t *testing.T, b Bench) {
	install(t, b)
	put := func(key string) wire.Mark {
		b.Do(t, Op{Verb: Put, Kind: "category", Key: key, Fields: fields("name", text(key))})
		return newest(t, b.Connector)
	}
	none := newest(t, b.Connector)
	if none.Seq != 0 || none.POSEpoch == "" {
		t.Fatalf("the newest row of a database that nobody wrote to is %+v", none)
	}
	old := put("1")
	done(t, b.Connector, pending(t, b.Connector))
	put("2")
	now := put("3")
	for _, m := range []wire.Mark{none, old} {
		if there, err := b.Connector.HasMark(t.Context(), m); err != nil || !there {
			t.Fatalf("mark %d is there before anything is taken away: %t, %v", m.Seq, there, err)
		}
	}
	tx := begin(t, b)
	if err := tx.Done(t.Context(), pending(t, tx), nil); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	if _, err := b.Connector.Prune(t.Context(), nil, old); err != nil { // where the engine left them
		t.Fatal(err)
	}
	for m, want := range map[wire.Mark]bool{none: false, old: false, now: true, {POSEpoch: "another"}: false} {
		if there, err := b.Connector.HasMark(t.Context(), m); err != nil || there != want {
			t.Errorf("mark %d is there: %t, %v; want %t", m.Seq, there, err, want)
		}
	}
	if err := b.Connector.NewEpoch(t.Context(), "epoch-2"); err != nil {
		t.Fatal(err)
	}
	now.POSEpoch = "epoch-2"
	if there, err := b.Connector.HasMark(t.Context(), now); err != nil || !there {
		t.Errorf("the newest row is no mark of the new epoch: %t, %v", there, err)
	}
}
