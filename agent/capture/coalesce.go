package capture

import (
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/wire"
)

// touched are the keys of one kind that a page of change rows names, in the order
// in which they first stand there.
type touched struct {
	keys []string
	gone map[string]bool // a deletion or a change of the key was seen
}

// coalesce folds change rows into the keys to be read, each once.
func coalesce(changes []pos.Change) (kinds []string, byKind map[string]*touched) {
	byKind = map[string]*touched{}
	seen := map[outbox.Key]bool{}
	note := func(kind, key string, gone bool) {
		t := byKind[kind]
		if t == nil {
			t = &touched{gone: map[string]bool{}}
			byKind[kind] = t
			kinds = append(kinds, kind)
		}
		if id := (outbox.Key{Kind: kind, Key: key}); !seen[id] {
			seen[id] = true
			t.keys = append(t.keys, key)
		}
		if gone {
			t.gone[key] = true
		}
	}
	for _, ch := range changes {
		for _, kind := range ch.Kinds {
			note(kind, ch.Key, ch.Op == pos.Delete || ch.NewKey != "")
			if ch.NewKey != "" {
				note(kind, ch.NewKey, false)
			}
		}
	}
	return kinds, byKind
}

// newest is the mark of a page of change rows.
func newest(epoch string, changes []pos.Change) wire.Mark {
	m := wire.Mark{POSEpoch: epoch}
	for _, ch := range changes {
		if ch.Seq > m.Seq {
			m.Seq, m.Nonce = ch.Seq, ch.Nonce
		}
	}
	return m
}

func seenOf(changes []pos.Change) []outbox.Seen {
	out := make([]outbox.Seen, len(changes))
	for i, ch := range changes {
		out[i] = outbox.Seen{Seq: ch.Seq, Nonce: ch.Nonce}
	}
	return out
}
