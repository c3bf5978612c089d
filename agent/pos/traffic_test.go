package pos_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// traffic is one run of the POS's own statements.
type traffic struct {
	statements, failed int
	longest            time.Duration
}

func (r *traffic) add(o traffic) {
	r.statements += o.statements
	r.failed += o.failed
	r.longest = max(r.longest, o.longest)
}

// work runs the POS's statements on a connection of its own: single ones and
// transactions that begin with BEGIN IMMEDIATE, reads between them.
func work(db *sql.DB, from, n int) (r traffic) {
	for i := range n {
		id := 1000 + from + i
		for _, text := range []string{
			fmt.Sprintf("INSERT INTO Item (Id, Name, Price) VALUES (%d, 'x', 1.5)", id),
			fmt.Sprintf("BEGIN IMMEDIATE; UPDATE Item SET Price = 2 WHERE Id = %d; INSERT INTO Sale VALUES ('t', %d, 2, NULL, NULL); COMMIT", id, id),
			"SELECT count(*) FROM Sale",
			fmt.Sprintf("DELETE FROM Item WHERE Id = %d", id),
		} {
			start := time.Now()
			if _, err := db.Exec(text); err != nil {
				r.failed++
				_, _ = db.Exec("ROLLBACK") // of what the failed statement left open, if anything
			}
			r.statements++
			r.longest = max(r.longest, time.Since(start))
		}
	}
	return r
}

// plait captures, prunes and, where apply is set, applies slices of five items,
// until stop is closed.
func plait(t *testing.T, c pos.Connector, apply bool, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		snap, err := c.Snapshot(t.Context(), pos.Ask{Limit: 200})
		for _, kind := range []string{"product", "sale"} {
			if err == nil {
				_, err = c.Read(t.Context(), kind, keysOf(snap.Changes, kind))
			}
		}
		if err == nil {
			err = c.Done(t.Context(), snap.Changes)
		}
		if err == nil && apply {
			err = applySlice(t, c)
		}
		if err == nil && apply {
			_, err = c.Prune(t.Context(), nil, wire.Mark{})
		}
		if err != nil && !errors.Is(err, pos.ErrBusy) {
			return err
		}
	}
}

func keysOf(list []pos.Change, kind string) []string {
	var out []string
	for _, ch := range list {
		if slices.Contains(ch.Kinds, kind) {
			out = append(out, ch.Key)
		}
	}
	return out
}

func applySlice(t *testing.T, c pos.Connector) error {
	tx, err := c.Begin(t.Context())
	if err != nil {
		return err
	}
	for range 5 {
		_, err := tx.Insert(t.Context(), "category", item.Fields{{Name: "name", Value: item.MustText("from a job")}})
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// run lets the POS work with or without Plait at its side. A POS that waits for
// no lock has one connection, or its own would already disturb one another.
func run(t *testing.T, journal string, busy int, with, apply bool) traffic {
	t.Helper()
	s := newSalon(t, journal)
	writers := 2
	if busy == 0 {
		writers = 1
	}
	const rounds = 60
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total traffic
		stop  = make(chan struct{})
		ended = make(chan error, 1)
	)
	if with {
		go func() { ended <- plait(t, s.Connector, apply, stop) }()
	} else {
		ended <- s.Uninstall(t.Context())
	}
	for w := range writers {
		db := openPOS(t, s.path, journal, busy)
		wg.Go(func() {
			r := work(db, w*1_000_000, rounds*scale())
			mu.Lock()
			defer mu.Unlock()
			total.add(r)
		})
	}
	wg.Wait()
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return total
}

// TestHarnessTraffic is promise P10: with a busy timeout no POS statement ever
// fails because of Plait; without one, only those that Check foretells.
func TestHarnessTraffic(t *testing.T) {
	for _, c := range []struct {
		journal string
		busy    int
		apply   bool
		spared  bool // no statement may fail
	}{
		{"WAL", 5000, true, true},
		{"DELETE", 5000, true, true},
		{"WAL", 0, false, true},
		{"WAL", 0, true, false},
		{"DELETE", 0, false, false},
		{"DELETE", 0, true, false},
	} {
		t.Run(fmt.Sprintf("%s busy %d apply %t", c.journal, c.busy, c.apply), func(t *testing.T) {
			alone, beside := run(t, c.journal, c.busy, false, false), run(t, c.journal, c.busy, true, c.apply)
			t.Logf("alone: %d statements, %d failed, longest %v; beside Plait: %d failed, longest %v",
				alone.statements, alone.failed, alone.longest, beside.failed, beside.longest)
			if alone.failed > 0 {
				t.Errorf("the POS alone had %d failures: the traffic shows nothing", alone.failed)
			}
			if c.spared && beside.failed > 0 {
				t.Errorf("%d POS statements failed because of Plait", beside.failed)
			}
		})
	}
}

// What an engine makes impossible happens for certain here, and Check says it
// beforehand in so many words.
func TestCheckForetellsFailures(t *testing.T) {
	for _, c := range []struct {
		journal           string
		busy              string
		ok, reads, writes bool // Check's verdict; whether our reads and writes disturb a POS that does not wait
	}{
		{"WAL", "0", false, false, true},
		{"DELETE", "0", false, true, true},
		{"WAL", "5000", true, false, true},
		{"DELETE", "5000", true, true, true},
	} {
		t.Run(c.journal+" "+c.busy, func(t *testing.T) {
			s := newSalon(t, c.journal)
			s.m = mapping(t, strings.Replace(salonMappingAt(s.path), "busy_timeout: 5000", "busy_timeout: "+c.busy, 1))
			impatient := openPOS(t, s.path, c.journal, 0)
			disturbed := func() bool {
				_, err := impatient.Exec("INSERT INTO Category (Name) VALUES ('pos')")
				return err != nil
			}
			var during []bool
			conn := s.connect(pos.Options{Now: func() time.Time {
				during = append(during, disturbed()) // some of the calls are within our read transaction
				return time.Now()
			}})
			if _, err := conn.Read(t.Context(), "category", []string{"1"}); err != nil {
				t.Fatal(err)
			}
			if len(during) == 0 || slices.Contains(during, true) != c.reads {
				t.Errorf("our read disturbs the POS: %v, want %t", during, c.reads)
			}
			tx, err := s.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := disturbed(); got != c.writes {
				t.Errorf("our write disturbs the POS: %t, want %t", got, c.writes)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			list, err := conn.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(list, func(f pos.Finding) bool { return f.Subject == "busy timeout" })
			if i < 0 || list[i].OK != c.ok || strings.Contains(list[i].Message, "while Plait reads") != (c.reads && !c.ok) {
				t.Errorf("Check says %+v", list)
			}
		})
	}
}

// Installing, pausing and uninstalling go on beside a POS at work, and no
// statement of its own meets a trigger without its table.
func TestHarnessUpgradeTraffic(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		s := newSalon(t, journal)
		db := openPOS(t, s.path, journal, 5000)
		finished := make(chan traffic)
		go func() { finished <- work(db, 0, 60*scale()) }()
		var result traffic
		for running := true; running; {
			for _, step := range []func() error{
				func() error { return s.Pause(t.Context()) },
				func() error { _, err := s.Install(t.Context(), "store-1"); return err },
				func() error { return s.Uninstall(t.Context()) },
				func() error { _, err := s.Install(t.Context(), "store-1"); return err },
			} {
				if err := step(); err != nil && !errors.Is(err, pos.ErrBusy) {
					t.Fatal(err)
				}
			}
			select {
			case result = <-finished:
				running = false
			default:
			}
		}
		t.Logf("%s: %d statements, %d failed, longest %v", journal, result.statements, result.failed, result.longest)
		if result.failed > 0 {
			t.Errorf("%s: %d POS statements failed beside installing and uninstalling", journal, result.failed)
		}
	}
}
