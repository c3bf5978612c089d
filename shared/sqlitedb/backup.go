package sqlitedb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxFindings bounds what a failed check reports.
const maxFindings = 10

// Backup writes a consistent, compact copy of the file to dest, with mode 0600,
// while reading and writing go on. dest must not exist: an older backup is
// never overwritten. The copy is checked and on the disk before it takes its
// name, so a file named dest is a whole one.
func (db *DB) Backup(ctx context.Context, dest string) error {
	if _, err := os.Lstat(dest); err == nil {
		return fmt.Errorf("cannot back up %s to %s: %w", db.path, dest, fs.ErrExist)
	}
	part := dest + ".part"
	err := db.copyTo(ctx, part)
	if err == nil {
		err = os.Rename(part, dest)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(dest))
	}
	if err != nil {
		return wrap("back up "+db.path+" to", dest, errors.Join(err, removeIfPresent(part)))
	}
	return nil
}

// copyTo makes the copy under a passing name. It has a connection of its own,
// so that it keeps neither the writer nor a reader waiting.
func (db *DB) copyTo(ctx context.Context, part string) error {
	if err := removeIfPresent(part); err != nil { // of a backup that was killed
		return err
	}
	// VACUUM INTO accepts an empty file, and keeps its mode.
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	source, err := sql.Open("sqlite", writerDSN(db.path, db.options))
	if err != nil {
		return err
	}
	defer source.Close()
	if _, err := source.ExecContext(ctx, "VACUUM INTO $1", part); err != nil {
		return err
	}
	if err := quickCheckFile(ctx, part, db.options); err != nil {
		return err
	}
	return f.Sync() // VACUUM INTO does not sync what it wrote
}

// QuickCheck reads the whole file and reports ErrDamaged, with the first
// findings, if its structure is broken. It does not notice a changed value
// inside a row.
func (db *DB) QuickCheck(ctx context.Context) error {
	return wrapNonNil("check database", db.path, quickCheck(ctx, db.readers))
}

func quickCheckFile(ctx context.Context, path string, o Options) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	conn, err := sql.Open("sqlite", peekDSN(abs, o))
	if err != nil {
		return err
	}
	defer conn.Close()
	return quickCheck(ctx, conn)
}

func quickCheck(ctx context.Context, conn *sql.DB) error {
	rows, err := conn.QueryContext(ctx, fmt.Sprintf("PRAGMA quick_check(%d)", maxFindings))
	if err != nil {
		return err
	}
	defer rows.Close()
	var findings []string
	for rows.Next() {
		var finding string
		if err := rows.Scan(&finding); err != nil {
			return err
		}
		findings = append(findings, finding)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(findings) == 1 && findings[0] == "ok" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrDamaged, strings.Join(findings, "; "))
}

func wrapNonNil(verb, path string, err error) error {
	if err == nil {
		return nil
	}
	return wrap(verb, path, err)
}

func removeIfPresent(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes a new name in the folder durable. Windows keeps names
// durable by itself and cannot sync a folder.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
