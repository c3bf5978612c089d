package merge

import (
	"crypto/sha256"
	"encoding/hex"
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
		case v.Type() == item.TypeBlob:
			norm[i] = v.Str()
		default:
			norm[i] = v.Display()
		}
		if norm[i] == "" {
			return ""
		}
	}
	return strings.Join(norm, "\x1f")
}

// Parts returns an item's values of the named fields, in their order. Of bytes it
// has their hash: a code identifies an image by its content, and is no place to
// keep one.
func Parts(f item.Fields, names []string) []item.Value {
	if len(names) == 0 {
		return nil
	}
	out := make([]item.Value, len(names))
	for i, n := range names {
		out[i] = f.Get(n)
		if b := out[i]; b.Type() == item.TypeBytes && !b.IsEmpty() {
			sum := sha256.Sum256([]byte(b.Str()))
			out[i] = item.Blob(hex.EncodeToString(sum[:]), int64(len(b.Str())))
		}
	}
	return out
}

// displayCode is a code as messages show it.
func displayCode(code string) string { return strings.ReplaceAll(code, "\x1f", " · ") }
