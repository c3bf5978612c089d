package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plait/hub/storesync"
	"plait/shared/e2e/rig"
	"plait/shared/wire"
)

// test makes a Test of whole kinds ("-" for none), for every branch unless --to
// names receivers, and says in words what it found. Every agent that runs uploads
// before.
func (w *world) test(kinds string, flags []string) (string, error) {
	w.tested = rig.Tested{}
	if err := w.uploadRunning(); err != nil {
		return "", err
	}
	var args []string
	if kinds != "-" {
		for _, k := range strings.Split(kinds, ",") {
			args = append(args, "--kind", k)
		}
	}
	if !slices.Contains(flags, "--to") {
		args = append(args, "--all")
	}
	tested, err := w.rig.Hub.Test(w.ctx, append(args, flags...)...)
	if err != nil {
		return "", err
	}
	w.tested = tested
	return tell(tested.Plan, tested.Details), nil
}

// testOf makes a Test that takes the last sync back, or sends it again to the
// stores that missed it.
func (w *world) testOf(command string, flags []string) (string, error) {
	w.tested = rig.Tested{}
	if w.synced == "" {
		return "", fmt.Errorf("there is no sync to %s", command)
	}
	if err := w.uploadRunning(); err != nil {
		return "", err
	}
	tested, err := w.rig.Hub.TestBy(w.ctx, append([]string{command, w.synced}, flags...)...)
	if err != nil {
		return "", err
	}
	w.tested = tested
	return tell(tested.Plan, tested.Details), nil
}

// review makes the Test of everything that comes to a store, or from head office,
// where it comes from one source.
func (w *world) review(args []string) (string, error) {
	w.tested = rig.Tested{}
	if err := w.uploadRunning(); err != nil {
		return "", err
	}
	tests, err := w.rig.Hub.Review(w.ctx, args...)
	return w.only(tests, err)
}

// policy makes the Test of other policies, where it is of one source.
func (w *world) policy(args []string) (string, error) {
	w.tested = rig.Tested{}
	if err := w.uploadRunning(); err != nil {
		return "", err
	}
	tests, err := w.rig.Hub.Policy(w.ctx, args...)
	return w.only(tests, err)
}

// only takes the one Test that there is to be.
func (w *world) only(tests []rig.Tested, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if len(tests) != 1 {
		return "", fmt.Errorf("there are %d Tests, want 1", len(tests))
	}
	w.tested = tests[0]
	return tell(w.tested.Plan, w.tested.Details), nil
}

// uploadRunning holds a conversation with every store whose agent runs.
func (w *world) uploadRunning() error {
	for _, s := range w.rig.Stores {
		if !s.Running() {
			continue
		}
		if err := w.uploadAll(s.Name); err != nil {
			return err
		}
	}
	return nil
}

// tell puts a Test into lines.
func tell(p storesync.Plan, details []storesync.StoreDetail) string {
	var b strings.Builder
	fmt.Fprintln(&b, p.Sentence())
	for _, x := range p.Warnings {
		fmt.Fprintf(&b, "warning %s: %s (%s)\n", x.Code, x.Text, x.Mend)
	}
	for _, at := range p.Stores {
		fmt.Fprintf(&b, "%s: %+v\n", at.Name, at.Counts)
		if at.Blocked != "" {
			fmt.Fprintf(&b, "%s: blocked: %s\n", at.Name, at.Blocked)
		}
		for _, x := range at.Warnings {
			fmt.Fprintf(&b, "%s: warning %s: %s (%s)\n", at.Name, x.Code, x.Text, x.Mend)
		}
	}
	for _, d := range details {
		for _, x := range d.Exceptions {
			fmt.Fprintf(&b, "%s: %s %q %s: %s: %s\n", d.Store.Name, x.Kind, x.Name, x.Field, x.Code, x.Why)
		}
		for _, x := range d.Deletes {
			fmt.Fprintf(&b, "%s: %s %q: %s\n", d.Store.Name, x.Action, x.Name, x.Why)
		}
	}
	return b.String()
}

// run carries the last Test out and lets the stores apply it. What they did must
// be what the Test said, number by number and exception by exception.
func (w *world) run(flags []string) (string, error) {
	y, err := w.queue(flags)
	if err != nil {
		return "", err
	}
	if err := w.uploadRunning(); err != nil {
		return "", err
	}
	if y, err = w.rig.Hub.Outcome(w.ctx, y.ID); err != nil {
		return "", err
	}
	for _, at := range y.Stores {
		if err := w.asTested(at); err != nil {
			return "", err
		}
	}
	return "sync " + y.ID + "\n", nil
}

// queue carries the last Test out, and no store comes for it yet.
func (w *world) queue(flags []string) (storesync.Sync, error) {
	if w.tested.Plan.Digest == "" {
		return storesync.Sync{}, fmt.Errorf("there is no Test to run")
	}
	y, err := w.rig.Hub.Sync(w.ctx, w.tested, flags...)
	if err != nil {
		return y, err
	}
	if w.tested.Plan.Reverts == nil {
		w.synced = y.ID
	}
	if len(y.Stores) > 0 {
		w.job = y.Stores[0].Job
	}
	return y, nil
}

func (w *world) asTested(at storesync.SyncStore) error {
	s, err := w.store(at.Name)
	if err != nil || !s.Running() || at.Job == "" {
		return err
	}
	if at.State != "applied" || at.Outcome != at.Expected {
		return fmt.Errorf("%s: the Test said %+v, it is %s with %+v (%s)", at.Name, at.Expected, at.State, at.Outcome, at.Why)
	}
	j, err := w.rig.Hub.Job(w.ctx, at.Job)
	if err != nil {
		return err
	}
	if len(j.Results) != 1 {
		return fmt.Errorf("%s reported %d results of one job", at.Name, len(j.Results))
	}
	said, did := spoken(w.tested.Store(at.Name).Exceptions), spoken(j.Results[0].Exceptions)
	if !slices.Equal(said, did) {
		return fmt.Errorf("%s: the Test named %q, the outcome %q", at.Name, said, did)
	}
	return nil
}

// spoken is what exceptions are about, in order.
func spoken(list []wire.Exception) (out []string) {
	for _, e := range list {
		out = append(out, strings.Join([]string{e.Kind, e.Name, e.Field, e.Code}, " "))
	}
	slices.Sort(out)
	return out
}

func (w *world) sync(kinds string, flags []string) (string, error) {
	said, err := w.test(kinds, flags)
	if err != nil {
		return said, err
	}
	ran, err := w.run(nil)
	return said + ran, err
}

// says checks that the last Test names an item, or a field of it, for a reason.
func (w *world) says(store, kind, what, code string) error {
	if w.tested.Plan.Digest == "" {
		return fmt.Errorf("there is no Test")
	}
	list := w.tested.Store(store).Exceptions
	for _, e := range list {
		if e.Kind == kind && e.Code == code && (what == e.Name || what == e.Name+"."+e.Field) {
			return nil
		}
	}
	return fmt.Errorf("the Test does not name %s %q for %s at %s, but %q", kind, what, code, store, spoken(list))
}

// counts checks numbers of the last Test at a store: created=1, kept=0 …
func (w *world) counts(store string, wants []string) error {
	i := slices.IndexFunc(w.tested.Plan.Stores, func(s storesync.StorePlan) bool { return s.Name == store })
	if i < 0 {
		return fmt.Errorf("the Test has no store %s", store)
	}
	at := w.tested.Plan.Stores[i]
	c := at.Counts
	have := map[string]int{
		"created": c.Created, "adopted": c.Adopted, "updated": c.Updated, "equal": c.Equal, "kept": c.Kept, "deleted": c.Deleted,
		"retired": c.Retired, "unlinked": c.Unlinked, "skipped": c.Skipped, "parked": c.Parked,
	}
	for _, text := range wants {
		word, value, _ := strings.Cut(text, "=")
		n, known := have[word]
		want, err := strconv.Atoi(value)
		if !known || err != nil {
			return fmt.Errorf("%q is no count of a Test", text)
		}
		if n != want {
			return fmt.Errorf("%s: the Test says %s=%d, want %d: %+v", store, word, n, want, c)
		}
	}
	return nil
}
