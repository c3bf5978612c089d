//go:build !windows

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"plait/agent/datafolder"
)

// maxSocketPath is the longest path that Linux takes for a unix socket.
const maxSocketPath = 107

// Listen opens the agent's end for a data folder, whose lock the caller holds. A
// socket that a killed agent left is replaced. Closing the listener removes it.
func Listen(folder string) (net.Listener, error) {
	path := filepath.Join(folder, datafolder.SocketName)
	l, err := listenPrivate(folder, path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the control socket %s: %w", path, err)
	}
	return l, nil
}

// listenPrivate makes the socket in a folder that nobody else can enter and moves
// it to its place with mode 0600: there is no moment at which others could open it.
func listenPrivate(folder, path string) (net.Listener, error) {
	private, err := os.MkdirTemp(folder, ".c")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	temporary := filepath.Join(private, "s")
	if longest := max(len(temporary), len(path)); longest > maxSocketPath {
		return nil, fmt.Errorf("the path is %d bytes too long for a socket: choose a shorter data folder", longest-maxSocketPath)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it would look in the wrong place
	if err := errors.Join(os.Chmod(temporary, 0o600), os.Rename(temporary, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &socket{Listener: l, path: path}, nil
}

type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	if err != nil {
		return err // closed before; the path may be the next agent's by now
	}
	return os.Remove(s.path)
}

func dial(ctx context.Context, folder string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", filepath.Join(folder, datafolder.SocketName))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w: start it with: plait-agent service start", ErrNotRunning)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("only the agent's user and root may ask: run this command with sudo: %w", err)
	}
	return conn, err
}
