package outbox

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"plait/shared/sqlitedb"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// appID marks agent.db as Plait's ("PlA1").
const appID = 0x506c4131

// ErrDamaged says that the record, or a part of it that cannot be read again
// from the POS, is damaged. The next Open sets the file aside.
var ErrDamaged = errors.New("the agent's record is damaged")

// Options say how agent.db is opened. The zero value is right for the program.
type Options struct {
	// Now is the clock that ages and names are taken from. Nil means time.Now.
	Now func() time.Time
	// Sync is for the kill harness's control alone.
	Sync sqlitedb.Sync
}

// Opened says what Open found.
type Opened struct {
	Fresh bool // there was no usable file: a comparison must fill the record
	// SetAside is where a damaged file was moved, Why what was wrong with it.
	SetAside string
	Why      error
}

// Box is one open agent.db. Its methods may be called from many goroutines.
type Box struct {
	db      *sqlitedb.DB
	path    string
	now     func() time.Time
	damaged atomic.Bool
	// verified is when the indexes were verified last, in Unix seconds; 0 before.
	verified atomic.Int64
}

// Damaged reports whether damage was met while the file was in use. Nothing goes
// right with it any more: it is closed and opened again, which sets it aside.
func (b *Box) Damaged() bool { return b.damaged.Load() }

// Open opens the agent's database, or makes it. A damaged file is renamed, with
// the time, and a fresh one is made; its agent epoch is new. A file of a newer
// program is refused untouched (sqlitedb.NewerSchemaError), as are a full disk and
// a read-only folder.
func Open(ctx context.Context, path string, o Options) (*Box, Opened, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	var opened Opened
	b, err := open(ctx, path, o)
	if errors.Is(err, sqlitedb.ErrDamaged) || errors.Is(err, ErrDamaged) {
		opened.Why = err
		if opened.SetAside, err = setAside(path, o.Now()); err != nil {
			return nil, opened, err
		}
		b, err = open(ctx, path, o)
	}
	if err != nil {
		return nil, opened, err
	}
	if opened.Fresh, err = b.begin(ctx); err != nil {
		return nil, opened, errors.Join(err, b.Close())
	}
	return b, opened, nil
}

func open(ctx context.Context, path string, o Options) (*Box, error) {
	if _, err := os.Stat(path + damagedMark); err == nil {
		return nil, fmt.Errorf("cannot use %s: %w", path, ErrDamaged)
	}
	files, err := fs.Sub(schemaFiles, "schema")
	if err != nil {
		return nil, fmt.Errorf("cannot read the agent's schema: %w", err)
	}
	db, err := sqlitedb.Open(ctx, path, sqlitedb.Options{Migrations: files, AppID: appID, Sync: o.Sync, Readers: 2})
	if err != nil {
		return nil, err
	}
	b := &Box{db: db, path: path, now: o.Now}
	if err := b.read(ctx, b.verify); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close closes the file; what was frozen or pending stays so.
func (b *Box) Close() error { return b.db.Close() }

// begin gives a fresh file its epoch, and starts a new epoch where the frozen
// batch is damaged: nobody knows any more what the hub was sent under its number.
func (b *Box) begin(ctx context.Context) (fresh bool, err error) {
	err = b.write(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		fresh = m.text(metaAgentEpoch) == ""
		if m.err != nil {
			return m.err
		}
		_, _, err := frozen(ctx, tx)
		if fresh || errors.Is(err, ErrDamaged) {
			_, err = newEpoch(ctx, tx)
		}
		return err
	})
	return fresh, err
}

// verify refuses a file whose small tables are damaged: a wrong counter or a
// wrong kind would make every row behind it wrong.
func (b *Box) verify(tx *sqlitedb.Tx) error {
	ctx := context.Background()
	if err := verifyMeta(ctx, tx); err != nil {
		return err
	}
	_, err := loadKinds(ctx, tx)
	return err
}

// damagedMark is the ending of a file beside agent.db that says that damage was
// met while it was in use.
const damagedMark = ".damaged"

// setAside renames a damaged file, its WAL and index with it, so that a
// technician can still look into it.
func setAside(path string, now time.Time) (string, error) {
	aside := path + ".damaged-" + now.UTC().Format("20060102T150405.000")
	for _, part := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("cannot set the damaged %s aside: %w", path, err)
		}
	}
	if err := os.Remove(path + damagedMark); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot set the damaged %s aside: %w", path, err)
	}
	return aside, nil
}

func (b *Box) write(ctx context.Context, fn func(*sqlitedb.Tx) error) error {
	return b.note(b.db.Write(ctx, fn))
}

func (b *Box) read(ctx context.Context, fn func(*sqlitedb.Tx) error) error {
	return b.note(b.db.Read(ctx, fn))
}

// note leaves a mark beside a damaged file, so that the next Open sets it aside.
func (b *Box) note(err error) error {
	if !errors.Is(err, sqlitedb.ErrDamaged) && !errors.Is(err, ErrDamaged) {
		return err
	}
	b.damaged.Store(true)
	mark, markErr := os.OpenFile(b.path+damagedMark, os.O_CREATE|os.O_WRONLY, 0o600)
	if markErr == nil {
		markErr = mark.Close()
	}
	return errors.Join(err, markErr)
}

// Shrink gives back memory that a large upload took.
func (b *Box) Shrink(ctx context.Context) error { return b.note(b.db.Shrink(ctx)) }
