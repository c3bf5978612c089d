package catalog

import (
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
)

// match checks that a first sync can look where the kind says: fields that are
// there, that travel, and that hold one plain value.
func (c checker) match() {
	m := c.kind.Match
	known := len(m.Code) > 0 || m.Name != "" || m.Category != ""
	switch {
	case c.kind.Direction == UploadOnly && (known || m.Singleton):
		c.tell("match", "match", "a kind that only goes up is matched with nothing; leave it out")
		return
	case m.Singleton && known:
		c.tell("match", "match", "a singleton is found by being the only one: code, name and category do not go with it")
		return
	}
	for i, name := range m.Code {
		if slices.Contains(m.Code[:i], name) {
			c.tell("match.code", "match", fmt.Sprintf("field %s stands twice in code", quoted(name)))
		}
		c.matchField("code", name, "text", "integer", "decimal", "bool", "time", "bytes", "reference")
	}
	if m.Name != "" {
		c.matchField("name", m.Name, "text")
	}
	if m.Category != "" {
		c.matchField("category", m.Category, "reference")
		if m.Name == "" {
			c.tell("match.category", "match", "category narrows a match by name, and there is no name")
		}
	}
}

func (c checker) matchField(key, name string, types ...string) {
	f, ok := c.kind.Field(name)
	switch at := "match." + key; {
	case !ok:
		c.tell(at, "match", fmt.Sprintf("%s names the field %s, which is not there%s", key, quoted(name), didYouMean(name, fieldNames(c.kind.Fields))))
	case f.OtherEnd != "":
		c.tell(at, "match", fmt.Sprintf("%s names the field %s, which no item holds: it is the other end of %s.%s", key, name, f.Ref, f.OtherEnd))
	case f.Policy == item.Never:
		c.tell(at, "match", fmt.Sprintf("%s names the field %s, which never syncs: the receiver would have nothing to compare", key, name))
	case !slices.Contains(types, f.Type) && slices.Contains(Types, f.Type):
		c.tell(at, "match", fmt.Sprintf("%s names the field %s of type %s: it must be %s", key, name, f.Type, strings.Join(types, ", ")))
	}
}

func (c checker) label() {
	if c.kind.Label == "" {
		return
	}
	f, ok := c.kind.Field(c.kind.Label)
	switch {
	case c.kind.Match.Name != "":
		c.tell("label", "", "an item is called by the name that it is matched by; leave label out")
	case !ok:
		c.tell("label", "", fmt.Sprintf("label names the field %s, which is not there%s", quoted(c.kind.Label), didYouMean(c.kind.Label, fieldNames(c.kind.Fields))))
	case f.Type != "text" && f.Type != "reference":
		c.tell("label", "", fmt.Sprintf("label names the field %s of type %s: it must be text or reference", f.Name, f.Type))
	}
}

func (c checker) active() {
	if c.kind.Active == "" {
		return
	}
	if c.kind.Match.Singleton {
		c.tell("active", "", "a singleton is never retired: leave active out")
		return
	}
	f, ok := c.kind.Field(c.kind.Active)
	switch {
	case !ok:
		c.tell("active", "", fmt.Sprintf("active names the field %s, which is not there%s", quoted(c.kind.Active), didYouMean(c.kind.Active, fieldNames(c.kind.Fields))))
	case f.Type != "bool":
		c.tell("active", "", fmt.Sprintf("active names the field %s of type %s: it must be bool", f.Name, f.Type))
	}
}

func (c checker) operations() {
	for i, o := range c.kind.Operations {
		at, where := "operations."+o.Name, "operation "+o.Name
		c.name(at, where, o.Name)
		c.words(at+".note", where, o.Note, maxHelp, false)
		if slices.ContainsFunc(c.kind.Operations[:i], func(p Operation) bool { return p.Name == o.Name }) {
			c.tell(at, where, "it stands twice")
		}
	}
}

// checkRefs checks that what a kind refers to is there, and can travel with it.
func checkRefs(k Kind, c *Catalog, tell report) {
	for _, f := range k.Fields {
		checkRef(k, f, "fields."+f.Name, "field "+f.Name, c, tell)
		for _, col := range f.Columns {
			checkRef(k, col, "fields."+f.Name+".columns."+col.Name, "column "+f.Name+"."+col.Name, c, tell)
		}
	}
	if way := c.circle(k); way != nil {
		tell("fields", "", "kinds that need each other first can never be created: "+strings.Join(way, " → ")+"; make one of these references unlocked, or leave it out")
	}
}

func checkRef(k Kind, f Field, at, where string, c *Catalog, tell report) {
	if f.Ref == "" {
		return
	}
	target, ok := c.Kind(f.Ref)
	switch {
	case !ok:
		tell(at+".ref", where, fmt.Sprintf("unknown kind %s%s", quoted(f.Ref), didYouMean(f.Ref, kindNames(c))))
	case f.Policy != item.Never && target.Direction == UploadOnly:
		tell(at+".ref", where, fmt.Sprintf("it refers to %s, which only goes up: a receiver would never have it; make the field never", f.Ref))
	case f.OtherEnd != "":
		checkOtherEnd(k, f, target, func(what string) { tell(at+".other_end", where, what) })
	}
}

// checkOtherEnd: the two ends of a relation are one setting, so they refer to
// each other and have one policy.
func checkOtherEnd(k Kind, f Field, target Kind, tell func(what string)) {
	carrier, ok := target.Field(f.OtherEnd)
	switch end := f.Ref + "." + f.OtherEnd; {
	case !ok:
		tell(fmt.Sprintf("the other end %s is not there%s", end, didYouMean(f.OtherEnd, fieldNames(target.Fields))))
	case carrier.Ref != k.Name || carrier.OtherEnd != "":
		tell(fmt.Sprintf("the other end %s does not refer to %s", end, k.Name))
	case carrier.Policy != f.Policy || carrier.LockedWhen != f.LockedWhen:
		tell(fmt.Sprintf("it is %s and its other end %s is %s: a relation has one policy", policyOf(f), end, policyOf(carrier)))
	}
}

// policyOf is a field's policy in words.
func policyOf(f Field) string {
	if f.LockedWhen == "" {
		return string(f.Policy)
	}
	return string(f.Policy) + ", locked when " + f.LockedWhen
}

func fieldNames(fields []Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	slices.Sort(out)
	return out
}

func kindNames(c *Catalog) []string {
	out := make([]string, len(c.Kinds))
	for i, k := range c.Kinds {
		out[i] = k.Name
	}
	return out
}

// lastOf is the last word of a path.
func lastOf(at string) string { return at[strings.LastIndexByte(at, '.')+1:] }
