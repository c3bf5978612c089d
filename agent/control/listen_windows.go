package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"

	"github.com/Microsoft/go-winio"
)

// access lets the system, the administrators and the pipe's owner in.
const access = "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;OW)"

// Listen opens the agent's end for a data folder, whose lock the caller holds.
func Listen(folder string) (net.Listener, error) {
	l, err := winio.ListenPipe(pipeOf(folder), &winio.PipeConfig{SecurityDescriptor: access})
	if err != nil {
		return nil, fmt.Errorf("cannot open the control pipe %s: %w", pipeOf(folder), err)
	}
	return l, nil
}

// pipeOf names the pipe of a data folder: pipes have no folders of their own.
func pipeOf(folder string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(filepath.Clean(folder))))
	return `\\.\pipe\plait-agent-` + hex.EncodeToString(sum[:8])
}

func dial(ctx context.Context, folder string) (net.Conn, error) {
	conn, err := winio.DialPipeContext(ctx, pipeOf(folder))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: start it with: plait-agent service start", ErrNotRunning)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("only administrators may ask: run this command as administrator: %w", err)
	}
	return conn, err
}
