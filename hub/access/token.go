package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plait/hub/store"
	"plait/shared/enrolcode"
)

// tokenTouch is how exactly a token's last use is known: each note of it is a
// write.
const tokenTouch = time.Minute

// Setup is who acts when the hub sets itself up.
var Setup = Who{Name: "the hub", Role: Admin}

// FirstAdmin is the name of the token that is made at the hub's first start.
const FirstAdmin = "administrator"

// Token returns whose token it is. Error: ErrUnknown.
func (d *Door) Token(ctx context.Context, secret string) (Who, error) {
	if err := enrolcode.CheckSecret(TokenPrefix, secret); err != nil {
		return Who{}, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	var t store.Token
	var now time.Time
	err := d.db.View(ctx, func(v *store.View) (err error) {
		now = v.Now()
		t, err = v.TokenByHash(HashSecret(secret))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Who{}, err
	}
	if err != nil || !live(t, now) {
		return Who{}, ErrUnknown
	}
	if now.Sub(t.Used) >= tokenTouch {
		// A hub whose disk is full still shows its state: the note may fail.
		_ = d.db.WithHub(ctx, func(tx *store.HubTx) error { return tx.TouchToken(t.ID) })
	}
	return Who{Name: t.Name, Token: t.ID, Role: Role(t.Role), Network: t.Network}, nil
}

func live(t store.Token, now time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || now.Before(t.Expires))
}

// First makes a token for the administrator if the hub has none that works, and
// gives it to keep before it counts: what could not be kept was not made.
func (d *Door) First(ctx context.Context, keep func(secret string) error) error {
	return d.db.WithHub(ctx, func(tx *store.HubTx) error {
		tokens, err := tx.Tokens("")
		if err != nil {
			return err
		}
		if slices.ContainsFunc(tokens, func(t store.Token) bool { return Role(t.Role) == Admin && live(t, tx.Now()) }) {
			return nil
		}
		secret, _, err := Setup.addToken(tx, store.Token{Name: FirstAdmin, Role: string(Admin)})
		if err != nil {
			return err
		}
		return keep(secret)
	})
}

// AddToken makes a token for somebody with this name, role, network (an id, ""
// for the whole hub) and end (zero: never). The secret is not kept.
func (d *Door) AddToken(ctx context.Context, by Who, t store.Token) (secret string, kept store.Token, err error) {
	err = d.db.WithHub(ctx, func(tx *store.HubTx) (err error) {
		secret, kept, err = by.addToken(tx, t)
		return err
	})
	return secret, kept, err
}

func (w Who) addToken(tx *store.HubTx, t store.Token) (string, store.Token, error) {
	if t.Name = strings.TrimSpace(t.Name); t.Name == "" {
		return "", t, fmt.Errorf("%w: a token needs the name of the one who uses it", store.ErrConflict)
	}
	if !slices.Contains(Roles, Role(t.Role)) {
		return "", t, fmt.Errorf("%w: there is no role %q; there are %v", store.ErrConflict, t.Role, Roles)
	}
	secret := NewSecret()
	t.Hash, t.By = HashSecret(secret), w.Name
	t, err := tx.AddToken(t)
	if err != nil {
		return "", t, err
	}
	return secret, t, w.OnHub(tx, Act{"token.add", Admin, map[string]string{"name": t.Name, "role": t.Role, "network": t.Network, "id": t.ID}})
}

// RevokeToken ends a token. One cannot end the token that one is using.
func (d *Door) RevokeToken(ctx context.Context, by Who, id string) error {
	if id == by.Token {
		return fmt.Errorf("%w: this is the token that you are using: revoke it with another", store.ErrConflict)
	}
	return d.db.WithHub(ctx, func(tx *store.HubTx) error {
		if err := by.OnHub(tx, Act{"token.revoke", Admin, map[string]string{"id": id}}); err != nil {
			return err
		}
		return tx.RevokeToken(id)
	})
}
