package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"plait/shared/e2e/salon"

	"github.com/rogpeppe/go-internal/testscript"
)

// act is one command: what it says goes to the script's standard output.
type act func(w *world, args []string) (says string, err error)

// command is one command with the fewest arguments that it takes.
type command struct {
	least int
	do    act
}

// acts are the commands, but until and before, which do any of them.
var acts = map[string]command{
	"open":    {1, func(w *world, args []string) (string, error) { return "", w.open(args) }},
	"put":     {3, func(w *world, args []string) (string, error) { return "", w.put(args[0], args[1], args[2], args[3:]) }},
	"drop":    {3, func(w *world, args []string) (string, error) { return "", w.drop(args[0], args[1], args[2]) }},
	"sql":     {2, func(w *world, args []string) (string, error) { return "", w.sql(args[0], strings.Join(args[1:], " ")) }},
	"has":     {3, func(w *world, args []string) (string, error) { return "", w.has(args[0], args[1], args[2], args[3:]) }},
	"lacks":   {3, func(w *world, args []string) (string, error) { return "", w.lacks(args[0], args[1], args[2]) }},
	"upload":  {1, func(w *world, args []string) (string, error) { return "", w.uploadAll(args...) }},
	"test":    {1, func(w *world, args []string) (string, error) { return w.test(args[0], args[1:]) }},
	"run":     {0, func(w *world, args []string) (string, error) { return w.run(args) }},
	"queue":   {0, func(w *world, args []string) (string, error) { _, err := w.queue(args); return "", err }},
	"sync":    {1, func(w *world, args []string) (string, error) { return w.sync(args[0], args[1:]) }},
	"revert":  {0, func(w *world, args []string) (string, error) { return w.testOf("revert", args) }},
	"policy":  {1, func(w *world, args []string) (string, error) { return w.policy(args) }},
	"review":  {1, func(w *world, args []string) (string, error) { return w.review(args) }},
	"again":   {0, func(w *world, args []string) (string, error) { return w.testOf("again", args) }},
	"says":    {4, func(w *world, args []string) (string, error) { return "", w.says(args[0], args[1], args[2], args[3]) }},
	"counts":  {2, func(w *world, args []string) (string, error) { return "", w.counts(args[0], args[1:]) }},
	"hub":     {1, func(w *world, args []string) (string, error) { return w.hub(args) }},
	"agent":   {2, func(w *world, args []string) (string, error) { return w.agent(args[0], args[1:]) }},
	"equal":   {0, func(w *world, _ []string) (string, error) { return "", w.equal() }},
	"start":   {1, func(w *world, args []string) (string, error) { return "", w.start(args[0]) }},
	"end":     {1, func(w *world, args []string) (string, error) { return "", w.end(args[0], false) }},
	"crash":   {1, func(w *world, args []string) (string, error) { return "", w.end(args[0], true) }},
	"lock":    {1, func(w *world, args []string) (string, error) { return "", w.lock(args[0]) }},
	"unlock":  {1, func(w *world, args []string) (string, error) { return "", w.unlock(args[0]) }},
	"replace": {1, func(w *world, args []string) (string, error) { return "", w.replace(args[0]) }},
	"become":  {2, func(w *world, args []string) (string, error) { return "", w.become(args[0], args[1]) }},
	"lose":    {1, func(w *world, args []string) (string, error) { return "", w.lose(args[0]) }},
	"ask":     {3, func(w *world, args []string) (string, error) { return w.ask(args[0], args[1], args[2], args[3:]) }},
	"settings": {2, func(w *world, args []string) (string, error) {
		return "", w.configure(args[0], strings.Join(args[1:], " "))
	}},
	"overdue": {1, func(w *world, args []string) (string, error) { return "", w.overdue(args[0]) }},
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	out := map[string]func(*testscript.TestScript, bool, []string){
		"until":  command{2, func(w *world, args []string) (string, error) { return w.until(args[0], args[1:]) }}.called("until"),
		"before": command{2, func(w *world, args []string) (string, error) { return "", w.before(args[0], args[1:]) }}.called("before"),
	}
	for name, c := range acts {
		out[name] = c.called(name)
	}
	return out
}

// called is the command as testscript calls it by that name.
func (c command) called(name string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) < c.least {
			ts.Fatalf("%s takes %d arguments at least", name, c.least)
		}
		w := worldOf(ts)
		says, err := c.do(w, args)
		if name != "before" && name != "lose" {
			ts.Check(w.between.settled())
		}
		ts.Setenv("SYNC", w.synced)
		ts.Setenv("TEST", w.tested.Plan.Digest)
		ts.Setenv("JOB", w.job)
		ts.Setenv("PAYLOAD", w.tested.Plan.Payload)
		ts.Setenv("SOON", time.Now().Add(soon).UTC().Format(time.RFC3339))
		fmt.Fprint(ts.Stdout(), says)
		if err != nil {
			fmt.Fprintln(ts.Stderr(), err)
		}
		switch {
		case neg && err == nil:
			ts.Fatalf("%s %s did not fail", name, strings.Join(args, " "))
		case !neg && err != nil:
			ts.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
		}
	}
}

func (w *world) hub(args []string) (string, error) {
	if w.rig == nil {
		return "", fmt.Errorf("no network is open: begin with open")
	}
	return w.rig.Hub.Say(w.ctx, args...)
}

func (w *world) agent(name string, args []string) (string, error) {
	s, err := w.store(name)
	if err != nil {
		return "", err
	}
	return s.Say(w.ctx, args...)
}

// configure adds a line to the configuration of an agent that does not run.
func (w *world) configure(name, line string) error {
	s, err := w.store(name)
	if err != nil {
		return err
	}
	return s.Configure(line)
}

func (w *world) start(name string) error {
	if name == "hub" {
		return w.rig.Hub.Start(w.ctx)
	}
	s, err := w.store(name)
	if err != nil {
		return err
	}
	return s.Start(w.ctx)
}

func (w *world) end(name string, kill bool) error {
	stop, killed := w.rig.Hub.Stop, w.rig.Hub.Kill
	if name != "hub" {
		s, err := w.store(name)
		if err != nil {
			return err
		}
		stop, killed = s.Stop, s.Kill
	}
	if kill {
		return killed()
	}
	return stop()
}

// lock keeps a POS's database to the POS itself, as a long report of its does.
func (w *world) lock(name string) error {
	s, err := w.store(name)
	if err != nil {
		return err
	}
	p, err := salon.Open(s.POS(), name, salon.Options{Busy: 10_000})
	if err != nil {
		return err
	}
	tx, err := p.DB.Begin()
	if err != nil {
		return errors.Join(err, p.Close())
	}
	w.locks[name] = func() error { return errors.Join(tx.Rollback(), p.Close()) }
	return nil
}

func (w *world) unlock(name string) error {
	free := w.locks[name]
	if free == nil {
		return fmt.Errorf("the POS of %s is not locked", name)
	}
	delete(w.locks, name)
	return free()
}
