package pos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"plait/shared/catalog"
	"plait/shared/wire"
)

// ErrPaused says that the kind's mapping does not fit the schema now; Check says
// what is wrong. Other kinds go on.
var ErrPaused = errors.New("the kind is paused")

// Options are what Open may be told beside the mapping.
type Options struct {
	// Path overrides the mapping's path of the POS database.
	Path string
	// BusyLimit is how long an operation tries again while the POS holds a lock.
	// Zero means two seconds, negative not at all.
	BusyLimit time.Duration
	// Resume is the last change row that capture took: rows up to it are done
	// already, if it is there, of this epoch. Zero means that all rows are captured
	// again, which is harmless.
	Resume wire.Mark
	// Now is the clock by which reads are kept short. Nil means time.Now.
	Now func() time.Time
}

// sqlConnector is one POS database behind a dialect.
type sqlConnector struct {
	mapping *Mapping
	cat     *catalog.Catalog
	dialect dialect
	opts    Options
	path    string

	// writing holds one token: whoever has it may use the writing session.
	writing chan struct{}
	left    left

	mu     sync.Mutex // guards what follows; held during a read
	h      *handle    // nil until the POS could be opened
	state  *state
	done   *doneSet
	pace   *pace
	resume wire.Mark // not looked for yet
	closed bool
}

// handle is one opened file.
type handle struct {
	file  os.FileInfo
	read  *session
	write *session // guarded by the token in writing; nil until first used
}

// state is what was derived from one version of the schema.
type state struct {
	schema *schema
	plans  []*kindPlan
	kinds  map[string][]string // by the table that change rows name
	// healthy: tables and triggers were found right under this schema version, and
	// the database belongs to the store that Install was told.
	healthy string
}

func (st *state) plan(kind string) *kindPlan {
	for _, p := range st.plans {
		if p.m.Kind == kind {
			return p
		}
	}
	return nil
}

// Open makes a connector. It fails on a mapping that does not fit the
// catalogue; a POS database that is missing, locked or damaged now is no
// failure: each operation says ErrUnreachable or ErrBusy until it is there.
func Open(ctx context.Context, m *Mapping, cat *catalog.Catalog, o Options) (Connector, error) {
	if err := m.Validate(cat); err != nil {
		return nil, err
	}
	d := dialectOf(m.Engine)
	if d == nil {
		return nil, fmt.Errorf("cannot open the POS database: the engine %q is none of %v", m.Engine, engines())
	}
	c := &sqlConnector{mapping: m, cat: cat, dialect: d, opts: o, path: m.Path, writing: make(chan struct{}, 1), done: newDoneSet(), resume: o.Resume}
	if o.Path != "" {
		c.path = o.Path
	}
	if c.opts.Now == nil {
		c.opts.Now = time.Now
	}
	switch {
	case o.BusyLimit == 0:
		c.opts.BusyLimit = 2 * time.Second
	case o.BusyLimit < 0:
		c.opts.BusyLimit = 0
	}
	c.pace = newPace(c.opts.Now)
	err := c.read(ctx, func(*session, *state) error { return nil })
	if err != nil && !errors.Is(err, ErrUnreachable) && !errors.Is(err, ErrBusy) {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close gives the POS database back. It waits for a transaction that is open.
func (c *sqlConnector) Close() error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.drop(true)
}

// drop closes the sessions. The caller holds mu, and idle says that it holds the token
// of writing too, and no transaction. Where another has the token, its transaction keeps
// its session, and closes it when it ends.
func (c *sqlConnector) drop(idle bool) error {
	h := c.h
	c.h, c.state = nil, nil
	if h == nil {
		return nil
	}
	err := h.read.close()
	if h.write == nil {
		return err
	}
	if !idle {
		select {
		case c.writing <- struct{}{}:
			defer func() { <-c.writing }()
		default:
			return err
		}
	}
	return errors.Join(err, h.write.close())
}

// attach opens the file if it is not open, and again if another file took its
// place: a restored backup, an upgrade that rebuilt it. The caller holds mu; idle is
// that of drop.
func (c *sqlConnector) attach(idle bool) error {
	if c.closed {
		return fmt.Errorf("cannot use the POS database %s: it was closed", c.path)
	}
	info, err := os.Stat(c.path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && c.h != nil {
			err = errors.Join(err, c.forget(idle))
		}
		return fmt.Errorf("cannot open %s: %w: %w", c.path, ErrUnreachable, err)
	}
	if c.h != nil && os.SameFile(info, c.h.file) {
		return nil
	}
	if err := c.forget(idle); err != nil {
		return fmt.Errorf("cannot close the POS database that was replaced: %w", err)
	}
	s, err := c.dialect.reading(c.path)
	if err != nil {
		return c.explain("open", fmt.Errorf("%w: %w", ErrUnreachable, err))
	}
	c.h = &handle{file: info, read: s}
	return nil
}

// forget drops a file that is no longer the POS's, and what was known of its
// change rows: the new file has a history of its own.
func (c *sqlConnector) forget(idle bool) error {
	if c.h == nil {
		return nil
	}
	seen := c.done // the new file may go on with what was seen, or not
	c.done = newDoneSet()
	c.done.newest, c.done.lost = seen.newest, seen.lost
	c.resume = c.opts.Resume
	return c.drop(idle)
}

// explain adds the package's own error that err is a case of.
func (c *sqlConnector) explain(verb string, err error) error {
	if err == nil {
		return nil
	}
	if kind := c.dialect.classify(err); kind != nil && !errors.Is(err, kind) {
		return fmt.Errorf("cannot %s %s: %w: %w", verb, c.path, kind, err)
	}
	return fmt.Errorf("cannot %s %s: %w", verb, c.path, err)
}

// read runs fn in one read transaction, and again from its beginning while the
// POS holds a lock. fn must take at most a few milliseconds.
func (c *sqlConnector) read(ctx context.Context, fn func(*session, *state) error) error {
	return c.retryFor(ctx, c.opts.BusyLimit, func() error {
		if err := c.pace.wait(ctx, false); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.attach(false); err != nil {
			return err
		}
		return c.readOnce(ctx, fn)
	})
}

func (c *sqlConnector) readOnce(ctx context.Context, fn func(*session, *state) error) error {
	s := c.h.read
	if _, err := s.exec(ctx, c.dialect.begin(false)); err != nil {
		return c.explain("read", err)
	}
	start := c.opts.Now()
	err := c.refresh(ctx, s)
	if err == nil {
		err = fn(s, c.state)
	}
	if err != nil {
		err = c.absent(ctx, s, c.explain("read", err))
	}
	if _, endErr := s.exec(context.WithoutCancel(ctx), "COMMIT"); endErr != nil {
		err = errors.Join(err, c.explain("read", endErr), c.drop(false)) // opened anew next time
	}
	c.pace.held(start, false)
	return err
}

// refresh derives the plans anew where the schema changed.
func (c *sqlConnector) refresh(ctx context.Context, s *session) error {
	version, err := c.dialect.schemaVersion(ctx, s)
	if err != nil {
		return err
	}
	if c.state != nil && c.state.schema.version == version {
		return nil
	}
	c.state, err = c.derive(ctx, s)
	return err
}

func (c *sqlConnector) derive(ctx context.Context, s *session) (*state, error) {
	sch, err := c.dialect.loadSchema(ctx, s)
	if err != nil {
		return nil, err
	}
	j, err := c.dialect.journal(ctx, s)
	if err != nil {
		return nil, err
	}
	c.pace.journal(j)
	st := &state{schema: sch, plans: compile(c.mapping, c.cat, sch), kinds: map[string][]string{}}
	for i := range c.mapping.Kinds {
		k := &c.mapping.Kinds[i]
		st.kinds[k.Table] = append(st.kinds[k.Table], k.Kind)
	}
	return st, nil
}

// absent says ErrAbsent where a statement failed because Plait's tables are gone.
func (c *sqlConnector) absent(ctx context.Context, s *session, err error) error {
	if !c.dialect.unknownName(err) {
		return err
	}
	names, lookErr := c.dialect.ourTables(ctx, s)
	if lookErr == nil && len(names) < len(ourTableNames) {
		return fmt.Errorf("cannot use the POS database %s: %w: %w", c.path, ErrAbsent, err)
	}
	return err
}

var ourTableNames = []string{"plait_meta", "plait_changes", "plait_links", "plait_receipts"}

// retryFor tries fn again, with growing pauses, while it says ErrBusy.
func (c *sqlConnector) retryFor(ctx context.Context, limit time.Duration, fn func() error) error {
	pause, waited := time.Millisecond, time.Duration(0)
	for {
		err := fn()
		if err == nil || !errors.Is(err, ErrBusy) || waited >= limit {
			return err
		}
		if ctxErr := pauseFor(ctx, pause); ctxErr != nil {
			return errors.Join(err, ctxErr)
		}
		waited += pause
		pause = min(2*pause, 25*time.Millisecond)
	}
}

func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
