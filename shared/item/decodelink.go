package item

import (
	"fmt"
	"slices"
)

// maxLinkFields bounds a link's fields and origins; a kind has far fewer.
const maxLinkFields = 2000

// linkField is a LinkField before its origin's index and its left-out base are
// filled in.
type linkField struct {
	LinkField
	origin  int64
	hasBase bool
}

func (r *reader) link(values Fields) *Link {
	l := &Link{}
	r.expect(`{`)
	l.Adopted = r.skip(`"a":true,`)
	r.expect(`"b":`)
	l.Birth = Birth(r.string())
	r.check(l.Birth == BornLocal || l.Birth == BornNetwork, "birth %.20q", l.Birth)
	if r.skip(`,"f":[`) {
		fields := r.linkFields()
		r.expect(`,"o":[`)
		l.Fields = r.resolve(fields, r.origins(), values)
	}
	r.expect(`,"u":`)
	l.UID = r.name(MaxNameBytes)
	r.expect(`}`)
	return l
}

func (r *reader) linkFields() []linkField {
	var out []linkField
	for r.err == nil {
		f := r.linkField()
		if n := len(out); n > 0 && out[n-1].Name >= f.Name {
			r.fail("link field %q is out of order or stands twice", f.Name)
		}
		out = append(out, f)
		r.check(len(out) <= maxLinkFields, "more than %d link fields", maxLinkFields)
		if !r.skip(`,`) {
			r.expect(`]`)
			break
		}
	}
	return out
}

func (r *reader) linkField() linkField {
	var f linkField
	r.expect(`{`)
	if f.hasBase = r.skip(`"b":`); f.hasBase {
		f.Base = r.value(1)
		r.expect(`,`)
	}
	if r.skip(`"c":{`) {
		f.Cols = r.colPolicies()
		r.expect(`,`)
	}
	r.expect(`"n":`)
	f.Name = r.name(MaxNameBytes)
	r.expect(`,"o":`)
	f.origin = r.integer()
	r.expect(`,"p":`)
	f.Policy = r.policy()
	f.Reverted = r.skip(`,"r":true`)
	r.expect(`,"s":`)
	f.Sent = ShortDigest(r.string())
	r.check(f.Sent == "" || (len(f.Sent) == 16 && isHex(string(f.Sent))), "short digest %.20q", f.Sent)
	r.expect(`}`)
	return f
}

func (r *reader) colPolicies() []ColPolicy {
	var out []ColPolicy
	for r.err == nil {
		c := ColPolicy{Name: r.name(MaxNameBytes)}
		r.expect(`:`)
		c.Policy = r.policy()
		if n := len(out); n > 0 && out[n-1].Name >= c.Name {
			r.fail("column %q is out of order or stands twice", c.Name)
		}
		out = append(out, c)
		if !r.skip(`,`) {
			r.expect(`}`)
			break
		}
	}
	return out
}

func (r *reader) policy() Policy {
	p := Policy(r.string())
	r.check(p.Valid(), "policy %.20q", p)
	return p
}

func (r *reader) origins() []Origin {
	var out []Origin
	for r.err == nil {
		r.expect(`[`)
		o := Origin{Store: r.name(MaxNameBytes)}
		r.expect(`,`)
		o.HubEpoch = r.name(MaxNameBytes)
		r.expect(`,`)
		o.SyncRev = r.integer()
		r.expect(`]`)
		r.check(!slices.Contains(out, o), "an origin stands twice")
		out = append(out, o)
		r.check(len(out) <= maxLinkFields, "more than %d origins", maxLinkFields)
		if !r.skip(`,`) {
			r.expect(`]`)
			break
		}
	}
	return out
}

// resolve fills in origins and bases, and holds the one spelling: origins in the
// order of their first use, a base only where it differs from the item's value.
func (r *reader) resolve(fields []linkField, origins []Origin, values Fields) []LinkField {
	out := make([]LinkField, 0, len(fields))
	seen := int64(0)
	for _, f := range fields {
		if r.err != nil || f.origin < 0 || f.origin > seen || f.origin >= int64(len(origins)) {
			r.fail("link field %q has no origin %d", f.Name, f.origin)
			return nil
		}
		if f.origin == seen {
			seen++
		}
		value := values.Get(f.Name)
		if !f.hasBase {
			f.Base = value
			r.check(!value.IsAbsent(), "link field %q has no base", f.Name)
		} else {
			r.check(!f.Base.Equal(value), "the base of %q need not be repeated", f.Name)
		}
		f.From = origins[f.origin]
		out = append(out, f.LinkField)
	}
	r.check(seen == int64(len(origins)), "an origin is not used")
	return out
}

// DecodeLink reads what AppendLink wrote.
func DecodeLink(b []byte) (*Link, error) { return DecodeLinkOf(b, nil) }

// DecodeLinkOf reads what AppendLinkOf wrote beside the same values.
func DecodeLinkOf(b []byte, values Fields) (*Link, error) {
	l, err := decodeWhole(b, func(r *reader) *Link { return r.link(values) })
	if err != nil {
		return nil, fmt.Errorf("cannot read link %.60q: %w", b, err)
	}
	return l, nil
}
