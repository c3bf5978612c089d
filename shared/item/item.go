package item

import (
	"strings"

	"github.com/google/uuid"
)

// Limits of an item. What is larger is refused whole, by name.
const (
	MaxBytes     = 1 << 20 // of an item's canonical form
	MaxNameBytes = 200     // of a kind's or field's name
	MaxKeyBytes  = 1000    // of a key
	MaxRows      = 100_000 // in one rows value
	maxDepth     = 4       // item, rows, columns, value
)

// ID is an item's identity in its store. Gen rises when a key that was deleted
// or renamed away comes back as something else; it is 0 for upload-only kinds.
type ID struct {
	Kind string
	Key  string
	Gen  int64
}

// Item is one element of one kind in one store, with its link if it has one.
// A tombstone (Deleted) keeps the last known fields.
type Item struct {
	ID
	Fields  Fields
	Link    *Link
	Deleted bool
}

// uidSpace is the name space of local uids (decision 1). It never changes.
var uidSpace = uuid.MustParse("6f1c9d5e-52a3-5e0b-9c5a-0d8f6e2b7a41")

// LocalUID returns the network uid of a store's own item: UUIDv5 of (store,
// kind, key, gen), so that it can be computed again after any loss.
func LocalUID(store string, id ID) string {
	b := make([]byte, 0, 128)
	for _, part := range []string{store, id.Kind, id.Key} {
		b = appendString(b, part)
		b = append(b, ',')
	}
	b = appendInt(b, id.Gen)
	return uuid.NewSHA1(uidSpace, b).String()
}

// UID returns the item's uid in the network: its link's, or its local one.
func (it Item) UID(store string) string {
	if it.Link != nil && it.Link.UID != "" {
		return it.Link.UID
	}
	return LocalUID(store, it.ID)
}

// JoinKey makes a key of a composite primary key's parts, in the order of the
// key's columns. Parts are joined by "/", with "\" and "/" escaped by "\"; a
// single part is the key as it is.
func JoinKey(parts ...string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = keyEscape.Replace(p)
	}
	return strings.Join(escaped, "/")
}

var keyEscape = strings.NewReplacer(`\`, `\\`, `/`, `\/`)

// SplitKey undoes JoinKey for a key of n parts; ok is false if it does not have
// that many.
func SplitKey(key string, n int) (parts []string, ok bool) {
	if n == 1 {
		return []string{key}, true
	}
	var part strings.Builder
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case c == '\\' && i+1 < len(key):
			i++
			part.WriteByte(key[i])
		case c == '/':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	parts = append(parts, part.String())
	return parts, len(parts) == n
}
