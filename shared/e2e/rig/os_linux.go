package rig

import (
	"os"
	"syscall"
)

// endsWithSuccess: a process that is asked to end says that it did so well.
const endsWithSuccess = true

// apart keeps the terminal's Ctrl-C from a process, which the rig stops in its
// turn; a rig that is killed takes its processes along.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func askToEnd(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
