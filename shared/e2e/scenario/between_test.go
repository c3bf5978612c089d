package scenario

import (
	"errors"
	"testing"
)

// The command of an agent that is killed ends while what is done at its message is
// still under way; the script's next line waits for it, and hears how it went.
func TestWhatWasBegunAtAMessageIsWaitedFor(t *testing.T) {
	b := between{owed: map[string]bool{}}
	b.owe("bye")
	failed, begun, end := errors.New("the hub did not stop"), make(chan struct{}), make(chan struct{})
	go b.came("bye", func() error { close(begun); <-end; return failed })
	<-begun
	settled := make(chan error)
	go func() { settled <- b.settled() }()
	select {
	case err := <-settled:
		t.Fatalf("settled while it was under way: %v", err)
	default:
	}
	close(end)
	if err := <-settled; !errors.Is(err, failed) {
		t.Fatalf("settled with %v, not with what went wrong", err)
	}
	if err := b.settled(); err != nil {
		t.Fatalf("said twice: %v", err)
	}
}

func TestAMessageThatDidNotComeIsSaid(t *testing.T) {
	b := between{owed: map[string]bool{}}
	b.owe("hello")
	if err := b.settled(); err == nil {
		t.Fatal("settled, though no hello came")
	}
	if err := b.settled(); err != nil {
		t.Fatalf("said twice: %v", err)
	}
}
