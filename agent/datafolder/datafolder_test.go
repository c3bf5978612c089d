package datafolder_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"plait/agent/datafolder"
)

func TestOneAgentAFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	if err := datafolder.Prepare(folder); err != nil {
		t.Fatal(err)
	}
	first, err := datafolder.Acquire(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := datafolder.Acquire(folder); !errors.Is(err, datafolder.ErrInUse) {
		t.Fatalf("a second agent: got %v, want ErrInUse", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := datafolder.Acquire(folder)
	if err != nil {
		t.Fatalf("after the first left: %v", err)
	}
	if err := second.Release(); err != nil {
		t.Error(err)
	}
}

func TestWriteFileReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"one", "two, longer", ""} {
		if err := datafolder.WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("got %q, %v; want %q", got, err, text)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v; want one", len(entries), err)
	}
}

func TestFreeSpaceIsKnown(t *testing.T) {
	if n, err := datafolder.Free(t.TempDir()); err != nil || n <= 0 {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestPrepareRefusesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := datafolder.Prepare(path); err == nil {
		t.Error("a file was taken for a folder")
	}
}
