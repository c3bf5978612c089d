package rig

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync/atomic"
)

// A Tap stands between agents and the hub and counts the bytes that pass, both
// ways, TLS's own included. It hands them on as they are: what is said stays
// between agent and hub, and an agent that enrolled at its URL cannot tell.
type Tap struct {
	URL string

	listener net.Listener
	hub      string // host:port
	bytes    atomic.Int64
}

// NewTap opens a tap before the hub.
func (r *Rig) NewTap() (*Tap, error) {
	hub, err := url.Parse(r.Hub.URL)
	if err != nil {
		return nil, fmt.Errorf("cannot open a tap: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot open a tap: %w", err)
	}
	t := &Tap{URL: "https://" + listener.Addr().String(), listener: listener, hub: hub.Host}
	go t.serve()
	r.taps = append(r.taps, t)
	return t, nil
}

// Bytes is how many have passed since the tap was opened.
func (t *Tap) Bytes() int64 { return t.bytes.Load() }

// Close lets no further connection through; those that are open end with one of
// their ends.
func (t *Tap) Close() error { return t.listener.Close() }

func (t *Tap) serve() {
	for {
		agent, err := t.listener.Accept()
		if err != nil {
			return // it was closed
		}
		hub, err := net.Dial("tcp", t.hub)
		if err != nil {
			_ = agent.Close() // the agent sees that the hub is not there
			continue
		}
		go t.pass(agent, hub)
		go t.pass(hub, agent)
	}
}

// pass hands on what one end says. Where an end has gone, so does the other.
func (t *Tap) pass(from, to net.Conn) {
	_, _ = io.Copy(to, counted{from, &t.bytes}) // how it ended is the ends' business
	_ = errors.Join(from.Close(), to.Close())
}

// counted is a reader of which each byte is counted before it is handed on.
type counted struct {
	from  io.Reader
	bytes *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.bytes.Add(int64(n))
	return n, err
}
