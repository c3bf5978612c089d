package pos

import (
	"context"
	"fmt"
	"strconv"
)

// schemaVersion is the version of Plait's own tables in the POS database.
const schemaVersion = 1

// Meta returns plait_meta, or ErrAbsent.
func (c *sqlConnector) Meta(ctx context.Context) (Meta, error) {
	var m Meta
	err := c.read(ctx, func(s *session, _ *state) (err error) {
		m, err = readMeta(ctx, s)
		return err
	})
	return m, err
}

// readMeta says ErrAbsent for a table without a store too: the tables were made
// but never taken, or emptied.
func readMeta(ctx context.Context, s *session) (Meta, error) {
	var m Meta
	err := s.each(ctx, `SELECT k, v FROM plait_meta`, nil, func(scan func(...any) error) error {
		var k, v string
		if err := scan(&k, &v); err != nil {
			return err
		}
		switch k {
		case "store":
			m.Store = v
		case "pos_epoch":
			m.Epoch = v
		case "schema":
			var err error
			if m.Schema, err = strconv.Atoi(v); err != nil {
				return fmt.Errorf("plait_meta names the schema %.20q: %w", v, ErrNewer)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return Meta{}, err
	case m.Schema > schemaVersion:
		return Meta{}, fmt.Errorf("%w: its tables have schema %d, this program knows %d: install that version again", ErrNewer, m.Schema, schemaVersion)
	case m.Store == "" || m.Epoch == "":
		return Meta{}, ErrAbsent
	}
	return m, nil
}

func writeMeta(ctx context.Context, s *session, m Meta) error {
	for k, v := range map[string]string{"store": m.Store, "pos_epoch": m.Epoch, "schema": strconv.Itoa(m.Schema)} {
		if _, err := s.exec(ctx, `INSERT OR REPLACE INTO plait_meta (k, v) VALUES (?, ?)`, k, v); err != nil {
			return err
		}
	}
	return nil
}

// removedKey names the newest change row that was ever taken away in this epoch.
// It is written with the removal itself.
const removedKey = "removed"

// noteRemoved notes that change rows up to seq were taken away.
func noteRemoved(ctx context.Context, s *session, seq int64) error {
	before, err := removedUpTo(ctx, s)
	if err != nil || seq <= before {
		return err
	}
	_, err = s.exec(ctx, `INSERT OR REPLACE INTO plait_meta (k, v) VALUES (?, ?)`, removedKey, strconv.FormatInt(seq, 10))
	return err
}

// removedUpTo returns the newest change row that was taken away; 0 if none was.
func removedUpTo(ctx context.Context, s *session) (seq int64, err error) {
	err = s.each(ctx, `SELECT v FROM plait_meta WHERE k = ?`, []any{removedKey}, func(scan func(...any) error) error {
		var v string
		if err := scan(&v); err != nil {
			return err
		}
		seq, err = strconv.ParseInt(v, 10, 64)
		if err != nil {
			return fmt.Errorf("plait_meta says %.20q of what was removed: %w", v, err)
		}
		return nil
	})
	return seq, err
}
