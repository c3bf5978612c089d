package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Key is one setting.
type Key struct {
	Path    string // as in the file, parts joined by dots
	Default string // as it would be written
	Help    string // one line
	isPath  bool   // a relative one counts from the file's folder
	set     func(c *Config, text string) error
}

// Bounds of the settings.
const (
	minSpan, maxSpan       = time.Second, 24 * time.Hour
	minCompare, maxCompare = time.Minute, 31 * 24 * time.Hour
)

// Keys are all settings, in the order in which help lists them.
var Keys = []Key{
	{Path: "data", Default: DefaultData, isPath: true, Help: "folder of agent.db, credential.json and the control socket",
		set: func(c *Config, s string) error { return text(&c.Data, s) }},
	{Path: "mapping", Default: DefaultMapping, isPath: true, Help: "mapping file: which tables and columns of the POS are which kinds and fields",
		set: func(c *Config, s string) error { return text(&c.Mapping, s) }},
	{Path: "schedule", Default: "@every 15m", Help: "when standard uploads run: cron (\"*/15 9-21 * * *\") or \"@every 15m\"",
		set: func(c *Config, s string) (err error) { c.Schedule, err = ParseSchedule(s); return err }},
	{Path: "retry.first", Default: "30s", Help: "how soon a failed upload is tried again",
		set: func(c *Config, s string) error { return span(&c.Retry.First, s, minSpan, maxSpan) }},
	{Path: "retry.longest", Default: "30m", Help: "how long the waits between tries may become",
		set: func(c *Config, s string) error { return span(&c.Retry.Longest, s, minSpan, maxSpan) }},
	{Path: "retry.jitter", Default: "25", Help: "by how many percent a wait is made longer or shorter at random",
		set: func(c *Config, s string) error { return percent(&c.Retry.Jitter, s, 0, 90) }},
	{Path: "capture.every", Default: "3s", Help: "how often the POS's changes are looked for",
		set: func(c *Config, s string) error { return span(&c.Capture.Every, s, 100*time.Millisecond, time.Hour) }},
	{Path: "compare.every", Default: "24h", Help: "how often everything is compared with the POS",
		set: func(c *Config, s string) error { return span(&c.Compare.Every, s, minCompare, maxCompare) }},
	{Path: "compare.budget", Default: "10", Help: "how many percent of the time the comparison may work while it runs",
		set: func(c *Config, s string) error { return percent(&c.Compare.Budget, s, 1, 100) }},
	{Path: "log.level", Default: "info", Help: "what is logged: debug, info, warn or error",
		set: func(c *Config, s string) error { return oneOf(&c.Log.Level, s, "debug", "info", "warn", "error") }},
	{Path: "log.file", Default: "", isPath: true, Help: "file to log to; none is the standard error output",
		set: func(c *Config, s string) error { c.Log.File = s; return nil }},
}

func keyAt(path string) (Key, bool) {
	i := slices.IndexFunc(Keys, func(k Key) bool { return k.Path == path })
	if i < 0 {
		return Key{}, false
	}
	return Keys[i], true
}

func (k Key) flag() string { return strings.ReplaceAll(k.Path, ".", "-") }

func (k Key) variable() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
}

func text(dst *string, s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty")
	}
	*dst = s
	return nil
}

func span(dst *time.Duration, s string, low, high time.Duration) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return fmt.Errorf("%.40q is not a time span such as 90s or 24h", s)
	case d < low || d > high:
		return fmt.Errorf("%v is not between %v and %v", d, low, high)
	}
	*dst = d
	return nil
}

func percent(dst *int, s string, low, high int) error {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "%"))
	if err != nil || n < low || n > high {
		return fmt.Errorf("%.40q is not a number of percent from %d to %d", s, low, high)
	}
	*dst = n
	return nil
}

func oneOf(dst *string, s string, choices ...string) error {
	if !slices.Contains(choices, s) {
		return fmt.Errorf("%.40q is not one of %s", s, strings.Join(choices, ", "))
	}
	*dst = s
	return nil
}
