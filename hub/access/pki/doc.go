// Package pki is the hub's own certificate authority, for the many networks
// that have none. It makes a key once, keeps it in the hub's data folder, and
// issues the server certificates that agents verify by the CA's pin.
//
// # Files
//
//	ca-key.pem  the CA's private key (ECDSA P-256, PKCS #8), mode 0600; the pin
//	            of every enrolled agent stands for it, so it belongs in backups
//	ca.pem      the CA's certificate, made anew from the key when it is absent
//	            or nears its end; for browsers and other tools
//
// A server key never touches the disk: one is made at each start, and its
// certificate is renewed while the hub runs, long before it ends.
//
// The package serves nothing and knows no store; it is cryptography and two
// files.
package pki
