package pos

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Install makes what is missing. Tables come before triggers, all in one
// transaction: a trigger without its table would make the POS's statements fail.
func (c *sqlConnector) Install(ctx context.Context, store string) (Installed, error) {
	if store == "" {
		return Installed{}, errors.New("cannot install into the POS database: the store has no id")
	}
	if in, ok, err := c.sound(ctx, store); ok || err != nil {
		return in, err
	}
	var in Installed
	err := c.write(ctx, c.opts.BusyLimit, func(s *session, st *state) (err error) {
		in, err = c.install(ctx, s, st, store)
		return err
	})
	if err != nil {
		return Installed{}, err
	}
	if in.Foreign != "" || in.Fresh {
		c.mu.Lock()
		c.done = newDoneSet()
		c.mu.Unlock()
	}
	_, _, err = c.sound(ctx, store) // and is found so from now on
	return in, err
}

// sound reports whether nothing is missing, without writing. It costs little as
// long as the schema stays the same.
func (c *sqlConnector) sound(ctx context.Context, store string) (in Installed, ok bool, err error) {
	err = c.read(ctx, func(s *session, st *state) error {
		if in.Meta, err = readMeta(ctx, s); err != nil || in.Store != store {
			return err
		}
		if st.healthy == store {
			ok = true
			return nil
		}
		tables, err := c.dialect.ourTables(ctx, s)
		if err != nil || len(tables) < len(ourTableNames) {
			return err
		}
		stale, missing, err := c.triggerState(ctx, s, st)
		if ok = err == nil && len(stale)+len(missing) == 0; ok {
			st.healthy = store
		}
		return err
	})
	if errors.Is(err, ErrAbsent) {
		err = nil
	}
	return in, ok, err
}

func (c *sqlConnector) install(ctx context.Context, s *session, st *state, store string) (Installed, error) {
	var in Installed
	meta, err := c.existing(ctx, s)
	if err != nil {
		return in, err
	}
	stale, missing, err := c.triggerState(ctx, s, st)
	if err != nil {
		return in, err
	}
	in.Fresh = meta.Store == ""
	if meta.Store != "" && meta.Store != store {
		in.Foreign = meta.Store
	}
	if err := c.dropTriggers(ctx, s, stale); err != nil {
		return in, err
	}
	for _, text := range c.dialect.tables() {
		if _, err := s.exec(ctx, text); err != nil {
			return in, fmt.Errorf("cannot make Plait's tables: %w", err)
		}
	}
	if in.Fresh || in.Foreign != "" {
		meta = Meta{Store: store, Epoch: uuid.NewString(), Schema: schemaVersion}
		if err := takeOver(ctx, s, meta); err != nil {
			return in, err
		}
	}
	in.Meta = meta
	for _, t := range missing {
		if _, err := s.exec(ctx, t.text); err != nil {
			return in, fmt.Errorf("cannot make the triggers of table %q: %w", t.table, err)
		}
		in.Triggers = append(in.Triggers, t.table)
	}
	in.Triggers = slices.Compact(in.Triggers)
	s.forget() // what makes a schema is not run again
	return in, nil
}

// existing returns plait_meta as it is; a zero Meta if there is none.
func (c *sqlConnector) existing(ctx context.Context, s *session) (Meta, error) {
	tables, err := c.dialect.ourTables(ctx, s)
	if err != nil || !slices.Contains(tables, "plait_meta") {
		return Meta{}, err
	}
	meta, err := readMeta(ctx, s)
	if errors.Is(err, ErrAbsent) {
		return Meta{}, nil
	}
	return meta, err
}

// takeOver empties the tables, which may hold another store's history, and
// makes the database the store's own (decision 16).
func takeOver(ctx context.Context, s *session, meta Meta) error {
	for _, t := range ourTableNames {
		if _, err := s.exec(ctx, "DELETE FROM "+t); err != nil {
			return fmt.Errorf("cannot empty %s: %w", t, err)
		}
	}
	return writeMeta(ctx, s, meta)
}

// triggerState compares the triggers that are there with those that should be,
// by their text: stale ones go, missing ones come.
func (c *sqlConnector) triggerState(ctx context.Context, s *session, st *state) (stale, missing []trigger, err error) {
	there, err := c.dialect.installed(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	wanted := c.wantedTriggers(st)
	for _, t := range there {
		if !slices.Contains(wanted, t) {
			stale = append(stale, t)
		}
	}
	for _, t := range wanted {
		if !slices.Contains(there, t) {
			missing = append(missing, t)
		}
	}
	return stale, missing, nil
}

// wantedTriggers are those of every table whose keys can be read; a kind that is
// paused for another reason stays captured.
func (c *sqlConnector) wantedTriggers(st *state) []trigger {
	var specs []triggerSpec
	spec := func(t *table) *triggerSpec {
		for i := range specs {
			if specs[i].table == t {
				return &specs[i]
			}
		}
		specs = append(specs, triggerSpec{table: t})
		return &specs[len(specs)-1]
	}
	for _, p := range st.plans {
		if p.table == nil || len(p.key) != len(p.m.Key) {
			continue
		}
		if sp := spec(p.table); sp.key == nil {
			sp.key = p.key
		}
		for _, ch := range p.children {
			parent := parentSpec{table: p.table.name, columns: ch.parent}
			if sp := spec(ch.table); len(ch.parent) == len(p.key) && !slices.ContainsFunc(sp.parents, parent.equal) {
				sp.parents = append(sp.parents, parent)
			}
		}
	}
	var out []trigger
	for _, sp := range specs {
		out = append(out, c.dialect.triggers(sp)...)
	}
	return out
}

func (p parentSpec) equal(q parentSpec) bool {
	return p.table == q.table && slices.Equal(p.columns, q.columns)
}

func (c *sqlConnector) dropTriggers(ctx context.Context, s *session, list []trigger) error {
	for _, t := range list {
		if _, err := s.exec(ctx, c.dialect.dropTrigger(t)); err != nil {
			return fmt.Errorf("cannot remove the trigger %q: %w", t.name, err)
		}
	}
	return nil
}

// Pause takes the triggers away, for an upgrade of the POS. A comparison must
// follow the next Install.
func (c *sqlConnector) Pause(ctx context.Context) error {
	return c.write(ctx, c.opts.BusyLimit, func(s *session, _ *state) error {
		there, err := c.dialect.installed(ctx, s)
		if err != nil {
			return err
		}
		return c.dropTriggers(ctx, s, there)
	})
}

// Uninstall takes the triggers, then the tables away, in one transaction.
func (c *sqlConnector) Uninstall(ctx context.Context) error {
	err := c.write(ctx, c.opts.BusyLimit, func(s *session, _ *state) error {
		there, err := c.dialect.installed(ctx, s)
		if err != nil {
			return err
		}
		if err := c.dropTriggers(ctx, s, there); err != nil {
			return err
		}
		// A prepared statement would keep SQLite from dropping its table.
		s.forget()
		for _, t := range ourTableNames {
			if _, err := s.exec(ctx, "DROP TABLE IF EXISTS "+t); err != nil {
				return fmt.Errorf("cannot remove %s: %w", t, err)
			}
		}
		return nil
	})
	if err == nil {
		c.mu.Lock()
		c.done = newDoneSet()
		c.mu.Unlock()
	}
	return err
}

// NewEpoch starts a new history of this database.
func (c *sqlConnector) NewEpoch(ctx context.Context, epoch string) error {
	return c.write(ctx, c.opts.BusyLimit, func(s *session, _ *state) error {
		meta, err := readMeta(ctx, s)
		if err != nil {
			return err
		}
		meta.Epoch = epoch
		if _, err := s.exec(ctx, `DELETE FROM plait_meta WHERE k = ?`, removedKey); err != nil {
			return err
		}
		return writeMeta(ctx, s, meta)
	})
}
