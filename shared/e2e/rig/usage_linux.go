package rig

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of CPU time in /proc, on every platform that Go knows.
const tick = 10 * time.Millisecond

// usageOf reads /proc. A process that has just ended costs nothing.
func usageOf(pid int) (u Usage) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}
	}
	// The second field is the program's name in parentheses, whatever is in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const user, system = 11, 12 // fields 14 and 15 of proc(5), counted after the name
	if len(fields) > system {
		u.CPU = time.Duration(number(fields[user])+number(fields[system])) * tick
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Usage{}
	}
	for line := range bytes.Lines(status) {
		words := bytes.Fields(line)
		switch {
		case len(words) < 2:
		case string(words[0]) == "VmRSS:":
			u.Resident = number(words[1]) << 10
		case string(words[0]) == "VmHWM:":
			u.Peak = number(words[1]) << 10
		}
	}
	return u
}

func number(text []byte) int64 {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
