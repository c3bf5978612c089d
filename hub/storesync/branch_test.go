package storesync

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// salon is a store's POS in memory: what a branch's connector does with a real
// one, with keys as a POS gives them. Its items are also the hub's copy of it,
// as an upload that leaves nothing out would make it.
type salon struct {
	id      string
	profile wire.Profile
	rows    map[item.ID]item.Item // live ones and tombstones
	revs    map[item.ID]int64
	rev     int64
	next    int
}

func newSalon(id string, profile wire.Profile) *salon {
	return &salon{id: id, profile: profile, rows: map[item.ID]item.Item{}, revs: map[item.ID]int64{}, next: 1000}
}

func (s *salon) put(it item.Item) {
	s.rev++
	s.rows[it.ID], s.revs[it.ID] = it, s.rev
}

func (s *salon) live(kind, key string) (item.Item, bool) {
	for _, id := range s.ids(kind) {
		if it := s.rows[id]; id.Key == key && !it.Deleted {
			return it, true
		}
	}
	return item.Item{}, false
}

func (s *salon) liveKeys(kind string) (keys []string) {
	for _, id := range s.ids(kind) {
		if !s.rows[id].Deleted {
			keys = append(keys, id.Key)
		}
	}
	return keys
}

func (s *salon) kill(kind, key string) {
	if it, ok := s.live(kind, key); ok {
		it.Deleted, it.Link = true, nil
		s.put(it)
	}
}

// ids are the identities of a kind in the order of a hub's copy.
func (s *salon) ids(kind string) []item.ID {
	var out []item.ID
	for id := range s.rows {
		if id.Kind == kind {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b item.ID) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Gen, b.Gen)) })
	return out
}

func (s *salon) stored(id item.ID) store.Item {
	it := s.rows[id]
	out := store.Item{ID: id, SyncRev: s.revs[id], Revision: s.revs[id], UID: it.UID(s.id), Body: item.Append(nil, it)}
	if it.Deleted {
		out.Deleted = time.Unix(1, 0)
	}
	return out
}

// Items and store make salon a holder: the hub's copy of it.
func (s *salon) Items(kind string, after item.ID, limit int) ([]store.Item, error) {
	var out []store.Item
	for _, id := range s.ids(kind) {
		if after != (item.ID{}) && cmp.Or(cmp.Compare(id.Key, after.Key), cmp.Compare(id.Gen, after.Gen)) <= 0 {
			continue
		}
		if len(out) < limit {
			out = append(out, s.stored(id))
		}
	}
	return out, nil
}

type salonCopy struct{ *salon }

func (c salonCopy) Item(id item.ID) (store.Item, error) {
	if _, ok := c.rows[id]; !ok {
		return store.Item{}, store.ErrNotFound
	}
	return c.stored(id), nil
}

// pos is the salon as the branch applies a job to it.
type pos struct{ *salon }

func (p pos) Item(kind, key string) (item.Item, bool, error) {
	it, ok := p.live(kind, key)
	return it, ok, nil
}

func (p pos) Referred(kind, key string) (string, error) {
	for _, k := range p.profile.Kinds {
		for _, other := range p.liveKeys(k.Kind) {
			found := false
			it, _ := p.live(k.Kind, other)
			eachRef(it.Fields, func(ref item.Value) {
				found = found || (ref.RefKind() == kind && ref.Str() == key && (k.Kind != kind || other != key))
			})
			if found {
				return k.Kind, nil
			}
		}
	}
	return "", nil
}

// apply carries out a job the way a branch does, and returns the result that it
// would report. created maps the keys it gave to what the Test calls them.
func (s *salon) apply(payload wire.Payload, own wire.Own) (result wire.Result, created map[string]string, err error) {
	index := merge.NewIndex(s.id, payload.Kinds)
	for _, k := range s.profile.Kinds {
		for _, key := range s.liveKeys(k.Kind) {
			if it, _ := s.live(k.Kind, key); !k.UploadOnly {
				index.Put(it)
			}
		}
	}
	planner := merge.NewPlanner(&payload, own, s.profile, index, pos{s})
	created = map[string]string{}
	var images []byte
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			return result, nil, err
		}
		now := plan.Local
		if plan.Writes() {
			now = s.write(plan)
			if plan.Action == merge.Create && now.Key != plan.Restore.Key {
				created[now.Key] = newKey(n)
			}
			planner.Applied(plan, now)
		}
		if m, ok := plan.Image(now); ok {
			images = wire.AppendImage(images, m)
		}
		plan.Count(&result.Counts)
		result.Exceptions = append(result.Exceptions, plan.Exceptions()...)
	}
	result.Exceptions = append(result.Exceptions, planner.Unmapped()...)
	result.Before = wire.PackImages(images)
	return result, created, nil
}

func (s *salon) write(plan merge.ItemPlan) item.Item {
	now := plan.Local
	switch plan.Action {
	case merge.Create:
		s.next++
		now = item.Item{ID: item.ID{Kind: plan.Kind, Key: strconv.Itoa(s.next), Gen: 1}, Fields: plan.Write}
		if _, taken := s.live(plan.Kind, plan.Restore.Key); plan.Restore.Key != "" && !taken {
			now.ID = plan.Restore
		}
	case merge.Delete:
		now.Deleted, now.Link = true, nil
		s.put(now)
		return now
	default:
		for _, w := range plan.Write {
			now.Fields = now.Fields.With(w.Name, w.Value)
		}
	}
	now.Link = plan.Link(now)
	s.put(now)
	return now
}

// wholeNumber finds keys in sentences: no value of the random worlds has four
// digits.
var wholeNumber = regexp.MustCompile(`\b\d{4}\b`)

// comparableExceptions puts exceptions into one order, with the keys of created items as
// the Test calls them.
func comparableExceptions(list []wire.Exception, created map[string]string) []string {
	named := func(text string) string {
		return wholeNumber.ReplaceAllStringFunc(text, func(key string) string { return cmp.Or(created[key], key) })
	}
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprintf("%05d %s %s %s %s %s %s %s", e.N, e.Kind, e.UID, named(e.Key), e.Action, e.Field, e.Code, named(e.Why)))
	}
	slices.Sort(out)
	return out
}
