package config

import (
	"time"

	"plait/shared/settings"
)

// Bounds of the settings.
const (
	minSpan, maxSpan       = time.Second, 24 * time.Hour
	minCapture, maxCapture = 100 * time.Millisecond, time.Hour
	minAfter, maxAfter     = time.Second, 10 * time.Minute
	minCompare, maxCompare = time.Minute, 31 * 24 * time.Hour
)

// keys are all settings, in the order in which help lists them; they are read
// into c.
func keys(c *Config) []settings.Key {
	return []settings.Key{
		{Path: "data", Default: DefaultData, Form: settings.FilePath, Set: settings.Filled(&c.Data),
			Help: "folder of agent.db, credential.json and the control socket"},
		{Path: "mapping", Default: DefaultMapping, Form: settings.FilePath, Set: settings.Filled(&c.Mapping),
			Help: "mapping file: which tables and columns of the POS are which kinds and fields"},
		{Path: "schedule", Default: "@every 15m", Set: c.Schedule.set,
			Help: "when standard uploads run: cron (\"*/15 9-21 * * *\") or \"@every 15m\""},
		{Path: "retry.first", Default: "30s", Set: settings.Span(&c.Retry.First, minSpan, maxSpan),
			Help: "how soon a failed upload is tried again"},
		{Path: "retry.longest", Default: "30m", Set: settings.Span(&c.Retry.Longest, minSpan, maxSpan),
			Help: "how long the waits between tries may become"},
		{Path: "retry.jitter", Default: "25", Set: settings.Percent(&c.Retry.Jitter, 0, 90),
			Help: "by how many percent a wait is made longer or shorter at random"},
		{Path: "capture.every", Default: "3s", Set: settings.Span(&c.Capture.Every, minCapture, maxCapture),
			Help: "how often the POS's changes are looked for"},
		{Path: "compare.every", Default: "24h", Set: settings.Span(&c.Compare.Every, minCompare, maxCompare),
			Help: "how often everything is compared with the POS"},
		{Path: "compare.budget", Default: "10", Set: settings.Percent(&c.Compare.Budget, 1, 100),
			Help: "how many percent of the time the comparison may work while it runs"},
		{Path: "after_apply.command", Form: settings.Command, Set: settings.Argv(&c.After.Command),
			Help: "program with its arguments to run after something was written to the POS, by its full path; none by default"},
		{Path: "after_apply.limit", Default: "1m", Set: settings.Span(&c.After.Limit, minAfter, maxAfter),
			Help: "how long that program may run before it is ended"},
		{Path: "log.level", Default: "info", Set: settings.OneOf(&c.Log.Level, "debug", "info", "warn", "error"),
			Help: "what is logged: debug, info, warn or error"},
		{Path: "log.file", Default: "", Form: settings.FilePath, Set: settings.Text(&c.Log.File),
			Help: "file to log to; none is the standard error output"},
	}
}
