// Package daemon is the hub as one running program: the only place that knows
// every room and puts them together.
//
//	config ─► data folder ─► database ─► rooms ─► routes ─► listener
//
// # The data folder
//
//	hub.db       everything that the hub knows (and hub.db-wal, hub.db-shm)
//	ca-key.pem   the hub's own CA, unless a certificate is given; see access/pki
//	ca.pem
//	admin.token  the administrator's token of the first start, mode 0600
//	hub.json     where this hub listens, for the commands on the same machine
//
// A [Daemon] is started once and stopped once. Stop returns when no goroutine of
// it is left.
package daemon
