package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"plait/agent/datafolder"
)

// Config holds the agent's settings; keys says what each of them is for.
type Config struct {
	Data     string // full path
	Mapping  string // full path
	Schedule Schedule
	Retry    Retry
	Capture  Capture
	Compare  Compare
	Log      Log
	After    After

	// File is the configuration file that was read, "" if there was none.
	File string
}

// Retry says when a failed conversation is tried again: after First, then after
// twice as long each time, at most Longest. Each wait is made longer or shorter
// at random by at most Jitter percent, so that the salons of a network do not
// come back all at once.
type Retry struct {
	First, Longest time.Duration
	Jitter         int
}

// Capture says how often changes are looked for.
type Capture struct{ Every time.Duration }

// Compare says how often the record is compared with the POS, and how many
// percent of the time the comparison may work while it runs.
type Compare struct {
	Every  time.Duration
	Budget int
}

// Log says what is logged, and where to; an empty File is the standard error
// output, which a service's log keeps.
type Log struct {
	Level string
	File  string
}

// After is the program that runs after something was written to the POS, with its
// arguments, and how long it may run. No Command is none.
type After struct {
	Command []string
	Limit   time.Duration
}

// The files of the project's configs folder.
const (
	Example        = "agent.example.yaml"
	MappingExample = "mapping.example.yaml"
)

// Check says what keeps the program from being run; nil where there is none. It is
// no reason for the agent not to work.
func (a After) Check() error {
	if len(a.Command) == 0 {
		return nil
	}
	info, err := os.Stat(a.Command[0])
	switch {
	case err != nil:
		return fmt.Errorf("cannot run after_apply.command: %w", err)
	case info.IsDir():
		return fmt.Errorf("cannot run after_apply.command: %s is a folder", a.Command[0])
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("cannot run after_apply.command: %s is no program; chmod +x it", a.Command[0])
	}
	return nil
}

// Database returns the path of agent.db.
func (c Config) Database() string { return filepath.Join(c.Data, datafolder.DatabaseName) }

// Credential returns the path of credential.json.
func (c Config) Credential() string { return filepath.Join(c.Data, datafolder.CredentialName) }

// Enrolled returns the path of the file that an enrolment leaves while the agent runs.
func (c Config) Enrolled() string { return filepath.Join(c.Data, datafolder.EnrolledName) }

// Socket returns the path of the control socket.
func (c Config) Socket() string { return filepath.Join(c.Data, datafolder.SocketName) }

// CheckFolders refuses a data folder, a configuration or a mapping that anybody
// on this computer could change, and names the mend. What is absent is no error.
func (c Config) CheckFolders() error {
	errs := []error{datafolder.Guard(c.Data), datafolder.GuardFile(c.Mapping)}
	if c.After.Check() == nil && len(c.After.Command) > 0 {
		errs = append(errs, datafolder.GuardFile(c.After.Command[0]))
	}
	if c.File != "" {
		errs = append(errs, datafolder.GuardFile(c.File))
	}
	return distinct(errs)
}

// distinct joins errors and drops those that say the same: two files may lie in
// one folder.
func distinct(errs []error) error {
	var kept []error
	seen := map[string]bool{}
	for _, err := range errs {
		if err == nil {
			continue
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !seen[line] {
				seen[line] = true
				kept = append(kept, &partial{line, err})
			}
		}
	}
	return errors.Join(kept...)
}

// partial is one line of an error that has several.
type partial struct {
	line  string
	whole error
}

func (p *partial) Error() string { return p.line }
func (p *partial) Unwrap() error { return p.whole }
