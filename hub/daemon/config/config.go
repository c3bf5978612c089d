package config

import (
	"path/filepath"
	"time"
)

// Config holds the hub's settings. Keys documents each of them.
type Config struct {
	Data    string   `koanf:"data"`
	Listen  string   `koanf:"listen"`
	Names   []string `koanf:"names"`
	TLS     TLS      `koanf:"tls"`
	Log     Log      `koanf:"log"`
	Contact Contact  `koanf:"contact"`
	Enrol   Enrol    `koanf:"enrol"`

	// File is the configuration file that was read, "" if there was none.
	File string `koanf:"-"`
}

// TLS says whose certificate the hub shows.
type TLS struct {
	Cert string `koanf:"cert"`
	Key  string `koanf:"key"`
	Off  bool   `koanf:"off"`
}

// Log says what is logged, and how.
type Log struct {
	Level  string `koanf:"level"`
	Format string `koanf:"format"`
}

// Contact governs the conversations with agents.
type Contact struct {
	Grace time.Duration `koanf:"grace"`
}

// Enrol governs enrolment.
type Enrol struct {
	Valid time.Duration `koanf:"valid"`
}

// A Key is one setting.
type Key struct {
	Path    string // as in the file, parts joined by dots
	Default any    // of the type that it has: string, []string, bool, time.Duration
	Choices []string
	Help    string // one line
}

// Keys are all settings, in the order in which help lists them.
var Keys = []Key{
	{Path: "data", Default: DefaultData, Help: "folder for the database, the hub's CA and the administrator's token"},
	{Path: "listen", Default: ":8443", Help: "address and port to listen on"},
	{Path: "names", Default: []string{}, Help: "names and addresses by which agents and browsers reach the hub, for its certificate"},
	{Path: "tls.cert", Default: "", Help: "certificate chain (PEM) in place of one from the hub's own CA"},
	{Path: "tls.key", Default: "", Help: "private key (PEM) of tls.cert"},
	{Path: "tls.off", Default: false, Help: "serve without TLS; only on a loopback address, behind a proxy"},
	{Path: "log.level", Default: "info", Choices: []string{"debug", "info", "warn", "error"}, Help: "what is logged: debug, info, warn or error"},
	{Path: "log.format", Default: "json", Choices: []string{"json", "text"}, Help: "how: json, or text for people"},
	{Path: "contact.grace", Default: time.Hour, Help: "how long after its announced contact an agent counts as overdue"},
	{Path: "enrol.valid", Default: 24 * time.Hour, Help: "how long an enrolment code is good for"},
}

// Example is the file in the project's configs folder.
const Example = "hub.example.yaml"

// Database returns the path of the hub's database.
func (c Config) Database() string { return filepath.Join(c.Data, "hub.db") }

func keyAt(path string) (Key, bool) {
	for _, k := range Keys {
		if k.Path == path {
			return k, true
		}
	}
	return Key{}, false
}
