//go:build !windows

package control_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plait/agent/control"
	"plait/agent/datafolder"
)

func TestSocketIsPrivateAndGoesWithItsListener(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, datafolder.SocketName)
	// What a killed agent left is in nobody's way.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := control.Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got.Perm() != 0o600 || got&fs.ModeSocket == 0 {
		t.Errorf("the socket has mode %v", got)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d entries in the folder, %v; want the socket alone", len(entries), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

func TestPathTooLong(t *testing.T) {
	folder := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Listen(folder); err == nil || !strings.Contains(err.Error(), "choose a shorter data folder") {
		t.Errorf("got %v", err)
	}
}
