package scenario

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"plait/shared/e2e/rig"
)

// between is what stands between agents and the hub: a gate, and what is to happen
// at it during the next command.
type between struct {
	gate *rig.Gate

	mu    sync.Mutex
	owed  map[string]bool // messages that have not come yet
	begun []chan struct{} // what was begun when they came; closed when it is done
	errs  []error         // of what was done
}

// expect calls do once, when the next message of a sort has arrived.
func (b *between) expect(message string, do func() error) error {
	if b.gate == nil {
		return errors.New("nothing stands between agents and the hub: begin with open -between")
	}
	b.owe(message)
	b.gate.Before(pathOf(message), func() { b.came(message, do) })
	return nil
}

func (b *between) owe(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owed[message] = true
}

// came does what is to be done when a message has come.
func (b *between) came(message string, do func() error) {
	done := b.begin(message)
	defer close(done)
	err := do()
	if err == http.ErrAbortHandler {
		panic(err) // the gate's way of breaking the line
	}
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.errs = append(b.errs, fmt.Errorf("when the message %s came: %w", message, err))
	}
}

func (b *between) begin(message string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.owed, message)
	done := make(chan struct{})
	b.begun = append(b.begun, done)
	return done
}

// settled waits for what was begun: a command may end before it, as that of an agent
// which is killed does. It fails if a message that was waited for has not come, or
// something went wrong when it did.
func (b *between) settled() error {
	for _, done := range b.taken() {
		<-done
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	errs := b.errs
	for message := range b.owed {
		errs = append(errs, fmt.Errorf("no message %s came", message))
	}
	clear(b.owed)
	b.errs = nil
	return errors.Join(errs...)
}

func (b *between) taken() []chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	begun := b.begun
	b.begun = nil
	return begun
}

func pathOf(message string) string { return "/agent/v1/" + message }

// lose loses the hub's answer to the next message of a sort.
func (w *world) lose(message string) error {
	if err := w.between.expect(message, func() error { return nil }); err != nil {
		return err
	}
	w.between.gate.Lose(pathOf(message))
	return nil
}

// before does a command when the next message of a sort has arrived, and before
// the hub sees it. What a PC sent that is cut off then does not reach the hub.
func (w *world) before(message string, command []string) error {
	a, known := acts[command[0]]
	if !known || len(command)-1 < a.least {
		return fmt.Errorf("%q is no command to do meanwhile", command)
	}
	return w.between.expect(message, func() error {
		_, err := a.do(w, command[1:])
		if err == nil && command[0] == "crash" {
			err = http.ErrAbortHandler
		}
		return err
	})
}

// ask asks the hub something with a store's credential, in the conversation that the
// store held last.
func (w *world) ask(name, method, path string, body []string) (string, error) {
	s, err := w.store(name)
	if err != nil {
		return "", err
	}
	if w.between.gate == nil {
		return "", errors.New("nobody has heard a conversation: begin with open -between")
	}
	status, text, err := s.Ask(w.ctx, w.between.gate, method, path, strings.Join(body, " "))
	return fmt.Sprintf("%d %s\n", status, text), err
}
