// Package datafolder is the folder in which an agent keeps what it must not
// lose: agent.db, credential.json, the control socket. It creates the folder so
// that nobody else can read it, refuses one that others could write to, and
// lets one agent at a time work in it.
//
// It never looks into the files, and never mends permissions behind a person's
// back: it says what to do.
package datafolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The names of what lies in a data folder.
const (
	DatabaseName   = "agent.db"
	CredentialName = "credential.json"
	EnrolledName   = "enrolled"
	SocketName     = "control.sock"
	PausedName     = "paused"
	lockName       = "agent.lock"
)

// ErrExposed says that somebody else on this computer could change a file that
// the agent trusts.
var ErrExposed = errors.New("everybody on this computer may write to it")

// ErrInUse says that another agent works in the data folder.
var ErrInUse = errors.New("another agent is running on it")

// Prepare makes sure that the folder exists and is the agent's alone. A folder
// that it creates can be read by its owner only; an existing one that everybody
// may write to is refused with ErrExposed.
func Prepare(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("cannot create data folder: %w", err)
		}
		if err := createPrivate(path); err != nil {
			return fmt.Errorf("cannot create data folder: %w", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot use data folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("cannot use data folder %s: it is a file", path)
	}
	return Guard(path)
}

// Guard refuses a file or folder that everybody may write to, in a sentence with
// the mend. What is absent is nobody's to change.
func Guard(path string) error {
	open, err := exposed(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("cannot look at the permissions of %s: %w", path, err)
	case open:
		return fmt.Errorf("cannot use %s: %w: %s", path, ErrExposed, mend(path))
	}
	return nil
}

// GuardFile is Guard for a file and the folder that it lies in, whose writers
// could replace it.
func GuardFile(path string) error {
	return errors.Join(Guard(filepath.Dir(path)), Guard(path))
}

// A Lock is held by the one agent that works in a data folder.
type Lock struct{ file *os.File }

// Acquire takes the folder's lock, or fails at once with ErrInUse. The lock goes
// with its process, however that ends.
func Acquire(folder string) (*Lock, error) {
	path := filepath.Join(folder, lockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock data folder %s: %w", folder, err)
	}
	switch held, err := lockFile(file); {
	case err != nil:
		return nil, errors.Join(fmt.Errorf("cannot lock data folder %s: %w", folder, err), file.Close())
	case !held:
		return nil, errors.Join(fmt.Errorf("cannot use data folder %s: %w", folder, ErrInUse), file.Close())
	}
	return &Lock{file: file}, nil
}

// Release lets the next agent in. The file stays: removing it would let two
// agents lock two files of the same name.
func (l *Lock) Release() error { return l.file.Close() }

// Free is the number of bytes that may still be written to the folder's disk.
func Free(folder string) (int64, error) {
	n, err := free(folder)
	if err != nil {
		return 0, fmt.Errorf("cannot tell the free space of %s: %w", folder, err)
	}
	return n, nil
}

// WriteFile replaces a small file of the data folder: readable by its owner
// alone, durable before it returns, never half-written.
func WriteFile(path string, data []byte) error {
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func writeFile(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(filepath.Dir(path))
}
