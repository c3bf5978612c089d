package pos

import (
	"sync"

	"plait/shared/item"
)

// maxFresh bounds how many links are remembered: about 2 MB.
const maxFresh = 1000

// freshLinks remembers links that a job has just written, by their bytes: capture
// reads each of them next, and to take the bytes apart once more would cost as much
// as to read the row. Equal bytes are equal links, so nothing can be stale. Links are
// never changed in place.
type freshLinks struct {
	mu      sync.Mutex
	byBytes map[string]*item.Link
}

func (f *freshLinks) put(b []byte, l *item.Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byBytes == nil || len(f.byBytes) >= maxFresh {
		f.byBytes = map[string]*item.Link{}
	}
	f.byBytes[string(b)] = l
}

// take returns the link of these bytes, and forgets it.
func (f *freshLinks) take(b []byte) (l *item.Link, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.byBytes[string(b)]
	if !ok {
		return item.DecodeLink(b)
	}
	delete(f.byBytes, string(b))
	return l, nil
}
