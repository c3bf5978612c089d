package access_test

import (
	"strings"
	"testing"

	"plait/hub/access"
	"plait/shared/enrolcode"
)

func TestSecretAndItsHash(t *testing.T) {
	secret := access.NewSecret()
	if err := enrolcode.CheckSecret(access.TokenPrefix, secret); err != nil {
		t.Error(err)
	}
	hash := access.HashSecret(secret)
	if strings.Contains(hash, secret) || len(hash) != 64 {
		t.Errorf("%q is no hash", hash)
	}
	if !access.SecretMatches(secret, hash) {
		t.Error("a secret does not match its own hash")
	}
	for name, other := range map[string]string{"another": access.NewSecret(), "empty": "", "the hash itself": hash} {
		if access.SecretMatches(other, hash) {
			t.Errorf("%s matches", name)
		}
	}
	if access.SecretMatches(secret, "") {
		t.Error("an empty hash matches")
	}
}
