// Package rig runs the whole of Plait on one machine, as it will run for a
// network: the hub and every store's agent as processes of their own, built from
// this source, each with its own folder, over TLS on the loopback. The end-to-end
// tests and the demonstration share it.
//
// A [Rig] has a [Hub] and any number of [Store]s. They are started, stopped,
// killed and started again; their commands are called as a technician and an
// operator would call them, with --json, and what they answer is decoded; their
// databases are set aside and put back as a restore would ([Snapshot]); a [Gate]
// stands between agents and hub where a test must act at one point of a
// conversation. [Store.Compare] holds the POS file against the hub's copy, item
// by item, past everything that either program says about itself.
//
// The rig plays no POS: whoever uses it makes a store's POS database, at
// Store.POS, before the agent starts. It holds no test: it fails by returning
// errors, which carry the end of the process's log.
package rig
