package item

import (
	"cmp"
	"slices"
)

// Policy says who owns a field of a linked item. Source: S3 ("Locked",
// "Unlocked", "Never Syncs"); additive is 1-domain's word for S3's lists that a
// branch may extend.
type Policy string

// The policies. Links and payloads carry them resolved: switches are applied
// when a job is cut.
const (
	Locked   Policy = "locked"   // follows the source
	Unlocked Policy = "unlocked" // the branch's own once it changed it
	Additive Policy = "additive" // the source's elements locked, the branch's own free
	Never    Policy = "never"    // travels to no other store
)

// Valid reports whether p is one of the four policies.
func (p Policy) Valid() bool {
	return p == Locked || p == Unlocked || p == Additive || p == Never
}

// Birth says where an item was born. It never changes.
type Birth string

// The births.
const (
	BornLocal   Birth = "local"   // made at the branch
	BornNetwork Birth = "network" // made by a sync
)

// Origin is where a field's base came from: the source store, the hub epoch in
// which its revision was counted, and the source's sync_rev (decision 3). Newer
// compares within one source and epoch only; across epochs order is unknown.
type Origin struct {
	Store    string
	HubEpoch string
	SyncRev  int64
}

// Newer reports whether o is known to be newer than p: the same source and hub
// epoch, and a higher revision (decision 7).
func (o Origin) Newer(p Origin) bool {
	return o.Store == p.Store && o.HubEpoch == p.HubEpoch && o.SyncRev > p.SyncRev
}

// LinkField is what a link knows of one field that a job carried.
type LinkField struct {
	Name string
	// Base is the value read back after we wrote it, or the source's value where
	// the branch's was kept. Never absent: a field without a base has no LinkField.
	Base Value
	// Sent is the short digest of the source's value as it was sent, before the POS
	// truncated or rounded it. An unchanged source value with the branch still equal
	// to Base is "equal": a POS that truncates does not loop (decision 3).
	Sent ShortDigest
	// Policy is the field's policy as the job carried it; Cols, for rows, the
	// columns' that differ from it.
	Policy Policy
	Cols   []ColPolicy
	// Reverted says that a revert took back what Sent stands for. The field stands
	// as it is, and is no drift, until the source sends another value.
	Reverted bool
	From     Origin
}

// ColPolicy is the policy of one column of a rows field.
type ColPolicy struct {
	Name   string
	Policy Policy
}

// Link ties an item to its network uid and holds its fields' bases.
type Link struct {
	UID     string
	Birth   Birth
	Adopted bool        // matched to an item that the branch already had
	Fields  []LinkField // sorted by name
}

// Ended is what is left of a link once a sync deleted the item: whose copy it was.
// A nil link gives nil.
func (l *Link) Ended() *Link {
	if l == nil {
		return nil
	}
	return &Link{UID: l.UID, Birth: l.Birth, Adopted: l.Adopted}
}

// Holds reports whether the link still has a base of any field: of a tombstone, that
// no sync deleted the item.
func (l *Link) Holds() bool { return l != nil && len(l.Fields) > 0 }

// Field returns what the link knows of a field; ok is false if it never synced.
func (l *Link) Field(name string) (LinkField, bool) {
	if l == nil {
		return LinkField{}, false
	}
	i, ok := slices.BinarySearchFunc(l.Fields, name, compareLinkField)
	if !ok {
		return LinkField{}, false
	}
	return l.Fields[i], true
}

// Clone returns a copy whose fields can be set without changing l. A nil link
// gives nil.
func (l *Link) Clone() *Link {
	if l == nil {
		return nil
	}
	c := *l
	c.Fields = slices.Clone(l.Fields)
	return &c
}

// Equal reports whether two links say the same: their canonical forms are equal
// just then.
func (l *Link) Equal(m *Link) bool {
	if l == nil || m == nil {
		return l == m
	}
	return l.UID == m.UID && l.Birth == m.Birth && l.Adopted == m.Adopted && slices.EqualFunc(l.Fields, m.Fields, LinkField.equal)
}

func (f LinkField) equal(g LinkField) bool {
	return f.Name == g.Name && f.Base.Equal(g.Base) && f.Sent == g.Sent && f.Policy == g.Policy && slices.Equal(f.Cols, g.Cols) &&
		f.Reverted == g.Reverted && f.From == g.From
}

// SetField adds or replaces what the link knows of f.Name.
func (l *Link) SetField(f LinkField) {
	i, ok := slices.BinarySearchFunc(l.Fields, f.Name, compareLinkField)
	if ok {
		l.Fields[i] = f
		return
	}
	l.Fields = slices.Insert(l.Fields, i, f)
}

// DropField forgets what the link knows of a field.
func (l *Link) DropField(name string) {
	if i, ok := slices.BinarySearchFunc(l.Fields, name, compareLinkField); ok {
		l.Fields = slices.Delete(l.Fields, i, i+1)
	}
}

func compareLinkField(f LinkField, name string) int { return cmp.Compare(f.Name, name) }
