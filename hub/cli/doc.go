// Package cli is plait-hub's command line, one file for each subcommand.
//
// serve runs the hub. Every other command but config and version talks to a
// running one over the operators' API, with the right of the token that it
// shows. On the hub's own machine the data folder says where the hub listens,
// whose certificate it shows, and holds the administrator's token: so
// `plait-hub store list --data DIR` needs nothing else. Elsewhere it takes --hub,
// --token-file and, for the hub's own CA, --ca.
//
// Every command takes --json, prints an error as one sentence, and ends with
// another status than 0 where it did not do what was asked: 1, or 2 where the
// command line itself was wrong. What people named (items, stores, labels) is
// printed with control characters escaped: no name can break a terminal.
package cli
