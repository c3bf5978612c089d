package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"plait/hub/access"
	"plait/hub/contact"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/wire"
)

// Options say what a desk works with. All are needed.
type Options struct {
	DB      *store.DB
	Door    *access.Door
	Contact *contact.Contacts
	Sync    *storesync.Service
	Shipped *catalog.Catalog // the kinds that every network starts with
	Presets []catalog.Preset // what a network may start with
	Preset  string           // the name of what one starts with that names none
	Grace   time.Duration    // after its announced contact, a store is overdue
	Version string           // of the program
}

// Desk is where people work. Its methods may be called from many goroutines.
type Desk struct {
	Options
	started time.Time
}

// NewDesk returns a desk.
func NewDesk(o Options) *Desk { return &Desk{Options: o, started: o.DB.Now()} }

// network finds a network by id or name.
func (d *Desk) network(v *store.View, who access.Who, ref string) (store.Network, error) {
	all, err := v.Networks()
	if err != nil {
		return store.Network{}, err
	}
	for _, n := range all {
		if (n.ID == ref || n.Name == ref) && who.Sees(n.ID) == nil {
			return n, nil
		}
	}
	return store.Network{}, fmt.Errorf("network %s: %w", ref, store.ErrNotFound)
}

// networks returns those that somebody may see.
func (d *Desk) networks(v *store.View, who access.Who) ([]store.Network, error) {
	if who.Network == "" {
		return v.Networks()
	}
	n, err := v.Network(who.Network)
	return []store.Network{n}, err
}

// store finds a store by id, name or "network/name".
func (d *Desk) store(v *store.View, who access.Who, ref string) (store.Store, error) {
	if s, err := v.StoreByID(ref); err == nil && who.SeesStore(s) == nil {
		return s, nil
	}
	network, name, qualified := strings.Cut(ref, "/")
	if !qualified {
		name = ref
	}
	found, err := v.StoresNamed(name)
	if err != nil {
		return store.Store{}, err
	}
	var seen []store.Store
	var written []string
	for _, s := range found {
		if who.SeesStore(s) == nil && (!qualified || s.Network == network || s.NetworkName == network) {
			seen = append(seen, s)
			written = append(written, fmt.Sprintf("%q", s.NetworkName+"/"+s.Name))
		}
	}
	switch len(seen) {
	case 0:
		return store.Store{}, fmt.Errorf("store %s: %w", ref, store.ErrNotFound)
	case 1:
		return seen[0], nil
	}
	return store.Store{}, fmt.Errorf("%w: several networks have a store of that name: write %s", store.ErrConflict, strings.Join(written, " or "))
}

// find is store in a transaction of its own.
func (d *Desk) find(ctx context.Context, who access.Who, ref string) (s store.Store, err error) {
	err = d.DB.View(ctx, func(v *store.View) error {
		s, err = d.store(v, who, ref)
		return err
	})
	return s, err
}

// salon refuses a master list: it has no PC, no queue and no switch.
func salon(s store.Store) error {
	if s.Role == store.MasterList {
		return refuse("%s is a master list, kept at the hub: it has no PC, no queue and no switch; see plait-hub list", s.Name)
	}
	return nil
}

// onStore runs an act on the salon that ref names: the right, the work and the
// audit entry in one transaction that holds the store's row lock.
func (d *Desk) onStore(ctx context.Context, who access.Who, ref string, act access.Act, do func(*store.StoreTx) error) error {
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return err
	}
	return d.DB.WithStore(ctx, s.ID, func(tx *store.StoreTx) error {
		if err := errors.Join(salon(tx.Store), who.OnStore(tx, act)); err != nil {
			return err
		}
		return do(tx)
	})
}

// refuse says in a sentence what to change about a request.
func refuse(format string, args ...any) error {
	return wire.Refuse(wire.CodeBadRequest, format, args...)
}

// conflict says in a sentence why it cannot be done as things stand.
func conflict(format string, args ...any) error {
	return wire.Refuse(wire.CodeConflict, format, args...)
}

// checkName holds the name of a network, store or label to one readable line.
func checkName(what, name string) error {
	switch {
	case name == "" || name != strings.TrimSpace(name):
		return refuse("%s needs a name, without spaces around it", what)
	case len(name) > wire.MaxNameBytes:
		return refuse("the name of %s has %d bytes, more than %d", what, len(name), wire.MaxNameBytes)
	case !utf8.ValidString(name) || strings.IndexFunc(name, unreadable) >= 0:
		return refuse("the name of %s has a character that cannot be shown", what)
	case strings.Contains(name, "/"):
		return refuse("the name of %s has a slash, which parts a network from a store", what)
	}
	return nil
}

func unreadable(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// notFound reads like the store's own, for what is there and another's.
func notFound(what, id string) error { return fmt.Errorf("%s %s: %w", what, id, store.ErrNotFound) }
