package store

import (
	"errors"

	"plait/shared/sqlitedb"
)

// Errors that callers decide by; each comes wrapped with what it is about.
var (
	// ErrNotFound: there is no such thing, or it is another network's.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the state is not what the caller takes it for, or a name is
	// taken already.
	ErrConflict = errors.New("conflict")
)

// Busy reports whether err comes from a database that cannot be written to now:
// it is locked, its disk is full, or a commit ended in doubt. Every message may be
// sent again, so trying later is right, and safe.
func Busy(err error) bool {
	return sqlitedb.IsBusy(err) || errors.Is(err, sqlitedb.ErrDiskFull) || errors.Is(err, sqlitedb.ErrCommitUnknown)
}
