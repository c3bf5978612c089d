package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// Of items that the store lacks, several may be planned before the first of them is
// written, where none can be found by another one's uid, code or name, and none
// refers to another.

// After returns the last item before the n-th on which its plan may depend, should
// the store lack that one; -1 if there is none. It says nothing of items that the
// store has: they are told as they are planned.
func (p *Planner) After(n int) int {
	if n >= len(p.payload.Items) {
		return n - 1
	}
	if p.after == nil {
		p.after = p.ties()
	}
	return p.after[n]
}

// tie is what an item is found by: its uid or an alias ('u'), its name ('n'), or the
// parts of its code that are no references ('c').
type tie struct {
	sort byte
	kind string
	text string
}

func (p *Planner) ties() []int {
	after := make([]int, len(p.payload.Items))
	last := make(map[tie]int, 4*len(p.payload.Items))
	for n := range p.payload.Items {
		pi := &p.payload.Items[n]
		after[n] = -1
		look := func(t tie) {
			if m, ok := last[t]; ok {
				after[n] = max(after[n], m)
			}
		}
		kind := p.kinds[pi.Kind]
		if pi.Op != wire.OpPut || kind == nil || kind.Match.Singleton {
			after[n] = n - 1
		} else {
			eachRef(pi.Fields, func(v item.Value) { look(tie{'u', v.RefKind(), v.Str()}) })
		}
		own := foundBy(pi, kind)
		for _, t := range own {
			look(t)
		}
		for _, t := range own {
			last[t] = n
		}
	}
	return after
}

// foundBy lists what an item is found by once it is there.
func foundBy(pi *wire.PayloadItem, kind *kindPlan) []tie {
	out := append(make([]tie, 0, 4), tie{'u', pi.Kind, pi.UID})
	for _, uid := range pi.Aliases {
		out = append(out, tie{'u', pi.Kind, uid})
	}
	if kind == nil {
		return out
	}
	for _, name := range []string{pi.Name, pi.Fields.Get(kind.Match.Name).Str()} {
		if folded := item.NormalName(name); folded != "" {
			out = append(out, tie{'n', pi.Kind, folded})
		}
	}
	if code, ok := fixedCode(Parts(pi.Fields, kind.Match.Code)); ok {
		out = append(out, tie{'c', pi.Kind, code})
	}
	return out
}

// fixedCode is the code without the names of what it refers to: the store may call
// that otherwise. ok is false if the item has no code.
func fixedCode(parts []item.Value) (code string, ok bool) {
	fixed := make([]item.Value, 0, len(parts))
	for _, v := range parts {
		if v.RefKind() == "" {
			fixed = append(fixed, v)
		}
	}
	if len(fixed) == 0 {
		return "", len(parts) > 0
	}
	code = Code(fixed, nil)
	return code, code != ""
}

// eachRef calls fn for each reference of the fields, those of rows included.
func eachRef(fields item.Fields, fn func(item.Value)) {
	for _, f := range fields {
		if f.Value.Type() == item.TypeUIDRef {
			fn(f.Value)
		}
		for _, r := range f.Value.Rows() {
			if r.Key.Type() == item.TypeUIDRef {
				fn(r.Key)
			}
			eachRef(r.Cols, fn)
		}
	}
}
