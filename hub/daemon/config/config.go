package config

import (
	"path/filepath"
	"time"
	_ "time/tzdata" // Windows has no zones that Go could read
)

// Config holds the hub's settings; keys says what each of them is for.
type Config struct {
	Data     string
	Listen   string
	Names    []string
	TimeZone string
	TLS      TLS
	Log      Log
	Contact  Contact
	Enrol    Enrol

	// File is the configuration file that was read, "" if there was none.
	File string
}

// TLS says whose certificate the hub shows.
type TLS struct {
	Cert string
	Key  string
	Off  bool
}

// Log says what is logged, and how.
type Log struct {
	Level  string
	Format string
}

// Contact governs the conversations with agents.
type Contact struct {
	Grace time.Duration
}

// Enrol governs enrolment.
type Enrol struct {
	Valid time.Duration
}

// Example is the file in the project's configs folder.
const Example = "hub.example.yaml"

// Zone returns the time zone in which the hub's people read and write times. An
// empty setting is the machine's.
func (c Config) Zone() (*time.Location, error) {
	if c.TimeZone == "" || c.TimeZone == "Local" {
		return time.Local, nil
	}
	return time.LoadLocation(c.TimeZone)
}

// Database returns the path of the hub's database.
func (c Config) Database() string { return filepath.Join(c.Data, "hub.db") }
