// Package config is what the hub is told at its start: a YAML file, environment
// variables (PLAIT_HUB_TLS_CERT) and flags (--tls-cert), each overruling the one
// before. Its table names every setting; [plait/shared/settings] reads them,
// strictly, and says where each error was written.
//
// The package opens no database and no port, and keeps no secret: tokens and
// keys live in files of the data folder.
package config
