package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"

	"plait/shared/enrolcode"
)

// TokenPrefix begins every secret that the hub itself hands out: operators'
// tokens and sessions. A store's credential has enrolcode.CredentialPrefix.
const TokenPrefix = "plait_token_"

// NewSecret returns a fresh secret of 256 random bits. It is shown once; the hub
// keeps HashSecret of it.
func NewSecret() string { return enrolcode.NewSecret(TokenPrefix) }

// HashSecret returns what the hub stores in place of a secret: its SHA-256 in
// hexadecimal, the same each time, so that it can be looked up by an index.
//
// A plain hash is right here and only here. Slow and salted hashes defend
// secrets that people choose, which can be guessed; of 256 random bits (or the
// 80 of a code that is gone once used) nobody can try a share worth mentioning,
// and the hub hashes at each request. Passwords go through argon2id instead.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// SecretMatches reports whether hash is HashSecret of secret, in a time that
// does not depend on where they differ.
func SecretMatches(secret, hash string) bool {
	return subtle.ConstantTimeCompare([]byte(HashSecret(secret)), []byte(hash)) == 1
}
