// Package recent keeps a few values in memory that would be made again and again:
// compiled catalogues, comparison trees, the content that a sync's stores fetch one
// after the other. It never says that something is not there, only that it is not
// kept; and what is kept under a key must be the same for ever.
package recent

import "sync"

// Values are the newest values by key. Several goroutines may use them.
type Values[V any] struct {
	mu   sync.Mutex
	max  int
	keys []string // oldest first
	held map[string]V
}

// Keep returns room for max values.
func Keep[V any](max int) *Values[V] { return &Values[V]{max: max, held: map[string]V{}} }

// Get returns the value of a key, if it is kept.
func (c *Values[V]) Get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.held[key]
	return v, ok
}

// Put keeps a value, and lets the oldest go for it.
func (c *Values[V]) Put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.held[key]; !ok {
		c.keys = append(c.keys, key)
	}
	c.held[key] = v
	if len(c.keys) > c.max {
		delete(c.held, c.keys[0])
		c.keys = c.keys[1:]
	}
}
