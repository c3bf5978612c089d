package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// flips is how many flipped bits the everyday version of P14 tries; PLAIT_SCALE
// multiplies it.
func flips() int {
	scale, err := strconv.Atoi(os.Getenv("PLAIT_SCALE"))
	if err != nil || scale < 1 {
		scale = 1
	}
	return 400 * scale
}

// TestHarnessFlippedBits is promise P14: it flips one bit at a time in an agent.db of pending
// items and results. Whatever is sent afterwards is a state that was put, under its
// own revision; everything else was noticed.
func TestHarnessFlippedBits(t *testing.T) {
	a := newAgent(t)
	states := map[string]bool{}
	for i := range 60 {
		a.put(service(fmt.Sprint(i), 1, i))
	}
	a.put(dead(service("7", 1, 7)), service("7", 2, 70))
	a.must(a.PutResult(t.Context(), wire.Result{Job: "j1", Number: 1, Done: true}))
	sent := sendAll(t, a)
	for _, line := range sent {
		states[line] = true
	}
	if len(states) != 62 {
		t.Fatalf("%d entries, want 62", len(states))
	}
	a.must(a.Close())
	image, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.reopen()
	source := rand.New(rand.NewPCG(14, 14))
	noticed, path := 0, filepath.Join(t.TempDir(), "flipped.db")
	for range flips() {
		at, bit := source.IntN(len(image)), byte(1)<<source.IntN(8)
		image[at] ^= bit
		if flipped(t, path, image, states) {
			noticed++
		}
		image[at] ^= bit
	}
	t.Logf("%d of %d flipped bits were noticed, none was sent", noticed, flips())
	if noticed == 0 {
		t.Error("no flipped bit was noticed: the harness flips nothing that counts")
	}
}

// sendAll freezes everything that is pending and returns the entries, without
// acknowledging: the file stays as it is.
func sendAll(t *testing.T, a *agent) (lines []string) {
	t.Helper()
	batch, ok, err := a.Freeze(t.Context(), "")
	if err != nil || !ok {
		t.Fatalf("cannot freeze: %v, %v", ok, err)
	}
	lines = entriesOf(t, batch)
	a.thaw(batch, "")
	return lines
}

func entriesOf(t *testing.T, batch outbox.Batch) (lines []string) {
	t.Helper()
	raw, err := wire.Decompress(batch.Body, wire.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	_, err = wire.ReadBatch(raw, func(e wire.Entry) error {
		lines = append(lines, fmt.Sprintf("%c %d %s", e.Op, e.Revision, e.Body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// flipped opens a damaged image, sends what it holds, and reports whether anything
// was found to be wrong.
func flipped(t *testing.T, path string, image []byte, states map[string]bool) (noticed bool) {
	t.Helper()
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	defer removeAll(t, path)
	ctx := context.Background()
	box, opened, err := outbox.Open(ctx, path, outbox.Options{})
	if err != nil { // another program's file, or a newer one's: refused
		return true
	}
	defer box.Close()
	left := len(states)
	for range 10 {
		batch, ok, err := box.Freeze(ctx, "")
		if err != nil || !ok {
			break
		}
		for _, line := range entriesOf(t, batch) {
			left--
			if !states[line] {
				t.Fatalf("a damaged row was sent: %.200s", line)
			}
		}
		if err := box.Acknowledge(ctx, wire.BatchAck{Number: batch.Number, Digest: batch.Digest}); err != nil {
			break
		}
	}
	return left > 0 || opened.SetAside != ""
}

func removeAll(t *testing.T, path string) {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestADamagedRowIsReadAgain: it is dropped and its key marked, the others go.
func TestADamagedRowIsReadAgain(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10), service("2", 1, 1234))
	a.must(a.Close())
	flipText(t, a.path, "1234", "1334")
	a.Box = nil
	a.reopen()
	a.upload()
	if len(a.hub.items) != 1 {
		t.Errorf("the hub holds %v", a.hub.items)
	}
	dirty, err := a.Dirty(t.Context(), "service", "", 10)
	if err != nil || len(dirty) != 1 || dirty[0].Key.Key != "2" {
		t.Errorf("dirty: %+v, %v", dirty, err)
	}
	a.put(service("2", 1, 1234))
	a.upload()
	a.checkLevel()
}

// TestAWalkLeavesOutWhatIsDamaged: the living and the dead are told, and what is
// damaged is read again.
func TestAWalkLeavesOutWhatIsDamaged(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10), service("2", 1, 1234), service("3", 1, 30), dead(service("4", 1, 40)), service("4", 2, 41))
	a.must(a.Close())
	flipText(t, a.path, "1234", "1334")
	a.Box = nil
	a.reopen()
	var told []string
	live := func(it item.Item) error { told = append(told, fmt.Sprint(it.Key, " ", it.Gen)); return nil }
	gone := func(key string, gen int64) { told = append(told, fmt.Sprint(key, " ", gen, " dead")) }
	a.must(a.Walk(t.Context(), "service", nil, live, gone))
	if want := []string{"1 1", "3 1", "4 1 dead", "4 2"}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	dirty, err := a.Dirty(t.Context(), "service", "", 10)
	if err != nil || len(dirty) != 1 || dirty[0].Key.Key != "2" {
		t.Errorf("dirty: %+v, %v", dirty, err)
	}
}

// flipText changes a text in the file behind SQLite's back.
func flipText(t *testing.T, path, from, to string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || strings.Count(string(b), from) != 1 {
		t.Fatalf("%q stands %d times in the file, want once: %v", from, strings.Count(string(b), from), err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedFileIsSetAside(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	before, err := a.Standing(t.Context())
	a.must(err)
	a.must(a.Close())
	if err := os.WriteFile(a.path, []byte("this was a database once"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Box = nil
	opened := a.reopen()
	after, err := a.Standing(t.Context())
	if err != nil || !opened.Fresh || opened.Why == nil || after.AgentEpoch == before.AgentEpoch || a.pending() != 0 {
		t.Errorf("opened %+v, epoch %s after %s, %v", opened, after.AgentEpoch, before.AgentEpoch, err)
	}
	if b, err := os.ReadFile(opened.SetAside); err != nil || !strings.HasPrefix(string(b), "this was") {
		t.Errorf("set aside as %q: %v", opened.SetAside, err)
	}
}

func TestADamagedFactSetsTheFileAside(t *testing.T) {
	a := newAgent(t)
	a.must(a.SetInstallation(t.Context(), "installation-7"))
	a.must(a.Close())
	flipText(t, a.path, "installation-7", "installation-6")
	a.Box = nil
	if opened := a.reopen(); opened.SetAside == "" {
		t.Errorf("a wrong installation was taken for the right one: %+v", opened)
	}
}

func TestADamagedBatchBeginsANewEpoch(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	batch, _ := a.freeze()
	before, err := a.Standing(t.Context())
	a.must(err)
	a.must(a.Close())
	flipText(t, a.path, batch.Digest, strings.Repeat("0", 64))
	a.Box = nil
	a.reopen()
	after, err := a.Standing(t.Context())
	if err != nil || after.AgentEpoch == before.AgentEpoch || after.Frozen.Number != 0 || a.pending() != 1 {
		t.Errorf("after the damage %+v, %d pending, %v", after, a.pending(), err)
	}
	a.upload()
	a.checkLevel()
}

func TestANewerFileIsRefused(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.must(a.Close())
	b, err := os.ReadFile(a.path)
	if err != nil {
		t.Fatal(err)
	}
	newer := append([]byte{}, b...)
	newer[63] = 99 // the lowest byte of user_version
	if err := os.WriteFile(a.path, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	refusal := &sqlitedb.NewerSchemaError{}
	if _, _, err := outbox.Open(t.Context(), a.path, outbox.Options{}); !errors.As(err, &refusal) {
		t.Errorf("Open = %v, want a refusal", err)
	}
	if err := os.WriteFile(a.path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	a.Box = nil
	a.reopen()
}

func TestAnItemTooLargeIsParked(t *testing.T) {
	a := newAgent(t)
	large := service("1", 1, 10)
	large.Fields = large.Fields.With("note", item.MustText(strings.Repeat("x", item.MaxBytes)))
	a.put(large, service("2", 1, 10))
	a.upload()
	parked, err := a.Parked(t.Context(), 10)
	if err != nil || len(parked) != 1 || parked[0].Key.Key != "1" || len(a.hub.items) != 1 {
		t.Errorf("parked %+v, the hub holds %d, %v", parked, len(a.hub.items), err)
	}
}
