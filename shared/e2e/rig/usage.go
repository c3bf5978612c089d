package rig

import "time"

// Usage is what a process has cost so far.
type Usage struct {
	CPU      time.Duration // of all its threads, the system's part included
	Resident int64         // bytes of memory now
	Peak     int64         // bytes of memory at most
}

// Usage tells what the hub's process cost since it was started. It is zero where
// the system does not tell (only Linux does), and when the process does not run.
func (h *Hub) Usage() Usage { return h.process.usage() }

// Usage is that of the store's agent.
func (s *Store) Usage() Usage { return s.process.usage() }

func (p *process) usage() Usage {
	if !p.running() {
		return Usage{}
	}
	return usageOf(p.cmd.Process.Pid)
}
