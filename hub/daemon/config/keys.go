package config

import (
	"time"

	"plait/shared/settings"
)

// Bounds of the time spans.
const (
	minGrace, maxGrace = time.Minute, 31 * 24 * time.Hour
	minValid, maxValid = 5 * time.Minute, 14 * 24 * time.Hour
)

// keys are all settings, in the order in which help lists them; they are read
// into c.
func keys(c *Config) []settings.Key {
	return []settings.Key{
		{Path: "data", Default: DefaultData, Set: settings.Text(&c.Data),
			Help: "folder for the database, the hub's CA and the administrator's token"},
		{Path: "listen", Default: ":8443", Set: settings.Text(&c.Listen),
			Help: "address and port to listen on"},
		{Path: "names", Form: settings.Texts, Set: settings.List(&c.Names),
			Help: "names and addresses by which agents and browsers reach the hub, for its certificate"},
		{Path: "time_zone", Default: "Local", Set: settings.Text(&c.TimeZone),
			Help: "where dates begin and schedules of syncs go by, such as Europe/Berlin; Local is the machine's zone"},
		{Path: "tls.cert", Set: settings.Text(&c.TLS.Cert),
			Help: "certificate chain (PEM) in place of one from the hub's own CA"},
		{Path: "tls.key", Set: settings.Text(&c.TLS.Key),
			Help: "private key (PEM) of tls.cert"},
		{Path: "tls.off", Default: "false", Form: settings.OnOff, Set: settings.Switch(&c.TLS.Off),
			Help: "serve without TLS; only on a loopback address, behind a proxy"},
		{Path: "log.level", Default: "info", Set: settings.OneOf(&c.Log.Level, "debug", "info", "warn", "error"),
			Help: "what is logged: debug, info, warn or error"},
		{Path: "log.format", Default: "json", Set: settings.OneOf(&c.Log.Format, "json", "text"),
			Help: "form of the log: json, or text for people"},
		{Path: "contact.grace", Default: "1h", Set: settings.Span(&c.Contact.Grace, minGrace, maxGrace),
			Help: "how long after its announced contact an agent counts as overdue"},
		{Path: "enrol.valid", Default: "24h", Set: settings.Span(&c.Enrol.Valid, minValid, maxValid),
			Help: "how long an enrolment code is good for"},
	}
}
