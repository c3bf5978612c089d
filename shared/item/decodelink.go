package item

import (
	"fmt"
	"slices"
)

// maxLinkFields bounds a link's fields and origins; a kind has far fewer.
const maxLinkFields = 2000

// link reads a link into the room.
func (r *reader) link(values Fields) *Link {
	l := &r.room.link
	*l = Link{}
	r.expect(`{`)
	l.Adopted = r.skip(`"a":true,`)
	r.expect(`"b":`)
	if l.Birth = Birth(r.string()); l.Birth != BornLocal && l.Birth != BornNetwork {
		r.fail("birth %.20q", l.Birth)
	}
	if r.skip(`,"f":[`) {
		l.Fields = r.linkFields()
		r.expect(`,"o":[`)
		r.origins()
		r.resolve(l.Fields, values)
	}
	r.expect(`,"u":`)
	l.UID = r.name(MaxNameBytes)
	r.expect(`}`)
	return l
}

// linkFields reads a link's fields into the room, and beside them the index of the
// origin of each. A base that was left out is absent until it is resolved.
func (r *reader) linkFields() []LinkField {
	out, places := r.room.links[:0], r.room.places[:0]
	for r.err == nil {
		out = append(out, LinkField{})
		f := &out[len(out)-1]
		places = append(places, r.linkField(f))
		if n := len(out); n > 1 && out[n-2].Name >= f.Name {
			r.fail("link field %q is out of order or stands twice", f.Name)
		}
		r.check(len(out) <= maxLinkFields, "more than %d link fields", maxLinkFields)
		if !r.skip(`,`) {
			r.expect(`]`)
			break
		}
	}
	r.room.links, r.room.places = out, places
	return out
}

func (r *reader) linkField(f *LinkField) (origin int64) {
	r.expect(`{`)
	if r.skip(`"b":`) {
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
	origin = r.integer()
	r.expect(`,"p":`)
	f.Policy = r.policy()
	f.Reverted = r.skip(`,"r":true`)
	r.expect(`,"s":`)
	f.Sent = ShortDigest(r.string())
	if f.Sent != "" && (len(f.Sent) != 16 || !isHex(string(f.Sent))) {
		r.fail("short digest %.20q", f.Sent)
	}
	r.expect(`}`)
	return origin
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
	if !p.Valid() {
		r.fail("policy %.20q", p)
	}
	return p
}

// origins reads origins into the room.
func (r *reader) origins() {
	out := r.room.origins[:0]
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
	r.room.origins = out
}

// resolve fills in origins and bases, and holds the one spelling: origins in the
// order of their first use, a base only where it differs from the item's value.
func (r *reader) resolve(fields []LinkField, values Fields) {
	places, origins, seen := r.room.places, r.room.origins, int64(0)
	at := 0 // among the values, which are sorted by name as the link's fields are
	for i := range fields {
		f, origin := &fields[i], places[i]
		if r.err != nil || origin < 0 || origin > seen || origin >= int64(len(origins)) {
			r.fail("link field %q has no origin %d", f.Name, origin)
			return
		}
		if origin == seen {
			seen++
		}
		for at < len(values) && values[at].Name < f.Name {
			at++
		}
		present := at < len(values) && values[at].Name == f.Name
		switch {
		case f.Base.IsAbsent() && present:
			f.Base = values[at].Value
		case f.Base.IsAbsent():
			r.fail("link field %q has no base", f.Name)
		case present && f.Base.Equal(values[at].Value):
			r.fail("the base of %q need not be repeated", f.Name)
		}
		f.From = origins[origin]
	}
	r.check(seen == int64(len(origins)), "an origin is not used")
}

// DecodeLink reads what AppendLink wrote.
func DecodeLink(b []byte) (*Link, error) { return DecodeLinkOf(b, nil) }

// DecodeLinkOf reads what AppendLinkOf wrote beside the same values.
func DecodeLinkOf(b []byte, values Fields) (*Link, error) {
	d := decoders.Get().(*Decoder)
	defer decoders.Put(d)
	l, err := whole(d.begin(b), func(r *reader) *Link { return r.link(values) })
	if err != nil {
		return nil, fmt.Errorf("cannot read link %.60q: %w", b, err)
	}
	if cap(l.Fields) > 2*len(l.Fields) {
		return l.Clone(), nil
	}
	d.r.room.links = make([]LinkField, 0, len(l.Fields)) // those that were read are the caller's
	out := *l
	return &out, nil
}
