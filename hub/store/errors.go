package store

import "errors"

// Errors that callers decide by; each comes wrapped with what it is about.
var (
	// ErrNotFound: there is no such thing, or it is another network's.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the state is not what the caller takes it for, or a name is
	// taken already.
	ErrConflict = errors.New("conflict")
)
