package catalog

import (
	"fmt"
	"slices"

	"plait/shared/item"
)

// prices checks that price sync finds what the kind says, and locks what it
// copies: a price that it wrote and did not lock would drift away unseen.
func (c checker) prices() {
	p := c.kind.Prices
	if p == nil {
		return
	}
	if !c.oneOf("prices.when", "prices", "switch", p.When, Switches) {
		return
	}
	if len(p.Fields) == 0 {
		c.tell("prices", "prices", "fields is missing: the price, and what is copied along with it")
		return
	}
	rows, ok := c.kind.Field(p.Rows)
	if !ok || rows.Type != "rows" {
		c.tell("prices.rows", "prices", fmt.Sprintf("rows names %s: it must be the field of type rows whose elements have prices of their own%s",
			quoted(p.Rows), didYouMean(p.Rows, fieldNames(c.kind.Fields))))
		return
	}
	if rows.Policy != item.Unlocked || rows.LockedWhen != "" {
		c.tell("prices.rows", "prices", fmt.Sprintf("the elements of %s are a location's own: make the field unlocked, without a switch, and lock the columns", p.Rows))
	}
	for i, name := range p.Fields {
		c.priceField(name, i == 0, slices.Contains(p.Fields[:i], name), rows)
	}
	if col, ok := rows.Column(p.Active); p.Active != "" && (!ok || col.Type != "bool" || slices.Contains(p.Fields, p.Active)) {
		c.tell("prices.active", "prices", fmt.Sprintf("active names %s: it must be a bool column of %s that is not copied", quoted(p.Active), p.Rows))
	}
}

func (c checker) priceField(name string, isPrice, twice bool, rows Field) {
	when := c.kind.Prices.When
	f, ok := c.kind.Field(name)
	col, hasColumn := rows.Column(name)
	number := f.Type == "decimal" || f.Type == "integer"
	switch tell := func(what string) { c.tell("prices.fields", "prices", what) }; {
	case !ok:
		tell(fmt.Sprintf("fields names the field %s, which is not there%s", quoted(name), didYouMean(name, fieldNames(c.kind.Fields))))
	case twice:
		tell(fmt.Sprintf("the field %s stands twice in fields", name))
	case isPrice && (!number || !hasColumn):
		tell(fmt.Sprintf("%s comes first and is the price: it must be a number, and a column of %s too", name, rows.Name))
	case f.LockedWhen != when && f.Policy != item.Locked:
		tell(fmt.Sprintf("the field %s is copied and not locked: give it locked_when: %s", name, when))
	case hasColumn && (col.Type != f.Type || (col.LockedWhen != when && col.Policy != item.Locked)):
		tell(fmt.Sprintf("the column %s.%s is copied: it must have the type of the field %s and locked_when: %s", rows.Name, name, name, when))
	}
}

// restrictions are left out of a sync as a whole, so nothing that finds or
// retires an item may be among them.
func (c checker) restrictions() {
	for i, name := range c.kind.Restrictions {
		f, ok := c.kind.Field(name)
		m := c.kind.Match
		switch tell := func(what string) { c.tell("restrictions", "restrictions", what) }; {
		case !ok:
			tell(fmt.Sprintf("there is no field %s%s", quoted(name), didYouMean(name, fieldNames(c.kind.Fields))))
		case slices.Contains(c.kind.Restrictions[:i], name):
			tell(fmt.Sprintf("the field %s stands twice", name))
		case f.Policy == item.Never:
			tell(fmt.Sprintf("the field %s never syncs: no sync could bring it", name))
		case name == m.Name || name == m.Category || name == c.kind.Active || slices.Contains(m.Code, name):
			tell(fmt.Sprintf("the field %s finds an item or retires it: it is no restriction", name))
		}
	}
}

// allowList: what an empty list means is asked of lists that a sync adds to.
func (c checker) allowList(at, where string, f Field) {
	if f.AllowList && (f.Type != "rows" || f.Policy == item.Never) {
		c.tell(at+".allow_list", where, "allow_list is for a list that syncs: a field of type rows")
	}
}
