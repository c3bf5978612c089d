package merge

import (
	"strings"

	"plait/shared/item"
)

// Code joins the parts of an identity code, normalised for comparison. A code
// with an empty part does not exist: Code returns "". text gives the name of the
// item that a reference part refers to; two stores have other keys for it, but
// one name (decision 31).
func Code(parts []item.Value, text func(ref item.Value) string) string {
	if len(parts) == 0 {
		return ""
	}
	norm := make([]string, len(parts))
	for i, v := range parts {
		switch {
		case v.IsEmpty():
			return ""
		case v.Type() == item.TypeRef || v.Type() == item.TypeUIDRef:
			norm[i] = item.NormalName(text(v))
		case v.Type() == item.TypeText:
			norm[i] = item.NormalName(v.Str())
		default:
			norm[i] = v.Display()
		}
		if norm[i] == "" {
			return ""
		}
	}
	return strings.Join(norm, "\x1f")
}

// Parts returns an item's values of the named fields, in their order.
func Parts(f item.Fields, names []string) []item.Value {
	if len(names) == 0 {
		return nil
	}
	out := make([]item.Value, len(names))
	for i, n := range names {
		out[i] = f.Get(n)
	}
	return out
}

// displayCode is a code as messages show it.
func displayCode(code string) string { return strings.ReplaceAll(code, "\x1f", " · ") }
