package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

func TestDemonstrationTellsItsStory(t *testing.T) {
	var out bytes.Buffer
	o := options{once: true, pause: time.Millisecond, out: &out}
	if err := demonstrate(t.Context(), o); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, sentence := range []string{
		"The hub listens at https://127.0.0.1:",
		"The Test says: Copy ",
		`Old Town: service "Men's Haircut": the store's own item was linked.`,
		"Hillside: queued; it will apply on return",
		"Hillside's POS has 12 services now",
		"- Service Name was “Balayage” and is “Balayage Deluxe”: it is locked.",
		"- Price stays “155”: the branch changed it since the last sync (“145” there, “150” at the source).",
		"Dockside has now: Balayage Deluxe at 155.",
		"Hillside has now: Balayage Deluxe at 150.",
		`- Dockside, service "Mia's Manicure": Service Name was “Manicure” at the last sync and is “Mia's Manicure”.`,
		"The next sync undoes it: Dockside has the Manicure again.",
		"Take back what “New prices”, run by administrator on ",
		"- Old Town: Price goes back from “150” to “145”.",
		"Dockside has now: Balayage at 155.",
		"Hillside has now: Balayage at 145.",
		`Refused at the end: job 4, "The Pedicure", is queued`,
		"1 job applied (the Pedicure costs 41 at Old Town), then the full upload landed.",
	} {
		if !strings.Contains(out.String(), sentence) {
			t.Errorf("it does not say: %s", sentence)
		}
	}
	if n := strings.Count(out.String(), "all are equal."); n != 4 {
		t.Errorf("%d of 4 salons ended equal", n)
	}
	folder := removed(out.String())
	if _, err := os.Stat(folder); folder == "" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder %q is still there: %v", folder, err)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestDemonstrationStops: Ctrl-C stops it cleanly, in the middle of the story and
// after it.
func TestDemonstrationStops(t *testing.T) {
	for _, at := range []string{"is offline", "Ctrl-C stops everything"} {
		ctx, interrupt := context.WithCancel(t.Context())
		out := &listener{until: at, do: interrupt}
		if err := demonstrate(ctx, options{pause: time.Millisecond, out: out}); err != nil {
			t.Errorf("interrupted at %q: %v\n%s", at, err, out)
		}
		folder := removed(out.String())
		if _, err := os.Stat(folder); ctx.Err() == nil || folder == "" || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("interrupted at %q (%v), its folder %q is still there: %v", at, ctx.Err(), folder, err)
		}
		interrupt()
	}
}

// listener does something once it has read some words.
type listener struct {
	bytes.Buffer
	until string
	do    func()
}

func (l *listener) Write(p []byte) (int, error) {
	n, err := l.Buffer.Write(p)
	if strings.Contains(l.String(), l.until) {
		l.do()
	}
	return n, err
}

// removed reads the folder's name from the last line.
func removed(story string) string {
	lines := strings.Split(strings.TrimSpace(story), "\n")
	last := strings.TrimSuffix(strings.TrimSpace(lines[len(lines)-1]), " was removed.")
	return strings.TrimPrefix(last, "Stopped. ")
}
