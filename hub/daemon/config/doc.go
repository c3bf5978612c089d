// Package config is what the hub is told at its start: a YAML file, environment
// variables and flags, each overruling the one before.
//
// One table ([Keys]) names every setting, with its default and its help; the
// strict check of the file, the names of variables (PLAIT_HUB_TLS_CERT) and of
// flags (--tls-cert) all come from it. Every error names the file and line, the
// variable or the flag that it comes from, and all of them are reported at once.
//
// The package opens no database and no port, and keeps no secret: tokens and
// keys live in files of the data folder.
package config
