package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// commandWithin bounds one call of a command.
const commandWithin = 3 * time.Minute

// CommandError is a command that did not do what it was asked.
type CommandError struct {
	Line   string // as a person would type it
	Exit   int    // -1 if it was killed
	Stdout string
	Stderr string
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("%s ended with %d: %s", e.Line, e.Exit, strings.TrimSpace(e.Stderr+" "+e.Stdout))
}

// Says reports whether the command said so, wherever it did.
func (e *CommandError) Says(words ...string) bool {
	for _, w := range words {
		if !strings.Contains(e.Stderr+e.Stdout, w) {
			return false
		}
	}
	return true
}

// call runs one command with --json and decodes its answer into into, which may
// be nil. What a command that failed said on its standard output is decoded too,
// if it is JSON.
func call(ctx context.Context, program string, into any, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(args, "--json")...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(), &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("cannot finish %s: %w", lineOf(program, args), ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("cannot run %s: %w", lineOf(program, args), err)
	}
	if err != nil {
		if into != nil {
			_ = json.Unmarshal(stdout.Bytes(), into) // it may have said nothing
		}
		return &CommandError{Line: lineOf(program, args), Exit: exit.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		return fmt.Errorf("cannot read what %s answered: %w\n%s", lineOf(program, args), err, stdout.String())
	}
	return nil
}

// say runs one command as a person does, without --json, and returns what it
// printed. A command that fails gives a *CommandError, and what it printed.
func say(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = &CommandError{Line: lineOf(program, args), Exit: exit.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	}
	return stdout.String(), err
}

// lineOf is a command as a person would type it.
func lineOf(program string, args []string) string {
	words := []string{program}
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " '\"*") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
