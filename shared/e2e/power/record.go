package power

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// calls are the system calls that are recorded. A plain write is not among them:
// SQLite writes with an offset, and what goes through sockets and logs is noise.
const calls = "/^(open|openat|pwrite64|pwritev|pwritev2|ftruncate|truncate|fsync|fdatasync|sync_file_range|unlink|unlinkat|rename|renameat|renameat2)$"

// longestWrite bounds a write that is recorded whole, in bytes.
const longestWrite = 1 << 20

// Record runs a program to its end, with everything that it starts, and writes
// what it asks of the file system to the file trace. It returns what it said.
// The program is to bound its own time: where ctx ends first, it is let go.
func Record(ctx context.Context, trace string, env []string, program string, args ...string) (said []byte, err error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return nil, fmt.Errorf("cannot record what goes to the disk: strace is not installed (apt-get install strace, or make strace): %w", err)
	}
	if err := permitted(ctx, strace); err != nil {
		return nil, err
	}
	line := append([]string{"-f", "--seccomp-bpf", "-y", "-xx", "-ttt", "-s", fmt.Sprint(longestWrite),
		"-e", "trace=" + calls, "-e", "signal=none", "-o", trace, "--", program}, args...)
	cmd := exec.CommandContext(ctx, strace, line...)
	cmd.Env = append(os.Environ(), env...)
	// strace lets the program go when it is asked to end.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	said, err = cmd.CombinedOutput()
	if err != nil {
		return said, fmt.Errorf("cannot record %s: %w", program, errors.Join(ctx.Err(), err))
	}
	return said, nil
}

// permitted tells a system that forbids ptrace from a program that fails.
func permitted(ctx context.Context, strace string) error {
	out, err := exec.CommandContext(ctx, strace, "-f", "-o", os.DevNull, "--", "true").CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot record what goes to the disk: strace may not trace here; allow ptrace "+
			"(in a container: --cap-add SYS_PTRACE, and a seccomp profile that lets it): %w: %.300s", err, out)
	}
	return nil
}
