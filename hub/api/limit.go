package api

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxPeers bounds how many peers a limiter remembers one by one.
const maxPeers = 10_000

// limiter throttles what a peer may do, each peer by itself. Peers beyond
// maxPeers at a time share one allowance, so that an attacker with many
// addresses costs no more memory.
type limiter struct {
	every time.Duration
	burst int
	now   func() time.Time

	mu     sync.Mutex
	peers  map[string]*rate.Limiter
	others *rate.Limiter
}

// newLimiter allows burst acts at once, and one more every so often.
func newLimiter(every time.Duration, burst int, now func() time.Time) *limiter {
	l := &limiter{every: every, burst: burst, now: now, peers: map[string]*rate.Limiter{}}
	l.others = l.fresh()
	return l
}

func (l *limiter) fresh() *rate.Limiter { return rate.NewLimiter(rate.Every(l.every), l.burst) }

// allow counts one act of the peer and reports whether it may happen; if not,
// it may after the time returned.
func (l *limiter) allow(peer string) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.peer(peer, now).AllowN(now, 1) {
		return true, 0
	}
	return false, l.every
}

func (l *limiter) peer(name string, now time.Time) *rate.Limiter {
	if p, ok := l.peers[name]; ok {
		return p
	}
	if len(l.peers) >= maxPeers {
		l.forget(now)
	}
	if len(l.peers) >= maxPeers {
		return l.others
	}
	p := l.fresh()
	l.peers[name] = p
	return p
}

// forget drops the peers whose allowance is whole again: a new entry for them
// would be the same.
func (l *limiter) forget(now time.Time) {
	for name, p := range l.peers {
		if p.TokensAt(now) >= float64(l.burst) {
			delete(l.peers, name)
		}
	}
}

// peerOf returns by what a peer's acts are counted: its address, of IPv6 the
// network of 64 bits, for whoever has one address of it has them all.
func peerOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Unmap().Is4() {
		return host
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return prefix.String()
}
