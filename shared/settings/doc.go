// Package settings reads what a program is told at its start: a YAML file,
// environment variables and flags, each overruling the one before.
//
// A program lists its settings in one [Table]: each with its path in the file,
// its default, its help and what reads its text. The strict check of the file
// and the names of variables (PLAIT_HUB_TLS_CERT) and of flags (--tls-cert) all
// come from it. Every error names the file and line, the variable or the flag
// that it comes from, and all of them are reported at once.
//
// The package knows no setting of either program. It reads one file and nothing
// else, and opens no database and no connection.
package settings
