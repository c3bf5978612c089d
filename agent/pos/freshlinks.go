package pos

import (
	"bytes"
	"sync"

	"plait/shared/item"
)

// maxFresh bounds how many links are remembered: about 2 MB.
const maxFresh = 1000

// freshLinks remembers links that a job has just written, by whose they are: capture
// reads each of them next, and to take the bytes apart once more would cost as much
// as to read the row. Equal bytes are equal links, so nothing can be stale. Links are
// never changed in place.
type freshLinks struct {
	mu   sync.Mutex
	byID map[item.ID]freshLink
}

type freshLink struct {
	form []byte
	link *item.Link
}

// put keeps the form as it is given.
func (f *freshLinks) put(id item.ID, form []byte, l *item.Link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byID == nil || len(f.byID) >= maxFresh {
		f.byID = map[item.ID]freshLink{}
	}
	f.byID[id] = freshLink{form, l}
}

// take returns the link of this form, and forgets it.
func (f *freshLinks) take(id item.ID, form []byte) (*item.Link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fresh, ok := f.byID[id]
	if !ok || !bytes.Equal(fresh.form, form) {
		return item.DecodeLink(form)
	}
	delete(f.byID, id)
	return fresh.link, nil
}
