package postest

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"plait/agent/pos"
	"plait/shared/wire"
)

// momentWrites is how often the POS writes while testMoment reads.
const momentWrites = 200

// testMoment reads snapshots while the POS works: its nth transaction gives the
// category its number n, and one change row.
func testMoment(t *testing.T, b Bench) {
	install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("0"))})
	base := newest(t, b.Connector).Seq
	written := make(chan error, 1)
	go func() { written <- writeNumbers(b.POS) }()
	for working := true; working; {
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			working = false
		default:
		}
		if err := oneMoment(look(t, b.Connector, pos.Ask{Limit: 1000}), base); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, b.Connector, "category", "1").Item.Fields.Get("name").Str(); got != strconv.Itoa(momentWrites) {
		t.Errorf("the POS wrote up to %s, want %d", got, momentWrites)
	}
}

func writeNumbers(p POS) error {
	for n := range momentWrites {
		tx, err := p.Start()
		if err == nil {
			err = tx.Do(Op{Verb: Set, Kind: "category", Key: "1", Fields: fields("name", text(strconv.Itoa(n+1)))})
		}
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// oneMoment holds what a snapshot found against its newest row.
func oneMoment(snap pos.Snapshot, base int64) error {
	for _, f := range snap.Found {
		for _, rec := range f.Records {
			want := strconv.FormatInt(snap.Newest.Seq-base, 10)
			if got := rec.Item.Fields.Get("name").Str(); got != want {
				return fmt.Errorf("the newest row is that of write %s, and the item is as write %s left it", want, got)
			}
		}
	}
	if len(snap.Found) == 0 {
		return errors.New("nothing was found")
	}
	return nil
}

// testHistory: a mark is in the history that a snapshot is of, or that is said.
func testHistory(t *testing.T, b Bench) {
	in := install(t, b)
	empty := wire.Mark{POSEpoch: in.Epoch}
	look(t, b.Connector, pos.Ask{Mark: empty, Limit: 10})
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("x"))})
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "2", Fields: fields("name", text("x"))})
	snap := look(t, b.Connector, pos.Ask{Mark: empty, Limit: 1})
	if len(snap.Changes) != 1 || snap.Newest != newest(t, b.Connector) || snap.Newest.Seq == snap.Changes[0].Seq {
		t.Errorf("of two changes one was asked for: %+v", snap)
	}
	look(t, b.Connector, pos.Ask{Mark: snap.Newest, Limit: 10})
	other, epoch := snap.Newest, empty
	other.Nonce++
	epoch.POSEpoch = "another"
	for _, mark := range []wire.Mark{other, epoch} {
		if _, err := b.Connector.Snapshot(t.Context(), pos.Ask{Mark: mark, Limit: 10}); !errors.Is(err, pos.ErrRestored) {
			t.Errorf("Snapshot with mark %+v: %v, want ErrRestored", mark, err)
		}
		tx, err := b.Connector.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Snapshot(t.Context(), pos.Ask{Mark: mark, Limit: 10}); !errors.Is(err, pos.ErrRestored) {
			t.Errorf("Snapshot in a transaction with mark %+v: %v, want ErrRestored", mark, err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	if again := look(t, b.Connector, pos.Ask{Mark: snap.Newest, Limit: 10}); len(again.Changes) != 2 {
		t.Errorf("afterwards %d changes are pending, want 2", len(again.Changes))
	}
}
