package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// stopWithin is how long a process may take to stop when it is asked to.
const stopWithin = 20 * time.Second

// logTail is how much of a process's log an error carries, in bytes.
const logTail = 8 << 10

// process is one of our programs, started and ended any number of times. Its log
// goes on in one file.
type process struct {
	name string // for people
	path string
	args []string
	log  string // path

	cmd  *exec.Cmd     // nil while it does not run
	done chan struct{} // closed when cmd has ended
}

// start starts it and does not wait until it is ready.
func (p *process) start() error {
	if p.running() {
		return fmt.Errorf("cannot start %s: it runs already", p.name)
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", p.name, err)
	}
	defer out.Close() // the process has its own handle
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = environment(), out, out, apart()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", p.name, err)
	}
	p.cmd, p.done = cmd, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		_ = cmd.Wait() // how it ended is read from cmd.ProcessState
	}(p.done)
	return nil
}

func (p *process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop asks it to end, as a service manager does, and fails if it has to be
// killed or ends with an error. A process that does not run is stopped already.
func (p *process) stop() error {
	if !p.running() {
		return nil
	}
	if err := askToEnd(p.cmd.Process); err != nil {
		return fmt.Errorf("cannot stop %s: %w", p.name, err)
	}
	timer := time.NewTimer(stopWithin)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		return errors.Join(p.fail("cannot stop %s: it has not ended within %v", p.name, stopWithin), p.kill())
	}
	if state := p.cmd.ProcessState; !state.Success() && endsWithSuccess {
		return p.fail("%s ended with %v when it was stopped", p.name, state)
	}
	return nil
}

// kill ends it as a power cut would, without a word.
func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	err := p.cmd.Process.Kill()
	<-p.done
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot kill %s: %w", p.name, err)
	}
	return nil
}

// ready waits until it answers, or ends.
func (p *process) ready(ctx context.Context, answers func() error) error {
	err := Until(ctx, 30*time.Second, func() error {
		if !p.running() {
			return Hopeless(fmt.Errorf("it ended: %v", p.cmd.ProcessState))
		}
		return answers()
	})
	if err != nil {
		return p.fail("cannot start %s: %w", p.name, err)
	}
	return nil
}

// fail is an error with the end of the log.
func (p *process) fail(format string, args ...any) error {
	return fmt.Errorf("%w\n%s", fmt.Errorf(format, args...), p.tail())
}

// tail returns the end of the log, under a headline.
func (p *process) tail() string {
	text, err := readTail(p.log, logTail)
	if err != nil {
		text = err.Error()
	}
	return fmt.Sprintf("--- log of %s (%s)\n%s", p.name, p.log, text)
}

func readTail(path string, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > most {
		if _, err := f.Seek(-most, io.SeekEnd); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return string(text), err
}

// environment is ours without the settings of a Plait that may be installed
// here.
func environment() []string {
	var kept []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PLAIT_") {
			kept = append(kept, v)
		}
	}
	return kept
}
