package operator

import (
	"context"
	"time"

	"plait/hub/access"
	"plait/hub/store"
)

const maxTokenDays = 3650

// AddToken makes a token for somebody.
func (d *Desk) AddToken(ctx context.Context, who access.Who, in NewToken) (out MadeToken, err error) {
	if err := checkName("a token", in.Name); err != nil {
		return out, err
	}
	if in.Days < 0 || in.Days > maxTokenDays {
		return out, refuse("a token is good for 1 to %d days, or (0) until it is revoked", maxTokenDays)
	}
	t := store.Token{Name: in.Name, Role: in.Role}
	if in.Days > 0 {
		t.Expires = d.DB.Now().AddDate(0, 0, in.Days)
	}
	names := map[string]string{}
	if in.Network != "" {
		var n store.Network
		if err := d.DB.View(ctx, func(v *store.View) (err error) { n, err = d.network(v, who, in.Network); return err }); err != nil {
			return out, err
		}
		t.Network, names[n.ID] = n.ID, n.Name
	}
	secret, kept, err := d.Door.AddToken(ctx, who, t)
	return MadeToken{showToken(kept, names), secret}, err
}

// Tokens lists those of the networks that somebody may see; for somebody of the
// whole hub, its own too.
func (d *Desk) Tokens(ctx context.Context, who access.Who) (out []Token, err error) {
	out = []Token{}
	err = d.DB.View(ctx, func(v *store.View) error {
		networks, err := d.networks(v, who)
		if err != nil {
			return err
		}
		names, ids := map[string]string{}, []string{}
		if who.Network == "" {
			ids = append(ids, "")
		}
		for _, n := range networks {
			names[n.ID], ids = n.Name, append(ids, n.ID)
		}
		for _, id := range ids {
			tokens, err := v.Tokens(id)
			if err != nil {
				return err
			}
			for _, t := range tokens {
				out = append(out, showToken(t, names))
			}
		}
		return nil
	})
	return out, err
}

// RevokeToken ends a token.
func (d *Desk) RevokeToken(ctx context.Context, who access.Who, id string) error {
	return d.Door.RevokeToken(ctx, who, id)
}

func showToken(t store.Token, networks map[string]string) Token {
	return Token{
		ID: t.ID, Name: t.Name, Role: t.Role, Network: networks[t.Network], By: t.By,
		Created: t.At, Expires: t.Expires, Revoked: t.Revoked, Used: t.Used.Truncate(time.Minute),
	}
}
