// Package enrolcode holds what both ends of an enrolment must agree on: the
// code that an operator reads out and a technician types, the pin by which an
// agent knows its hub's CA, and the form of the secrets that are exchanged. It
// is a room in shared because the hub makes codes and the agent reads them, and
// the two import nothing of each other.
//
// # The code
//
// 36 characters of Crockford's base32, in groups of four:
//
//	K7QF-2M0X-VW3D-9RTA-4HNB-E8S1-GZ6C-Y5JP-0QK2
//	└ secret, 80 bits ┘ └── pin, 80 bits ─┘ └ checksum, 20 bits
//
// Lower case is read as upper case, O as 0, I and L as 1; spaces and hyphens
// mean nothing. The checksum tells a typing error from a code that the hub does
// not know, without asking the hub. Eighty random bits cannot be guessed
// against a hub that takes a code once, for a limited time, and throttles.
//
// # The pin
//
// The SHA-256 of the CA's public key (its SubjectPublicKeyInfo), in hexadecimal.
// It is the key's and not the certificate's, so that a CA may renew its
// certificate without enrolling every salon again. The code carries the first 80
// bits, against which a forger would need another key with the same ones; an
// agent that has enrolled keeps all 256. An empty pin (eighty zero bits in a
// code) says that the hub's certificate is one that the system's own roots
// vouch for.
//
// The package does no I/O and keeps no state; who is enrolled is hub/access's
// to know.
package enrolcode
