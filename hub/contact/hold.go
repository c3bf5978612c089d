package contact

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// hold keeps an older copy of the agent out, and names it to the operator; or
// lets it in, to start a new agent epoch, when nobody else has come or a
// technician released it.
func (s *session) hold() (w wire.Welcome, held, err error) {
	now := s.tx.Now()
	c := s.last
	until := c.Due.Add(s.grace)
	if c.Due.IsZero() {
		until = now
	}
	released := s.released()
	if released || !now.Before(until) {
		w, err = s.release("agent.released")
		return w, nil, err
	}
	first := c.Held.First.IsZero() || c.Held.Hello.AgentEpoch != s.hello.AgentEpoch
	if first {
		c.Held.First = now
	}
	c.Held.Hello, c.Held.Last, c.Held.Until = s.hello, now, until
	if err := s.tx.SetContact(c); err != nil {
		return w, nil, err
	}
	if first {
		if err := s.tx.Audit("store "+s.tx.Store.Name, "agent.held", s.detail()); err != nil {
			return w, nil, err
		}
	}
	e := wire.Refuse(wire.CodeHeld, "this is an older copy of the agent of store %s (conversation %d; the hub has seen %d): it is let in when the newer one does not come, or by a technician's release code from the hub",
		s.tx.Store.Name, s.hello.Chain.Counter, c.Counter)
	e.Until = until.Unix()
	return w, e, nil
}

// release tells an older copy to start a new agent epoch and say hello again:
// then it is the newest, and what is the newer one now is held in its turn. The
// conversation that was under way is over.
func (s *session) release(act string) (w wire.Welcome, err error) {
	s.last.Conversation = s.hello.Conversation
	if err := s.tx.SetContact(s.last); err != nil {
		return w, err
	}
	if w, err = s.welcome(); err != nil {
		return w, err
	}
	w.NewAgentEpoch = true
	return w, s.tx.Audit("store "+s.tx.Store.Name, act, s.detail())
}

func (s *session) released() bool {
	if s.hello.Release == "" || s.last.Release == "" || !s.tx.Now().Before(s.last.ReleaseUntil) {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(releaseHash(s.hello.Release)), []byte(s.last.Release)) == 1
}

func (s *session) detail() map[string]any {
	return map[string]any{
		"installation": s.hello.Installation, "agent_epoch": s.hello.AgentEpoch, "counter": s.hello.Chain.Counter,
		"newer_installation": s.last.Hello.Installation, "newer_counter": s.last.Counter,
	}
}

// A release code is eight letters and digits that cannot be mistaken for one
// another on the telephone: 40 bits, good for a day, for one store.
const (
	releaseAlphabet = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"
	releaseLength   = 8
	releaseFor      = 24 * time.Hour
)

// Release makes a code by which an older copy of the store's agent is let in. It
// takes the place of an earlier code, and ends with its use.
func (c *Contacts) Release(ctx context.Context, storeID, who string) (code string, until time.Time, err error) {
	code = newReleaseCode()
	err = c.db.WithStore(ctx, storeID, func(tx *store.StoreTx) error {
		last, err := tx.Contact()
		if err != nil {
			return err
		}
		until = tx.Now().Add(releaseFor)
		last.Release, last.ReleaseUntil = releaseHash(code), until
		if err := tx.SetContact(last); err != nil {
			return err
		}
		return tx.Audit(who, "agent.release", map[string]any{"until": until})
	})
	if err != nil {
		return "", until, fmt.Errorf("cannot make a release code: %w", err)
	}
	return code, until, nil
}

func newReleaseCode() string {
	var b [releaseLength]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	for i := range b {
		b[i] = releaseAlphabet[int(b[i])%len(releaseAlphabet)]
	}
	return string(b[:])
}

// releaseHash takes a code as it is typed: in any case, with spaces or dashes.
func releaseHash(code string) string {
	sum := sha256.Sum256([]byte("plait release " + strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))))
	return hex.EncodeToString(sum[:])
}
