package catalog

import (
	"fmt"
	"slices"

	"plait/shared/item"
)

// report takes a problem: the path to its place in the file, the place in words,
// and what is wrong.
type report func(at, where, what string)

// checkKind checks what a kind says, whichever form it came in.
func checkKind(k Kind, tell report) {
	c := checker{kind: k, tell: tell}
	if k.Name == "" {
		tell("kind", "", "kind is missing: the kind's name, as its file is named")
	} else {
		c.name("kind", "", k.Name)
	}
	c.words("title", "", k.Title, maxTitle, true)
	c.words("help", "", k.Help, maxHelp, true)
	if k.Direction != Sync && k.Direction != UploadOnly {
		tell("direction", "", fmt.Sprintf("unknown direction %s (known: %s, %s)", quoted(string(k.Direction)), Sync, UploadOnly))
	}
	switch {
	case k.Direction == UploadOnly && (k.ByHand || k.OneReceiver):
		tell("by_hand", "", "a kind that only goes up is not synced, by hand or otherwise; leave it out")
	case k.OneReceiver && !k.ByHand:
		tell("one_receiver", "", "what goes to one store at a time is synced by hand: say by_hand: true")
	}
	if len(k.Fields) == 0 {
		tell("fields", "", "a kind needs at least one field")
		return
	}
	c.once("fields", "field ", k.Fields)
	for _, f := range k.Fields {
		c.field("fields."+f.Name, "field "+f.Name, f)
	}
	c.match()
	c.label()
	c.active()
	c.prices()
	c.restrictions()
	c.operations()
}

type checker struct {
	kind Kind
	tell report
}

// name: [a-z][a-z0-9_]*, at most 64 bytes. Kinds and fields are named in SQL
// mappings, URLs and file names.
func (c checker) name(at, where, name string) {
	ok := name != "" && len(name) <= 64 && name[0] >= 'a' && name[0] <= 'z'
	for i := 0; i < len(name); i++ {
		ch := name[i]
		ok = ok && (ch == '_' || ('a' <= ch && ch <= 'z') || ('0' <= ch && ch <= '9'))
	}
	if !ok {
		c.tell(at, where, fmt.Sprintf("name %s: a name has lower-case letters, digits and _, begins with a letter, and has at most 64", quoted(name)))
	}
}

func (c checker) words(key, where, text string, limit int, needed bool) {
	switch {
	case needed && text == "":
		c.tell(key, where, lastOf(key)+" is missing")
	case len(text) > limit:
		c.tell(key, where, fmt.Sprintf("%s has %d bytes, more than %d", lastOf(key), len(text), limit))
	}
}

func (c checker) once(at, where string, fields []Field) {
	for i, f := range fields {
		if slices.ContainsFunc(fields[:i], func(o Field) bool { return o.Name == f.Name }) {
			c.tell(at+"."+f.Name, where+f.Name, "it stands twice")
		}
	}
}

func (c checker) field(at, where string, f Field) {
	c.name(at, where, f.Name)
	c.words(at+".title", where, f.Title, maxTitle, true)
	c.words(at+".help", where, f.Help, maxHelp, false)
	c.oneOf(at+".type", where, "type", f.Type, Types)
	c.policy(at, where, f)
	c.reference(at, where, f)
	c.allowList(at, where, f)
	if f.Type == "rows" {
		c.rows(at, where, f)
		return
	}
	if f.Key != "" {
		c.tell(at+".key", where, "only a field of type rows has a key")
	}
	if len(f.Columns) > 0 {
		c.tell(at+".columns", where, "only a field of type rows has columns")
	}
}

func (c checker) oneOf(at, where, what, word string, known []string) bool {
	switch {
	case word == "":
		c.tell(at, where, what+" is missing"+didYouMean("", known))
	case !slices.Contains(known, word):
		c.tell(at, where, fmt.Sprintf("unknown %s %s%s", what, quoted(word), didYouMean(word, known)))
	default:
		return true
	}
	return false
}

var policies = []string{string(item.Locked), string(item.Unlocked), string(item.Additive), string(item.Never)}

// numberSwitches may turn a field that is never synced into a locked one: the
// network shares one number (S2). A price that never syncs stays so.
var numberSwitches = []string{"shared_number"}

func (c checker) policy(at, where string, f Field) {
	if !c.oneOf(at+".policy", where, "policy", string(f.Policy), policies) {
		return
	}
	switch {
	case c.kind.Direction == UploadOnly && f.Policy != item.Never:
		c.tell(at+".policy", where, "a kind that only goes up has the policy never for all its fields; leave it out")
	case f.Policy == item.Additive && f.Type != "rows":
		c.tell(at+".policy", where, "additive is for fields of type rows: elements are added to them")
	}
	if f.LockedWhen == "" || !c.oneOf(at+".locked_when", where, "switch", f.LockedWhen, Switches) {
		return
	}
	switch {
	case f.Policy == item.Locked:
		c.tell(at+".locked_when", where, "a locked field needs no switch to lock it")
	case f.Policy == item.Never && !slices.Contains(numberSwitches, f.LockedWhen):
		c.tell(at+".locked_when", where, fmt.Sprintf("a field that never syncs cannot be locked by %s", f.LockedWhen))
	}
}

func (c checker) reference(at, where string, f Field) {
	refers := f.Type == "reference" || (f.Type == "rows" && f.Key == "reference")
	switch {
	case refers && f.Ref == "":
		c.tell(at, where, "ref is missing: the kind that it refers to")
	case !refers && f.Ref != "":
		c.tell(at+".ref", where, "only a reference, or rows whose key is a reference, has a ref")
	case !refers && f.OtherEnd != "":
		c.tell(at+".other_end", where, "only a reference, or rows whose key is a reference, has another end")
	case len(f.Columns) > 0 && f.OtherEnd != "":
		c.tell(at+".columns", where, "columns belong to the end that carries the relation")
	}
	if f.ByName && f.Type != "reference" {
		c.tell(at+".by_name", where, "only a reference can be by name")
	}
}

// keyTypes are the types that find an element again: plain values with one
// spelling.
var keyTypes = []string{"text", "integer", "decimal", "bool", "time", "reference"}

func (c checker) rows(at, where string, f Field) {
	c.oneOf(at+".key", where, "key", f.Key, keyTypes)
	c.once(at+".columns", "column "+f.Name+".", f.Columns)
	for _, col := range f.Columns {
		place, name := at+".columns."+col.Name, "column "+f.Name+"."+col.Name
		switch {
		case col.Type == "rows" || len(col.Columns) > 0:
			c.tell(place, name, "a column cannot be rows: one level of elements is all that there is")
		case col.Policy == item.Additive:
			c.tell(place+".policy", name, "a column cannot be additive, its field can")
		case f.Policy == item.Never && col.Policy != item.Never:
			c.tell(place+".policy", name, "a column of a field that never syncs never syncs either")
		default:
			c.field(place, name, col)
		}
	}
}
