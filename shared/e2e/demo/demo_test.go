package main

import (
	"bytes"
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
		"The Test says of Dockside: Balayage Deluxe: Price stays “155”",
		"Dockside has now: Balayage Deluxe at 155.",
		"Hillside has now: Balayage Deluxe at 150.",
		`Refused at the end: job 3, "The Pedicure", is queued`,
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

// removed reads the folder's name from the last line.
func removed(story string) string {
	lines := strings.Split(strings.TrimSpace(story), "\n")
	last := strings.TrimSuffix(strings.TrimSpace(lines[len(lines)-1]), " was removed.")
	return strings.TrimPrefix(last, "Stopped. ")
}
