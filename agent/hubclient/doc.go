// Package hubclient sends an agent's messages to the hub: all outbound HTTP of
// the agent is here. It pins the hub's CA, follows no redirect (a redirect would
// carry the credential elsewhere), takes an answer for an answer only if it
// carries the protocol's header (a captive portal's 200 is none), bounds what it
// reads, and tries again only what a fault of the network or a busy hub spoiled.
// Every message of the protocol may be sent again, so a retry is always safe.
//
// It knows neither the POS nor the outbox, and decides nothing: package upload
// knows the order of a conversation.
package hubclient
