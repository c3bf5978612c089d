// Package config is what an agent is told at its start: a YAML file, environment
// variables (PLAIT_AGENT_RETRY_FIRST) and flags (--retry-first), each overruling
// the one before. Its table names every setting; [plait/shared/settings] reads
// them, strictly, and says where each error was written.
//
// The package opens no database and no connection, and keeps no secret: the
// store's credential is a file of the data folder.
package config
