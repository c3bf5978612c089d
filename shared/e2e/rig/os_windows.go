package rig

import (
	"os"
	"syscall"
)

// endsWithSuccess: Windows has no signal that asks a process without a window to
// end, so that stopping is killing there, which loses nothing.
const endsWithSuccess = false

// apart keeps the console's Ctrl-C from a process, which the rig stops in its
// turn.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func askToEnd(p *os.Process) error { return p.Kill() }
