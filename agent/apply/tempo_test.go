package apply

import (
	"testing"
	"time"
)

func TestTempo(t *testing.T) {
	const slice = 16 * time.Millisecond
	var p tempo
	if got := p.work(slice); got != slice {
		t.Errorf("nobody writes and commits take no time: a slice works for %v, want %v", got, slice)
	}
	p.committed(6 * time.Millisecond)
	if got := p.work(slice); got != 10*time.Millisecond {
		t.Errorf("commits take 6 ms: a slice works for %v, want 10ms", got)
	}
	p.met()
	if got := p.work(slice); got != slice/4 {
		t.Errorf("commits take 6 ms and the POS writes: a slice works for %v, want %v: never less than a quarter", got, slice/4)
	}
	for range activeSlices {
		if got := p.work(slice); got > slice/2 {
			t.Fatalf("the POS wrote lately: a slice works for %v", got)
		}
		p.committed(0)
	}
	for range 10 {
		p.committed(0)
	}
	if got := p.work(slice); got < slice-time.Millisecond {
		t.Errorf("long after: a slice works for %v", got)
	}
}
