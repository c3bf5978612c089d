//go:build !windows

package datafolder_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plait/agent/datafolder"
)

func TestModes(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if err := datafolder.Prepare(folder); err != nil {
		t.Fatal(err)
	}
	wantMode(t, folder, 0o700)
	file := filepath.Join(folder, "secret")
	if err := datafolder.WriteFile(file, []byte("x")); err != nil {
		t.Fatal(err)
	}
	wantMode(t, file, 0o600)
}

func TestWorldWritableIsRefusedWithTheMend(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	err := datafolder.Prepare(folder)
	if !errors.Is(err, datafolder.ErrExposed) || !strings.Contains(err.Error(), "chmod o-w '"+folder+"'") {
		t.Errorf("got %v", err)
	}
	if err := datafolder.GuardFile(filepath.Join(folder, "absent")); !errors.Is(err, datafolder.ErrExposed) {
		t.Errorf("an absent file in a folder that everybody may write to: %v", err)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", filepath.Base(path), got, want)
	}
}
