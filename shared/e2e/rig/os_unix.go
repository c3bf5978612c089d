//go:build unix && !linux

package rig

import (
	"os"
	"syscall"
)

// endsWithSuccess: a process that is asked to end says that it did so well.
const endsWithSuccess = true

// apart keeps the terminal's Ctrl-C from a process, which the rig stops in its
// turn.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func askToEnd(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
