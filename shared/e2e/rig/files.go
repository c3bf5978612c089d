package rig

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// databaseFiles are what SQLite keeps beside a database.
var databaseFiles = []string{"", "-wal", "-shm", "-journal"}

// Snapshot sets a SQLite database aside as a backup of its files would; whoever
// writes it must be stopped. Its Restore puts them back.
type Snapshot struct{ database, folder string }

// TakeSnapshot copies a database's files into a new folder beside it.
func TakeSnapshot(database string) (Snapshot, error) {
	folder, err := os.MkdirTemp(filepath.Dir(database), filepath.Base(database)+".backup-*")
	if err != nil {
		return Snapshot{}, fmt.Errorf("cannot set %s aside: %w", database, err)
	}
	s := Snapshot{database, folder}
	return s, copyDatabase(database, s.copy())
}

func (s Snapshot) copy() string { return filepath.Join(s.folder, filepath.Base(s.database)) }

// Restore puts the files back. What is not part of the snapshot is removed.
func (s Snapshot) Restore() error { return copyDatabase(s.copy(), s.database) }

// RestoreAs makes another database of the snapshot's files: a clone.
func (s Snapshot) RestoreAs(database string) error { return copyDatabase(s.copy(), database) }

func copyDatabase(from, to string) error {
	for _, suffix := range databaseFiles {
		err := copyFile(from+suffix, to+suffix)
		if errors.Is(err, fs.ErrNotExist) && suffix != "" {
			if err = os.Remove(to + suffix); errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		}
		if err != nil {
			return fmt.Errorf("cannot copy %s to %s: %w", from+suffix, to+suffix, err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
