package pos

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"plait/shared/item"
)

// bind converts a value into what its columns are given, in their order. Its
// errors wrap ErrType: they park the item, not the job.
func (p *valuePlan) bind(v item.Value) ([]any, error) {
	if v.IsNull() {
		return make([]any, len(p.columns)), nil
	}
	if p.typ == "reference" {
		return p.bindRef(v)
	}
	arg, err := p.bindOne(v)
	if err != nil {
		return nil, err
	}
	return []any{arg}, nil
}

func (p *valuePlan) bindRef(v item.Value) ([]any, error) {
	if v.Type() != item.TypeRef || v.RefKind() != p.ref {
		return nil, p.mismatch(v)
	}
	args, ok := bindKey(v.Str(), p.columns)
	if !ok {
		return nil, fmt.Errorf("%w: field %q refers to %q, which is no key of a %s", ErrType, p.name, v.Str(), p.ref)
	}
	return args, nil
}

func (p *valuePlan) bindOne(v item.Value) (any, error) {
	switch {
	case p.typ == "text" && v.Type() == item.TypeText:
		if n := utf8.RuneCountInString(v.Str()); p.maxLen > 0 && n > p.maxLen {
			return nil, fmt.Errorf("%w: field %q has %d characters, column %q takes %d", ErrType, p.name, n, p.columns[0].name, p.maxLen)
		}
		return v.Str(), nil
	case p.typ == "integer" && v.Type() == item.TypeInteger:
		return v.Int(), nil
	case p.typ == "decimal" && v.Type() == item.TypeDecimal:
		return bindDecimal(v.Str(), p.columns[0].affinity), nil
	case p.typ == "bool" && v.Type() == item.TypeBool:
		return p.bindBool(v.True()), nil
	case p.typ == "time" && v.Type() == item.TypeTime:
		return p.bindTime(v.Str()), nil
	case p.typ == "bytes" && v.Type() == item.TypeBytes:
		if p.columns[0].affinity == affinityText && utf8.ValidString(v.Str()) {
			return v.Str(), nil
		}
		return []byte(v.Str()), nil
	}
	return nil, p.mismatch(v)
}

func (p *valuePlan) mismatch(v item.Value) error {
	return fmt.Errorf("%w: field %q is a %s, the value a %s", ErrType, p.name, p.typ, v.Type())
}

// bindDecimal gives a column with an affinity the exact text, and lets SQLite
// store it as it stores the POS's own literals. A column without one would keep
// the text, so it gets a number where that is exact.
func bindDecimal(s string, a affinity) any {
	if a != affinityNone {
		return s
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == s {
		return f
	}
	return s
}

func (p *valuePlan) bindBool(yes bool) any {
	switch {
	case yes && p.m.True != nil:
		return p.m.True
	case !yes && p.m.False != nil:
		return p.m.False
	case yes:
		return int64(1)
	default:
		return int64(0)
	}
}

// bindTime writes date and time as SQLite's own functions do, with a space,
// unless the mapping says T.
func (p *valuePlan) bindTime(s string) string {
	if p.m.Separator == "T" {
		return s
	}
	return strings.Replace(s, "T", " ", 1)
}
