package storesync

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// snapshot is the hub's copy of a source at one moment, read once for all the
// stores that are caught up from it. Its pieces are contents that were cut from
// it: stores that have got equally far are sent the same bytes.
type snapshot struct {
	mu      sync.Mutex // the index of the source computes as it is asked
	src     *source
	order   []string
	options wire.Options
	epoch   store.HubEpoch
	refs    map[[2]string][]*row // kind, key → the source's items that refer to it; nil until asked for
	pieces  memory[*piece]
}

// piece is the content for one choice of items.
type piece struct {
	payload wire.Payload
	needs   map[need]bool
	kept    store.Payload // encoded, once it is needed
}

// How many snapshots are remembered, and pieces of each. Any may be forgotten.
const (
	keptSnapshots = 4
	keptPieces    = 16
)

// memory remembers the newest values by key, a few.
type memory[V any] struct {
	keys []string // oldest first
	held map[string]V
}

func (m *memory[V]) get(key string) (v V, ok bool) {
	v, ok = m.held[key]
	return v, ok
}

func (m *memory[V]) put(key string, v V, most int) {
	if m.held == nil {
		m.held = map[string]V{}
	}
	if _, ok := m.held[key]; !ok {
		m.keys = append(m.keys, key)
	}
	m.held[key] = v
	if len(m.keys) > most {
		delete(m.held, m.keys[0])
		m.keys = m.keys[1:]
	}
}

// snapshots are those that a Service remembers.
type snapshots struct {
	mu   sync.Mutex
	held memory[*snapshot]
}

// of returns the source as the view sees it, with the kinds that are synced
// continuously from it, and all that these refer to.
func (m *snapshots) of(v *store.View, network, sourceID string) (*snapshot, error) {
	r := reading{network: network, source: sourceID}
	if err := r.prepare(v); err != nil {
		return nil, err
	}
	m.mu.Lock()
	known, ok := m.held.get(r.key)
	m.mu.Unlock()
	if ok {
		return known, nil
	}
	fresh, err := r.read()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held.put(r.key, fresh, keptSnapshots)
	return fresh, nil
}

// reading is one reading of a source.
type reading struct {
	network, source string

	in       *store.StoreView
	kinds    []catalog.Kind
	policies policies
	settings Settings
	aliases  []store.Alias
	epoch    store.HubEpoch
	key      string // changes with whatever the snapshot depends on
}

func (r *reading) prepare(v *store.View) error {
	n, err := v.Network(r.network)
	if err != nil {
		return err
	}
	if r.settings, err = SettingsOf(n); err != nil {
		return err
	}
	all, err := catalogOf(v, n)
	if err != nil {
		return err
	}
	flows, err := v.Continuous(n.ID)
	if err != nil {
		return err
	}
	var chosen []Selection
	for _, f := range flows {
		if f.Source == r.source {
			chosen = append(chosen, Selection{Kind: f.Kind, All: true})
		}
	}
	r.policies = policiesOf(n.Switches, Options{})
	if r.kinds, err = concerned(all, chosen, r.policies, true); err != nil {
		return err
	}
	for _, k := range r.kinds {
		list, err := v.Aliases(n.ID, k.Name)
		if err != nil {
			return err
		}
		r.aliases = append(r.aliases, list...)
	}
	if r.epoch, err = v.HubEpoch(); err != nil {
		return err
	}
	if r.in, err = v.In(r.source); err != nil {
		return err
	}
	return r.name(n, chosen)
}

// name makes the key.
func (r *reading) name(n store.Network, chosen []Selection) error {
	at, err := r.in.Copy()
	if err != nil {
		return err
	}
	sums, err := r.in.KindSums(at.Live)
	if err != nil {
		return err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%v\n%t\n%s\n%v\n%v\n", n.ID, r.source, n.Catalog, n.Switches, r.settings.NoAdopt, r.epoch.Epoch, chosen, r.aliases)
	for _, k := range r.kinds {
		rev, err := r.in.SyncRev(k.Name)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(sums, func(s store.KindSum) bool { return s.Kind == k.Name })
		sum := store.KindSum{Kind: k.Name}
		if i >= 0 {
			sum = sums[i]
		}
		fmt.Fprintf(h, "%s %d %d %s\n", k.Name, rev, sum.Count, sum.Sum)
	}
	r.key = hex.EncodeToString(h.Sum(nil))
	return nil
}

func (r *reading) read() (*snapshot, error) {
	order, _ := kindOrder(r.kinds, r.policies)
	src, err := readSource(copyOf{r.in}, r.source, r.kinds, r.policies, func(string) bool { return true }, newAliases(r.aliases))
	if err != nil {
		return nil, err
	}
	return &snapshot{src: src, order: order, epoch: r.epoch, options: wire.Options{NoAdopt: r.settings.NoAdopt}}, nil
}

// cut returns the content for a choice of items.
func (s *snapshot) cut(c chosen) *piece {
	key := c.name()
	if known, ok := s.pieces.get(key); ok {
		return known
	}
	cutting := &cutting{src: s.src, order: s.order, chosen: c, options: s.options, epoch: s.epoch.Epoch}
	cutting.cut()
	p := &piece{payload: cutting.payload, needs: cutting.needs}
	s.pieces.put(key, p, keptPieces)
	return p
}

// name tells choices apart.
func (c chosen) name() string {
	var all []string
	for kind, keys := range c {
		for key := range keys {
			all = append(all, kind+"\x00"+key)
		}
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:])
}

// encode returns the content as jobs keep it. It fails with ErrRequest if it is
// too large for one job.
func (p *piece) encode() (store.Payload, error) {
	if p.kept.Hash != "" {
		return p.kept, nil
	}
	if len(p.payload.Items) > wire.MaxPayloadItems {
		return p.kept, refuse("it has %d items, more than %d", len(p.payload.Items), wire.MaxPayloadItems)
	}
	lines, hash, err := wire.EncodePayload(p.payload)
	if err != nil {
		return p.kept, refuse("%w", err)
	}
	p.kept = store.Payload{Hash: hash, Body: wire.Compress(nil, lines), Items: len(p.payload.Items)}
	return p.kept, nil
}

// referrers are the source's items that refer to one of its items.
func (s *snapshot) referrers(kind, key string) []*row {
	if s.refs == nil {
		s.refs = map[[2]string][]*row{}
		for _, k := range s.src.kinds {
			for _, r := range k.rows {
				eachRef(r.Fields, func(ref item.Value) {
					at := [2]string{ref.RefKind(), ref.Str()}
					s.refs[at] = append(s.refs[at], r)
				})
			}
		}
	}
	return s.refs[[2]string{kind, key}]
}
