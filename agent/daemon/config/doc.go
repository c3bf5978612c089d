// Package config is what an agent is told at its start: a YAML file, environment
// variables and flags, each overruling the one before.
//
// One table ([Keys]) names every setting, with its default, its help and what
// reads its text; the strict check of the file, the names of variables
// (PLAIT_AGENT_RETRY_FIRST) and of flags (--retry-first) all come from it. Every
// error names the file and line, the variable or the flag that it comes from,
// and all of them are reported at once.
//
// The package opens no database and no connection, and keeps no secret: the
// store's credential is a file of the data folder.
package config
