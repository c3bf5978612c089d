package api

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiterThrottlesEachPeerAlone(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	l := newLimiter(time.Second, 3, func() time.Time { return now })
	for range 3 {
		if ok, _ := l.allow("a"); !ok {
			t.Fatal("refused within the burst")
		}
	}
	if ok, wait := l.allow("a"); ok || wait != time.Second {
		t.Errorf("beyond the burst: %v, %v", ok, wait)
	}
	if ok, _ := l.allow("b"); !ok {
		t.Error("another peer was refused")
	}
	now = now.Add(time.Second)
	if ok, _ := l.allow("a"); !ok {
		t.Error("refused after the wait")
	}
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	l := newLimiter(time.Second, 1, func() time.Time { return now })
	for i := range maxPeers {
		l.allow(fmt.Sprint(i))
	}
	if ok, _ := l.allow("one more"); !ok {
		t.Error("the first of the others was refused")
	}
	if ok, _ := l.allow("and another"); ok {
		t.Error("the others have no common bound")
	}
	if len(l.peers) > maxPeers {
		t.Errorf("%d peers are remembered", len(l.peers))
	}
	now = now.Add(time.Minute)
	l.allow("later")
	if len(l.peers) != 1 {
		t.Errorf("%d peers are remembered after a minute, want 1", len(l.peers))
	}
}

func TestPeerOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234":              "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1234": "2001:db8:1:2::/64",
		"[::ffff:192.0.2.7]:1234":     "::ffff:192.0.2.7",
		"@":                           "@",
	} {
		if got := peerOf(remote); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}
