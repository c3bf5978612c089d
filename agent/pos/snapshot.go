package pos

import (
	"errors"

	"plait/shared/wire"
)

// Snapshot is what a POS held at one moment: its oldest changes that are not
// done, and what stood under their keys.
//
// Records hold every change that was committed by then, those beyond Changes too,
// and none after Newest. So a record that is kept with Newest as its mark never
// holds more than the mark says, and a POS restored to any moment before lacks the
// mark's row (decision 16). An engine that has no snapshots must read Newest before
// and after the rest, and fail with ErrRestored if the first is gone by then; and
// where sequence order is not commit order, a row below Newest may be committed
// after it. A restore to between such two is left to the comparison.
type Snapshot struct {
	Changes []Change // in the order of Seq
	Found   []Found  // in the order in which Changes first name their kinds
	Newest  wire.Mark
	More    bool // there may be further changes
}

// Ask says which snapshot is wanted.
type Ask struct {
	// Mark is a change row that must be there, in this epoch. One of Seq 0 names the
	// epoch alone, a zero one nothing.
	Mark wire.Mark
	// Taken are changes of snapshots before this one that are not done yet: they are
	// left out.
	Taken []Change
	Limit int // of changes; at least 1
}

// Found is what stands under the keys of one kind.
type Found struct {
	Touched
	Records []Record // one for each of Keys, unless Err
	Err     error    // why the kind cannot be read; never one that Stops
}

// Join is several snapshots as one, each of which was asked for with the Newest of
// the one before as its mark, and with what was taken before.
func Join(parts []Snapshot) Snapshot {
	if len(parts) == 1 {
		return parts[0]
	}
	var all Snapshot
	var places [][]Found
	for _, s := range parts {
		all.Changes = append(all.Changes, s.Changes...)
		all.Newest, all.More = s.Newest, s.More
		places = append(places, s.Found)
	}
	all.Found = lookUp(all.Changes, places...)
	return all
}

// Only is the snapshot without other changes, and without what they alone name.
func (s Snapshot) Only(changes []Change) Snapshot {
	s.Changes, s.Found = changes, lookUp(changes, s.Found)
	return s
}

// lookUp looks up what was found under the keys that changes name; where a key stands
// in several places, the last one's record counts.
func lookUp(changes []Change, places ...[]Found) []Found {
	touched := Touch(changes)
	out := make([]Found, len(touched))
	for i, t := range touched {
		out[i].Touched = t
		records := make(map[string]*Record, len(t.Keys))
		for _, place := range places {
			out[i].Err = errors.Join(out[i].Err, collect(t.Kind, place, records))
		}
		if out[i].Err == nil {
			out[i].Records = under(t.Keys, records)
		}
	}
	return out
}

// collect adds what was found of a kind, by key.
func collect(kind string, place []Found, to map[string]*Record) error {
	for _, f := range place {
		if f.Kind != kind {
			continue
		}
		for i := range f.Records {
			to[f.Keys[i]] = &f.Records[i]
		}
		return f.Err
	}
	return nil
}

func under(keys []string, records map[string]*Record) []Record {
	out := make([]Record, 0, len(keys))
	for _, key := range keys {
		if rec := records[key]; rec != nil {
			out = append(out, *rec)
		}
	}
	return out
}

// Touched are the keys of one kind that changes name.
type Touched struct {
	Kind string
	Keys []string // each once, in the order in which they first stand there
	// Gone are those of which a deletion, or a change of the key, was seen.
	Gone map[string]bool
}

// Touch folds changes into the keys that they name.
func Touch(changes []Change) []Touched {
	t := newToucher()
	for _, ch := range changes {
		t.touch(ch, func(int) {})
	}
	return t.out
}

type touchedKey struct{ kind, key string }

type toucher struct {
	out  []Touched
	at   map[string]int // place of a kind in out
	seen map[touchedKey]bool
}

func newToucher() *toucher {
	return &toucher{at: map[string]int{}, seen: map[touchedKey]bool{}}
}

// touch adds a change; fresh is told the kind's place in out for each key that is
// new.
func (t *toucher) touch(ch Change, fresh func(at int)) {
	for _, kind := range ch.Kinds {
		t.key(kind, ch.Key, ch.Op == Delete || ch.NewKey != "", fresh)
		if ch.NewKey != "" {
			t.key(kind, ch.NewKey, false, fresh)
		}
	}
}

func (t *toucher) key(kind, key string, gone bool, fresh func(at int)) {
	i, ok := t.at[kind]
	if !ok {
		i = len(t.out)
		t.at[kind] = i
		t.out = append(t.out, Touched{Kind: kind})
	}
	if k := (touchedKey{kind, key}); !t.seen[k] {
		t.seen[k] = true
		t.out[i].Keys = append(t.out[i].Keys, key)
		fresh(i)
	}
	if !gone {
		return
	}
	if t.out[i].Gone == nil {
		t.out[i].Gone = map[string]bool{}
	}
	t.out[i].Gone[key] = true
}
