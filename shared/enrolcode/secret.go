package enrolcode

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
)

// CredentialPrefix begins every store's credential, so that a person, a log
// filter or a scanner for leaked secrets can tell what it is.
const CredentialPrefix = "plait_store_"

const (
	randomBytes = 32
	randomChars = 52 // 256 bits, five to a character
	alphabet    = "abcdefghijklmnopqrstuvwxyz234567"
)

var secretEncoding = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// NewSecret returns prefix and 256 random bits, in letters and digits that a
// double click selects as one word.
func NewSecret(prefix string) string {
	random := make([]byte, randomBytes)
	rand.Read(random) // never fails: it ends the program instead
	return prefix + secretEncoding.EncodeToString(random)
}

// CheckSecret says whether secret has the form that NewSecret(prefix) gives it.
// The hub demands it of a credential that an agent chose, so that none is a word
// that somebody made up. The error does not repeat the secret.
func CheckSecret(prefix, secret string) error {
	random, ok := strings.CutPrefix(secret, prefix)
	if !ok {
		return fmt.Errorf("a secret of this sort begins with %q", prefix)
	}
	if len(random) != randomChars || strings.Trim(random, alphabet) != "" {
		return errors.New("the secret is cut short or altered")
	}
	return nil
}
