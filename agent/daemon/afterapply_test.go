package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/agent/daemon/config"
	"plait/agent/outbox"

	"github.com/rs/zerolog"
)

// helper is what the test's own program does when it is run as the command after
// applying: note that it was, say something, and end as it is told.
func helper(args []string) int {
	how, file := args[0], args[1]
	if err := appendLine(file, strings.Join(args[2:], "|")); err != nil {
		fmt.Println(err)
		return 9
	}
	switch how {
	case "hang":
		<-time.After(time.Minute)
	case "fail":
		fmt.Println("the cache\x1b[31m is locked")
		return 3
	}
	return 0
}

func appendLine(file, line string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Close()
}

// helperWord is the first argument of the test's program when it is that command.
const helperWord = "after-apply-helper"

// afterLab is a command after applying, over an agent.db of its own.
type afterLab struct {
	*afterApply
	t    *testing.T
	file string
}

func newAfterLab(t *testing.T, how string, limit time.Duration) *afterLab {
	t.Helper()
	dir := t.TempDir()
	box, _, err := outbox.Open(t.Context(), filepath.Join(dir, "agent.db"), outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	l := &afterLab{t: t, file: filepath.Join(dir, "ran")}
	l.afterApply = &afterApply{box: box, log: zerolog.Nop(), now: time.Now}
	l.command(how, limit)
	return l
}

func (l *afterLab) command(how string, limit time.Duration) {
	l.config = config.After{Limit: limit}
	if how != "" {
		l.config.Command = []string{os.Args[0], helperWord, how, l.file, "a b", "$HOME", "x;y"}
	}
}

// restart is the agent beginning anew over the same agent.db.
func (l *afterLab) restart() {
	l.afterApply = &afterApply{config: l.config, box: l.box, log: l.log, now: l.now}
}

func (l *afterLab) ran(want int) {
	l.t.Helper()
	raw, err := os.ReadFile(l.file)
	if err != nil && !os.IsNotExist(err) {
		l.t.Fatal(err)
	}
	if got := strings.Count(string(raw), "a b|$HOME|x;y\n"); got != want {
		l.t.Errorf("it ran %d times, want %d: %q", got, want, raw)
	}
}

func (l *afterLab) writes() {
	l.t.Helper()
	if err := l.owe(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

func TestCommandAfterApplying(t *testing.T) {
	l := newAfterLab(t, "succeed", time.Minute)
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.ran(0) // nothing was written
	l.writes()
	l.writes()
	for range 2 {
		if err := l.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	l.ran(1)
	l.writes()
	l.restart() // killed before it ran
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.ran(2)
	if s, err := afterState(t.Context(), l.box); err != nil || s.Owed || s.Error != "" || s.Ran.IsZero() {
		t.Errorf("it is kept as %+v, %v", s, err)
	}
}

func TestCommandAfterApplyingThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		how   string
		limit time.Duration
		why   string
	}{
		"it fails":   {"fail", time.Minute, "exit status 3; it said: the cache [31m is locked"},
		"it hangs":   {"hang", 2 * time.Second, "longer than after_apply.limit (2s)"},
		"it is gone": {"gone", time.Minute, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newAfterLab(t, c.how, c.limit)
			if c.how == "gone" {
				l.config.Command[0] = filepath.Join(t.TempDir(), "nowhere")
			}
			l.writes()
			err := l.settle(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("got %v, want %s", err, c.why)
			}
			s, err := afterState(t.Context(), l.box)
			if err != nil || !s.Owed || !strings.Contains(s.Error, c.why) {
				t.Errorf("it is kept as %+v, %v", s, err)
			}
			l.command("succeed", time.Minute) // a technician mends it; it is owed still
			l.restart()
			if err := l.settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			if s, err := afterState(t.Context(), l.box); err != nil || s.Owed || s.Error != "" {
				t.Errorf("afterwards it is kept as %+v, %v", s, err)
			}
		})
	}
}

func TestNoCommandAfterApplying(t *testing.T) {
	l := newAfterLab(t, "", time.Minute)
	l.writes()
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := afterState(t.Context(), l.box); err != nil || s.Owed {
		t.Errorf("something is owed: %+v, %v", s, err)
	}
}
