package sqlitedb

import (
	"errors"
	"fmt"
	"syscall"

	"plait/shared/sqliterows"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrDamaged says that the file is not a database, or is a broken one.
	// Reading on gives wrong answers; the way out is a restore or a rebuild.
	ErrDamaged = errors.New("the database is damaged")

	// ErrDiskFull says that the disk has no room for the change. Nothing was
	// written, and the same call succeeds once there is room again.
	ErrDiskFull = errors.New("the disk is full")

	// ErrReadOnly says that the file or its folder may not be written to.
	ErrReadOnly = errors.New("the database is read-only")

	// ErrForeign says that the file is a sound database, but another
	// program's: Options.AppID is not its application id.
	ErrForeign = errors.New("the database belongs to another program")

	// ErrCommitUnknown says that COMMIT failed, and so that the change may be
	// durable or may be gone (a failed sync leaves either behind). Read by key
	// before trying again; a blind retry would apply the change twice.
	ErrCommitUnknown = errors.New("it is unknown whether the change was committed")
)

// A NewerSchemaError refuses a file that a newer program wrote.
type NewerSchemaError struct {
	Path   string
	Schema int // of the file
	Known  int // the newest that this program knows
}

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("%s was written by a newer version of Plait (schema %d, this program knows %d): install that version again; the file was not touched",
		e.Path, e.Schema, e.Known)
}

// IsBusy reports whether err comes from a lock that another connection held
// for longer than the busy timeout. Trying again later is right.
func IsBusy(err error) bool { return primaryCode(err) == sqlite3.SQLITE_BUSY }

// IsUnique reports whether err is the violation of a primary key or a UNIQUE
// constraint.
func IsUnique(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

// code returns SQLite's extended result code within err, 0 if there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	if e, ok := errors.AsType[*sqliterows.Error](err); ok {
		return e.Code()
	}
	return 0
}

// primaryCode drops the extension: the low byte of an extended code is the
// result code that it refines.
func primaryCode(err error) int { return code(err) & 0xff }

// faultOf returns the named fault that err is a case of, nil if it is none.
func faultOf(err error) error {
	// Growing the shared-memory file fails with its own code on a full disk.
	if code(err) == sqlite3.SQLITE_IOERR_SHMSIZE || errors.Is(err, syscall.ENOSPC) {
		return ErrDiskFull
	}
	switch primaryCode(err) {
	case sqlite3.SQLITE_FULL:
		return ErrDiskFull
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return ErrDamaged
	case sqlite3.SQLITE_READONLY:
		return ErrReadOnly
	}
	return nil
}

// wrap says what could not be done to which file, and names the fault.
func wrap(verb, path string, err error) error {
	if fault := faultOf(err); fault != nil && !errors.Is(err, fault) {
		return fmt.Errorf("cannot %s %s: %w: %w", verb, path, fault, err)
	}
	return fmt.Errorf("cannot %s %s: %w", verb, path, err)
}
