package service

import (
	"context"
	"errors"
	"strings"
	"testing"
)

type fake struct {
	started, stopped int
	fail             error
}

func (f *fake) Start(context.Context) error { f.started++; return f.fail }
func (f *fake) Stop() error                 { f.stopped++; return f.fail }

func TestProgramIsStartedAndStopped(t *testing.T) {
	f := &fake{}
	p := program{f, t.Context()}
	if err := p.Start(nil); err != nil {
		t.Error(err)
	}
	if err := p.Stop(nil); err != nil {
		t.Error(err)
	}
	if f.started != 1 || f.stopped != 1 {
		t.Errorf("started %d times, stopped %d times", f.started, f.stopped)
	}
}

func TestFailureIsPassedOn(t *testing.T) {
	f := &fake{fail: errors.New("no folder")}
	if err := (program{f, t.Context()}).Start(nil); !errors.Is(err, f.fail) {
		t.Errorf("got %v", err)
	}
}

func TestUnknownAct(t *testing.T) {
	if err := Control(Config{Name: "plait-test"}, "explode"); err == nil || !strings.Contains(err.Error(), "plait-test") {
		t.Errorf("got %v", err)
	}
}
