package scenario

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"plait/hub/operator"
	"plait/shared/e2e/rig"

	_ "modernc.org/sqlite" // the hub's database
)

// comesWithin bounds what a script waits for: the hub looks every quarter of a
// minute for what has come due.
const comesWithin = 2 * time.Minute

// soon is how far ahead SOON is: more than a Test takes on a busy machine.
const soon = 30 * time.Second

// until does a command again and again until it succeeds and says what it is to
// say.
func (w *world) until(pattern string, command []string) (says string, err error) {
	said, err := regexp.Compile(pattern)
	if err != nil {
		return "", err
	}
	a, known := acts[command[0]]
	if !known || len(command)-1 < a.least {
		return "", fmt.Errorf("%q is no command to wait for", command)
	}
	err = rig.Until(w.ctx, comesWithin, func() error {
		if says, err = a.do(w, command[1:]); err == nil && !said.MatchString(says) {
			err = fmt.Errorf("%s said %q, not %q", command[0], says, pattern)
		}
		return err
	})
	return says, err
}

// overdue makes the time of a saved sync one that has passed, as it would be had
// the hub been down over it.
func (w *world) overdue(name string) error {
	if w.rig.Hub.Running() {
		return errors.New("end the hub first: a time is missed while it is down")
	}
	u := url.URL{Scheme: "file", Path: w.rig.Hub.Database()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	done, err := db.ExecContext(w.ctx, "UPDATE saved_syncs SET due_at = saved_at WHERE name = ? AND due_at > 0", name)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d saved syncs on a schedule are called %q: %w", n, name, err)
	}
	return nil
}

// replace puts a new PC in a store's place: it has the POS's database, and an
// agent that was enrolled anew.
func (w *world) replace(name string) error {
	s, err := w.store(name)
	if err != nil {
		return err
	}
	if s.Running() {
		return fmt.Errorf("the PC of %s still runs: end it first", name)
	}
	if err := os.RemoveAll(filepath.Dir(s.Database())); err != nil {
		return err
	}
	var made operator.Enrolment
	if err := w.rig.Hub.Run(w.ctx, &made, "store", "replace", name); err != nil {
		return err
	}
	return s.Enrol(w.ctx, w.hubURL(), made.Code)
}

// become has a store's PC, with its POS, take the place of another's: it is enrolled
// anew as that store, whose own PC is gone.
func (w *world) become(name, other string) error {
	s, err := w.store(name)
	if err != nil {
		return err
	}
	gone, err := w.store(other)
	if err != nil {
		return err
	}
	if s.Running() || gone.Running() {
		return fmt.Errorf("the PC of %s or of %s still runs: end both first", name, other)
	}
	var made operator.Enrolment
	if err := w.rig.Hub.Run(w.ctx, &made, "store", "replace", other); err != nil {
		return err
	}
	if err := s.Enrol(w.ctx, w.hubURL(), made.Code, "--replace"); err != nil {
		return err
	}
	w.rig.Stores = slices.DeleteFunc(w.rig.Stores, func(s *rig.Store) bool { return s == gone })
	s.Name, s.ID = gone.Name, gone.ID
	err = w.pos[other].Close()
	w.pos[other] = w.pos[name]
	delete(w.pos, name)
	return err
}
