package merge

import (
	"fmt"

	"plait/shared/item"
)

// Sentence says what becomes of the field and why. There is one for every
// reason; those that Exceptions lists are the same.
func (f *FieldPlan) Sentence() string {
	if why := f.why(); why != "" {
		return why
	}
	switch f.Reason {
	case Created:
		return fmt.Sprintf("%s comes with the new item: %s", f.Title, show(*f.Result))
	case FollowsSource:
		return f.follows()
	case SameValue:
		return f.same()
	case FieldNotMapped:
		return fmt.Sprintf("%s has no place in this store's POS, or is not written there", f.Title)
	case MissingRef:
		return fmt.Sprintf("%s cannot arrive: this store lacks %s", f.Title, names(f.Missing))
	case NoPriceHere:
		return fmt.Sprintf("%s stays empty: this store has prices of another sort, and they get the source's", f.Title)
	case WithPrice:
		return fmt.Sprintf("%s stays %s, with the price that it belongs to", f.Title, show(*f.Branch))
	case LeftOut:
		return fmt.Sprintf("%s stays as it is: this sync leaves it out (%s at the source)", f.Title, show(*f.Source))
	}
	return fmt.Sprintf("%s: %s", f.Title, f.Reason)
}

// follows says why the source's value is taken.
func (f *FieldPlan) follows() string {
	because := "nobody changed it here after the last sync"
	switch {
	case f.field.LockedBy != "":
		because = f.lock()
	case f.field.Policy == item.Locked:
		because = "it is locked"
	}
	if f.rows != nil {
		return fmt.Sprintf("%s follows the source, element by element: %s", f.Title, because)
	}
	return fmt.Sprintf("%s was %s and is %s: %s", f.Title, show(*f.Branch), show(*f.Result), because)
}

func (f *FieldPlan) same() string {
	if f.rows != nil {
		return fmt.Sprintf("%s: there is nothing to write", f.Title)
	}
	if !f.Branch.Equal(*f.Source) {
		return fmt.Sprintf("%s stays %s: the source still sends %s, and this is how the POS holds it", f.Title, show(*f.Branch), show(*f.Source))
	}
	return fmt.Sprintf("%s is %s at both ends", f.Title, show(*f.Branch))
}

// Sentence says what becomes of the item and why.
func (out *ItemPlan) Sentence() string {
	if out.Why != "" {
		return out.Why
	}
	switch out.Action {
	case Create:
		return "the store has none, so it is created"
	case Adopt:
		if out.called != "" && out.called != out.Name {
			return fmt.Sprintf("the store's own item %s is linked", quote(out.called))
		}
		return "the store's own item is linked"
	case Update:
		return fmt.Sprintf("%d of its fields are written", len(out.Write))
	case Skip:
		return "the store has none that is linked, and this sync changes no others"
	case Keep:
		return fmt.Sprintf("nothing is written; the store keeps %d fields as it has them", out.keeps())
	case Delete:
		return "the source does not have it"
	default:
		return "nothing is to be done"
	}
}

func (out *ItemPlan) keeps() (n int) {
	for i := range out.Fields {
		if out.Fields[i].stays() {
			n++
		}
	}
	return n
}

// Part is one value inside a rows field: a column of an element, or the element
// itself.
type Part struct {
	Element string // as people call it
	Column  string // "" for the element itself, and its values are absent or (null)
	Base    item.Value
	Branch  item.Value
	Source  item.Value
	Result  item.Value
}

// Parts lists the values of a rows field that change or that the two ends do not
// agree on, in the order of the elements' keys; nil for other fields. name says
// what people call an element by its key.
func (f *FieldPlan) Parts(name func(key item.Value) string) (out []Part) {
	if f.Result.Type() != item.TypeRows && f.Branch.Type() != item.TypeRows && f.Source.Type() != item.TypeRows {
		return nil
	}
	base, branch, source, result := rowsOf(*f.Base), rowsOf(*f.Branch), rowsOf(*f.Source), rowsOf(*f.Result)
	for _, key := range allKeys(*f.Branch, *f.Source, *f.Result) {
		k := rowKey(key)
		whole := Part{Element: name(key), Base: base.there(k), Branch: branch.there(k), Source: source.there(k), Result: result.there(k)}
		if !whole.Branch.Equal(whole.Result) || (f.field.Policy != item.Never && !whole.Source.Equal(whole.Result)) {
			out = append(out, whole)
		}
		for _, column := range allColumns(branch.cols[k], source.cols[k], result.cols[k]) {
			p := Part{
				Element: whole.Element, Column: column, Base: base.cols[k].Get(column),
				Branch: branch.cols[k].Get(column), Source: source.cols[k].Get(column), Result: result.cols[k].Get(column),
			}
			if !p.Branch.Equal(p.Result) || (!p.Source.IsAbsent() && !p.Source.Equal(p.Result)) {
				out = append(out, p)
			}
		}
	}
	return out
}

// there is a value that says only whether an element is there.
func (s rowSet) there(key string) item.Value {
	if s.has(key) {
		return item.Bool(true)
	}
	return item.Value{}
}

func allKeys(values ...item.Value) (out []item.Value) {
	seen := map[string]bool{}
	for _, v := range values {
		for _, r := range v.Rows() {
			if k := rowKey(r.Key); !seen[k] {
				seen[k] = true
				out = append(out, r.Key)
			}
		}
	}
	return out
}

func allColumns(lists ...item.Fields) (out []string) {
	var merged item.Fields
	for _, l := range lists {
		for _, c := range l {
			merged = merged.With(c.Name, c.Value)
		}
	}
	for _, c := range merged {
		out = append(out, c.Name)
	}
	return out
}

// NameOf returns what people call the store's item of that key; "" if there is
// none, or its kind was not read.
func (x *Index) NameOf(kind, key string) string { return x.text(item.Ref(kind, key)) }
