package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"plait/agent/daemon/config"
	"plait/agent/datafolder"
)

const example = "../../../configs/" + config.Example

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, file string, environ []string, args ...string) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Sources{File: file, Environ: environ, Flags: flags})
}

func TestExampleSaysTheDefaults(t *testing.T) {
	got, err := load(t, example, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := load(t, write(t, "# nothing\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want.File = got.File
	if runtime.GOOS == "windows" {
		want.Data, want.Mapping = got.Data, got.Mapping // the example shows Linux's folders
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	file := write(t, "mapping: pos.yaml\ndata: /srv/a\nretry: {first: 2s, jitter: 10%}\nlog:\n  level: warn\n")
	c, err := load(t, file, []string{"PLAIT_AGENT_DATA=/srv/b", "PLAIT_AGENT_RETRY_FIRST=3s", "PLAIT_AGENT_CONFIG=x", "PATH=/bin"},
		"--data", "/srv/c", "--schedule", "0 3 * * *")
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != filepath.FromSlash("/srv/c") && runtime.GOOS != "windows" {
		t.Errorf("data is %s", c.Data)
	}
	if c.Mapping != filepath.Join(filepath.Dir(file), "pos.yaml") {
		t.Errorf("mapping is %s, not beside the file", c.Mapping)
	}
	if c.Retry.First != 3*time.Second || c.Retry.Jitter != 10 || c.Log.Level != "warn" || c.Schedule.Text != "0 3 * * *" || c.File != file {
		t.Errorf("got %+v", c)
	}
	at := c.Schedule.Next(time.Date(2026, 5, 1, 4, 0, 0, 0, time.Local))
	if want := time.Date(2026, 5, 2, 3, 0, 0, 0, time.Local); !at.Equal(want) {
		t.Errorf("the next upload is at %v, want %v", at, want)
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	for text, want := range map[string][]string{
		"data: /x\nschedul: 1\n":                     {`agent.yaml:2: there is no setting "schedul"; did you mean "schedule"?`},
		"retry:\n  frist: 2s\nlog: {level: loud}\n":  {`agent.yaml:2: there is no setting "retry.frist"; did you mean "retry.first"?`},
		"log:\n\n  level: loud\n":                    {`agent.yaml:3: log.level: "loud" is not one of debug, info, warn, error`},
		"schedule: at noon\ncompare:\n  every: 1s\n": {`agent.yaml:1: schedule: "at noon"`, `agent.yaml:3: compare.every: 1s is not between 1m0s and 744h0m0s`},
		"schedule: 0 0 30 2 *\n":                     {`"0 0 30 2 *" never comes`},
		"schedule: TZ=Europe/Paris\n":                {`has a time zone and no times`},
		"schedule: \"@every 1s\"\n":                  {`more often than every 10s`},
		"retry: {first: 1h, longest: 1m}\n":          {`agent.yaml:1: retry.first: 1h0m0s is longer than retry.longest`},
		"compare: {budget: 0}\n":                     {`agent.yaml:1: compare.budget: "0" is not a number of percent from 1 to 100`},
		"after_apply: {command: refresh}\n":          {`agent.yaml:1: after_apply.command: "refresh" is no list of a program and its arguments`},
		"after_apply:\n  command: [refresh, now]\n":  {`agent.yaml:2: after_apply.command: the program "refresh" must be named by its full path`},
		"after_apply:\n  command: []\n":              {`agent.yaml:2: after_apply.command: it names no program`},
		"after_apply: {limit: 1h}\n":                 {`agent.yaml:1: after_apply.limit: 1h0m0s is not between 1s and 10m0s`},
		"mapping: \"\"\n":                            {`agent.yaml:1: mapping: it is empty`},
	} {
		_, err := load(t, write(t, text), nil)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, want %s", text, err, part)
			}
		}
	}
	if _, err := load(t, write(t, ""), []string{"PLAIT_AGENT_DAAT=x"}); err == nil || !strings.Contains(err.Error(), `did you mean "PLAIT_AGENT_DATA"?`) {
		t.Errorf("an unknown variable: %v", err)
	}
	if _, err := load(t, write(t, ""), []string{"PLAIT_AGENT_RETRY_FIRST=soon"}); err == nil || !strings.HasPrefix(err.Error(), "PLAIT_AGENT_RETRY_FIRST: ") {
		t.Errorf("a bad variable: %v", err)
	}
	if _, err := load(t, write(t, ""), nil, "--log-level", "loud"); err == nil || !strings.HasPrefix(err.Error(), "--log-level: ") {
		t.Errorf("a bad flag: %v", err)
	}
}

func TestWorldWritableFoldersAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows keeps access lists instead of modes; nothing to check here")
		return
	}
	data, file := t.TempDir(), write(t, "mapping: mapping.yaml\n")
	c, err := load(t, file, nil, "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckFolders(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{data, file, filepath.Dir(file)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode().Perm()|0o002); err != nil {
			t.Fatal(err)
		}
		err = c.CheckFolders()
		if !errors.Is(err, datafolder.ErrExposed) || strings.Count(err.Error(), "chmod o-w '"+path+"'") != 1 {
			t.Errorf("%s: %v", path, err)
		}
		if err := os.Chmod(path, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}

// A command is a program and its arguments, whatever these hold: no shell reads it,
// and no comma cuts it. A program that is not there is said, and no more; one that
// others may replace keeps the agent from starting.
func TestCommandAfterApplying(t *testing.T) {
	program := filepath.Join(t.TempDir(), "refresh")
	text := "after_apply:\n  command: ['" + program + "', --only, 'a, b', '$HOME']\n"
	c, err := load(t, write(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{program, "--only", "a, b", "$HOME"}; !reflect.DeepEqual(c.After.Command, want) || c.After.Limit != time.Minute {
		t.Errorf("got %+v", c.After)
	}
	if err := c.After.Check(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that is not there: %v", err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.After.Check(); (err == nil) != (runtime.GOOS == "windows") {
		t.Errorf("a file that cannot be run: %v", err)
	}
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := c.After.Check(); err != nil {
		t.Error(err)
	}
	given, err := load(t, write(t, text), []string{"PLAIT_AGENT_AFTER_APPLY_COMMAND="}, "--after-apply-limit", "5s")
	if err != nil || given.After.Command != nil || given.After.Limit != 5*time.Second || given.After.Check() != nil {
		t.Errorf("taken away by a variable: %+v, %v", given.After, err)
	}
	if runtime.GOOS == "windows" {
		return // access lists instead of modes
	}
	if err := os.Chmod(program, 0o777); err != nil {
		t.Fatal(err)
	}
	c.Data, c.Mapping = t.TempDir(), c.File
	if err := c.CheckFolders(); !errors.Is(err, datafolder.ErrExposed) {
		t.Errorf("a program that everybody may write: %v", err)
	}
}
