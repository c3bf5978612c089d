package outbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"plait/shared/wire"
)

// chainState is the chain of conversations (decision 17): the one presented and
// not yet settled, and the last that was.
type chainState struct {
	Counter   int64
	Nonce     string     // of the last settled conversation; "" before the first
	Presented wire.Chain // zero if nothing waits
}

// PrepareChain returns what the next Hello presents. It is durable before it is
// returned, and returned unchanged until SettleChain.
func (b *Box) PrepareChain(ctx context.Context) (wire.Chain, error) {
	var c chainState
	err := b.set(ctx, func(m *meta) {
		m.json(metaChain, &c)
		if c.Presented.Counter != 0 || m.err != nil {
			return
		}
		c.Presented = wire.Chain{Counter: c.Counter + 1, Previous: c.Nonce, Next: nonce()}
		m.setJSON(metaChain, c)
	})
	return c.Presented, err
}

// SettleChain records that the hub answered the Hello with this chain and that
// the answer is durable. Settling twice does nothing.
func (b *Box) SettleChain(ctx context.Context, answered wire.Chain) error {
	return b.set(ctx, func(m *meta) {
		var c chainState
		m.json(metaChain, &c)
		if c.Presented == answered && answered.Counter != 0 {
			m.setJSON(metaChain, chainState{Counter: answered.Counter, Nonce: answered.Next})
		}
	})
}

func nonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}
