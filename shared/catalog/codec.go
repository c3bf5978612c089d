package catalog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"plait/shared/wire"
)

// maxEncoded bounds a catalogue's encoded form: 500 kinds of 20 KB.
const maxEncoded = 10 << 20

// Overlay returns the kinds of c with those of o put in, or in place of the ones
// of the same name. Neither is changed.
func (c *Catalog) Overlay(o *Catalog) *Catalog {
	out := &Catalog{Kinds: slices.Clone(o.Kinds)}
	for _, k := range c.Kinds {
		if _, replaced := o.Kind(k.Name); !replaced {
			out.Kinds = append(out.Kinds, k)
		}
	}
	slices.SortFunc(out.Kinds, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Encode returns the form that travels from hub to agents: JSON, kinds sorted by
// name, fields in the order of their file. Equal catalogues have equal bytes.
func (c *Catalog) Encode() []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c.Overlay(&Catalog{})); err != nil {
		panic(fmt.Sprintf("cannot encode a catalogue: %v", err)) // it holds only text and bools
	}
	return buf.Bytes()
}

// Digest returns the SHA-256 of Encode in hexadecimal.
func (c *Catalog) Digest() string {
	sum := sha256.Sum256(c.Encode())
	return hex.EncodeToString(sum[:])
}

// Decode reads what Encode wrote and checks it as Load does; Problems name the
// kind in place of file and line.
func Decode(b []byte) (*Catalog, error) {
	if len(b) > maxEncoded {
		return nil, fmt.Errorf("cannot read a catalogue of %d bytes: at most %d are allowed", len(b), maxEncoded)
	}
	c := &Catalog{}
	if err := wire.UnmarshalStrict(b, c); err != nil {
		return nil, fmt.Errorf("cannot read a catalogue: %w", err)
	}
	if p := c.problems(); len(p) > 0 {
		return nil, p
	}
	return c, nil
}

func (c *Catalog) problems() Problems {
	var out Problems
	for i, k := range c.Kinds {
		tell := func(_, where, what string) {
			out = append(out, Problem{File: "kind " + k.Name, Where: where, What: what})
		}
		if i > 0 && c.Kinds[i-1].Name >= k.Name {
			tell("", "", "it is out of order or stands twice")
		}
		checkKind(k, tell)
		checkRefs(k, c, tell)
	}
	return out
}
