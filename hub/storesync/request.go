package storesync

import (
	"errors"
	"fmt"

	"plait/shared/wire"
)

// Errors that callers decide by; each comes wrapped with what it is about.
var (
	// ErrRequest: the request asks for what cannot be; the message says what to
	// change.
	ErrRequest = errors.New("the request asks for what cannot be")
	// ErrConfirm: something that a person must confirm is not, or not rightly.
	ErrConfirm = errors.New("not confirmed")
	// ErrExpired: the Test is unknown or older than a day; make another.
	ErrExpired = errors.New("the Test has expired")
	// ErrNothing: the source has nothing of what is selected. It comes with
	// ErrRequest.
	ErrNothing = errors.New("the source has nothing of what is selected")
)

// Limits of a request.
const (
	maxSelected  = 10_000 // keys, uids or names of one selection
	maxReceivers = 10_000
	maxLabel     = wire.MaxNameBytes
)

// Request is what an operator wants synced. Names in it are resolved when it is
// tested; the Test's payload is what travels, whatever changes afterwards.
type Request struct {
	Network string      `json:"network"` // id
	Source  string      `json:"source"`  // id of the store to copy from
	Kinds   []Selection `json:"kinds"`
	// Receivers are ids, names or labels of stores. AllReceivers means every
	// branch of the network instead; head office receives only by name.
	Receivers    []string `json:"receivers,omitempty"`
	AllReceivers bool     `json:"all_receivers,omitempty"`
	Options      Options  `json:"options"`
	// Decisions settle ambiguous matches: store id, uid, the store's own key or ""
	// for "keep separate: create a new one".
	Decisions map[string]map[string]string `json:"decisions,omitempty"`
	// Reset sets fields to the source's value though a branch changed them: store
	// id, uid, names of fields (rule 9).
	Reset map[string]map[string][]string `json:"reset,omitempty"`
	// ResetFields resets fields at every receiver, written "kind.field": the Test
	// lists by name what a store would lose, and only that is reset.
	ResetFields []string `json:"reset_fields,omitempty"`
	// Fields are those that travel, written "kind.field", of the kinds that it names;
	// of others all do.
	Fields []string `json:"fields,omitempty"`
	// Only gives a store some items alone of what is selected: store id, kind, uids.
	// Its job is a retry of RetryOf, by store id, if that names one.
	Only    map[string]map[string][]string `json:"only,omitempty"`
	RetryOf map[string]string              `json:"retry_of,omitempty"`
	// AgainOf is the sync of which this is sent again to those that missed it.
	AgainOf string `json:"again_of,omitempty"`
	// ApplyFrom is when its jobs are queued, by the hub's clock: a time as
	// Selection.ChangedSince has it, or "15:04" for the next one. "" means at once.
	ApplyFrom string `json:"apply_from,omitempty"`
	Label     string `json:"label"` // what the operator calls it; "" is given one
	By        string `json:"by"`    // who asks
}

// Selection says which items of a kind travel. Keys, UIDs and Names add up; none
// of them, with one of the fields below them set, means all that these leave.
// Search, Category, ChangedSince and Active narrow whatever was chosen.
type Selection struct {
	Kind     string   `json:"kind"`
	All      bool     `json:"all,omitempty"`
	Keys     []string `json:"keys,omitempty"` // of the source's items
	UIDs     []string `json:"uids,omitempty"`
	Names    []string `json:"names,omitempty"`    // compared as matching compares names
	Search   string   `json:"search,omitempty"`   // a part of the name
	Category string   `json:"category,omitempty"` // key or name of the category, for kinds that have one
	// ChangedSince leaves what the source has changed since a date or a time, by the
	// hub's clock (2006-01-02, 2006-01-02 15:04, or RFC 3339); since the last sync
	// of the kind from this source ("last"); or after a sync_rev ("rev:17").
	ChangedSince string `json:"changed_since,omitempty"`
	// Active leaves the active items ("active") or the others ("inactive"), of kinds
	// that say which are.
	Active string `json:"active,omitempty"`
}

// Choices of Selection.Active, and the last sync for Selection.ChangedSince.
const (
	OnlyActive   = "active"
	OnlyInactive = "inactive"
	SinceLast    = "last"
)

// narrowed reports whether a filter may leave items out.
func (s Selection) narrowed() bool {
	return s.Search != "" || s.Category != "" || s.ChangedSince != "" || s.Active != ""
}

// whole reports whether every item of the kind is selected: what "not found at
// the source" can be told from.
func (s Selection) whole() bool { return s.All && !s.narrowed() }

// Options are the choices of one sync.
type Options struct {
	wire.Options
	// DeleteMissing deletes at the receivers what the source does not have, of the
	// kinds that are selected whole. "" means No.
	DeleteMissing DeleteMissing `json:"delete_missing,omitempty"`
	// SkipGone leaves out what is named and the source does not have any more, and
	// says so, instead of refusing the whole.
	SkipGone bool `json:"skip_gone,omitempty"`
	// AddMissing adds what the selected items refer to, where a receiver lacks it,
	// and what that refers to in its turn.
	AddMissing bool `json:"add_missing,omitempty"`
	// Prices says whether this one sync brings prices. "" means as the network has
	// it.
	Prices Prices `json:"prices,omitempty"`
	// NoRestrictions leaves the fields that limit what an item is good for (the
	// catalogue's restrictions) as the receiver has them; a new item arrives without
	// (S1: "Discounts"). They travel otherwise.
	NoRestrictions bool `json:"no_restrictions,omitempty"`
}

// DeleteMissing says what becomes of a receiver's items that the source lacks
// (S0: "Delete items not found in Master").
type DeleteMissing string

// The choices of DeleteMissing.
const (
	DeleteNo     DeleteMissing = "no"
	DeleteLinked DeleteMissing = "linked" // those that came from this source
	DeleteAll    DeleteMissing = "all"    // the receiver's own too, but those that share a name or code with one of the source's
)

func (o Options) deletes() bool {
	return o.DeleteMissing == DeleteLinked || o.DeleteMissing == DeleteAll
}

// badRequest is an ErrRequest whose text is the reason alone: what cannot be done
// is said by whoever was asked for it.
type badRequest struct{ why error }

func (b badRequest) Error() string   { return b.why.Error() }
func (b badRequest) Unwrap() []error { return []error{ErrRequest, b.why} }

func refuse(format string, args ...any) error {
	return badRequest{fmt.Errorf(format, args...)}
}

// check holds a request to its limits and to what can be told without looking
// at any store.
func (r Request) check() error {
	switch {
	case r.Network == "" || r.Source == "":
		return refuse("it names no network or no source")
	case r.By == "":
		return refuse("it does not say who asks")
	case len(r.Label) > maxLabel:
		return refuse("the label has %d bytes, more than %d", len(r.Label), maxLabel)
	case len(r.Kinds) == 0:
		return refuse("nothing is selected")
	case len(r.Receivers) == 0 && !r.AllReceivers:
		return refuse("no store receives it")
	case len(r.Receivers) > maxReceivers:
		return refuse("it names %d receivers, more than %d", len(r.Receivers), maxReceivers)
	}
	switch r.Options.DeleteMissing {
	case "", DeleteNo, DeleteLinked, DeleteAll:
	default:
		return refuse("delete_missing is %.20q; it is no, linked or all", r.Options.DeleteMissing)
	}
	if !r.Options.Prices.valid() {
		return refuse("prices is %.20q; it is network, yes or no", r.Options.Prices)
	}
	if err := r.checkOnly(); err != nil {
		return err
	}
	return r.checkKinds()
}

func (r Request) checkKinds() error {
	seen := map[string]bool{}
	for _, s := range r.Kinds {
		listed := len(s.Keys) + len(s.UIDs) + len(s.Names)
		switch {
		case seen[s.Kind]:
			return refuse("%s is selected twice; make it one selection", s.Kind)
		case s.All && listed > 0:
			return refuse("%s: all of them are selected, and some by name too", s.Kind)
		case !s.All && listed == 0 && !s.narrowed():
			return refuse("%s: nothing of it is selected", s.Kind)
		case listed > maxSelected:
			return refuse("%s: %d items are named, more than %d; select by search, category or all", s.Kind, listed, maxSelected)
		case s.Active != "" && s.Active != OnlyActive && s.Active != OnlyInactive:
			return refuse("%s: active is %.20q; it is active or inactive", s.Kind, s.Active)
		}
		seen[s.Kind] = true
	}
	return nil
}
