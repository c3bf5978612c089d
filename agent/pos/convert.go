package pos

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"plait/shared/item"
)

// keyText spells one part of a key as the triggers do; ok is false for NULL.
func keyText(v any) (s string, ok bool) {
	switch x := v.(type) {
	case int64:
		return strconv.FormatInt(x, 10), true
	case string:
		return x, true
	case []byte:
		return string(x), true
	case float64:
		s := strconv.FormatFloat(x, 'g', 15, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s, true
	default:
		return "", false
	}
}

// keyOf joins the parts of a key; ok is false if one is NULL, or if the whole
// cannot be the key of an item.
func keyOf(parts []any) (key string, ok bool) {
	if len(parts) == 1 {
		key, ok = keyText(parts[0])
	} else {
		texts := make([]string, len(parts))
		for i, p := range parts {
			if texts[i], ok = keyText(p); !ok {
				return "", false
			}
		}
		key = item.JoinKey(texts...)
	}
	return key, ok && validKey(key)
}

func validKey(key string) bool {
	return key != "" && len(key) <= item.MaxKeyBytes && utf8.ValidString(key)
}

// bindKey returns a key's parts as they are bound to its columns; ok is false
// if the key cannot be one of theirs.
func bindKey(key string, columns []*column) (args []any, ok bool) {
	parts, ok := item.SplitKey(key, len(columns))
	if !ok {
		return nil, false
	}
	args = make([]any, len(parts))
	for i, p := range parts {
		args[i] = bindKeyPart(p, columns[i])
	}
	return args, true
}

// bindKeyPart binds integers as such, so that an index serves without a
// conversion.
func bindKeyPart(part string, c *column) any {
	if c.affinity != affinityText {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil && strconv.FormatInt(n, 10) == part {
			return n
		}
	}
	return part
}

// read converts what the POS holds into a value of the catalogue's type. There
// is one form of each value: NUMERIC 0.99, which SQLite keeps as a float, is
// read by its shortest exact spelling.
func (p *valuePlan) read(row []any) (item.Value, error) {
	if p.typ == "reference" {
		return p.readRef(row[p.at : p.at+len(p.columns)])
	}
	v := row[p.at]
	if v == nil {
		return item.Null(), nil
	}
	switch p.typ {
	case "text":
		return readText(v)
	case "integer":
		return readInteger(v)
	case "decimal":
		return readDecimal(v)
	case "bool":
		return p.readBool(v)
	case "time":
		return readTime(v)
	case "bytes":
		return readBytes(v)
	default:
		return item.Value{}, fmt.Errorf("it has the unknown type %q", p.typ)
	}
}

func (p *valuePlan) readRef(parts []any) (item.Value, error) {
	for _, v := range parts {
		if v == nil {
			return item.Null(), nil
		}
	}
	key, ok := keyOf(parts)
	if !ok {
		return item.Value{}, fmt.Errorf("it holds %s, which is no key of a %s", show(parts[0]), p.ref)
	}
	return item.Ref(p.ref, key), nil
}

func readText(v any) (item.Value, error) {
	switch x := v.(type) {
	case string:
		return item.Text(x)
	case int64:
		return item.Text(strconv.FormatInt(x, 10))
	case float64:
		return item.Text(strconv.FormatFloat(x, 'g', -1, 64))
	default:
		return wrongType(v, "a text")
	}
}

func readInteger(v any) (item.Value, error) {
	switch x := v.(type) {
	case int64:
		return item.Integer(x), nil
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return item.Integer(int64(x)), nil
		}
	case string:
		if n, err := strconv.ParseInt(x, 10, 64); err == nil {
			return item.Integer(n), nil
		}
	}
	return wrongType(v, "an integer")
}

func readDecimal(v any) (item.Value, error) {
	switch x := v.(type) {
	case int64:
		return item.Decimal(strconv.FormatInt(x, 10))
	case float64:
		if !math.IsInf(x, 0) && math.Abs(x) < 1e90 && (x == 0 || math.Abs(x) > 1e-90) {
			return item.Decimal(strconv.FormatFloat(x, 'g', -1, 64))
		}
	case string:
		if d, err := item.Decimal(strings.TrimSpace(x)); err == nil {
			return d, nil
		}
	}
	return wrongType(v, "a decimal")
}

// readBool is strict, because what it reads it must be able to write again: a
// POS that says "Y" and "N" has to be mapped so.
func (p *valuePlan) readBool(v any) (item.Value, error) {
	text, _ := keyText(v)
	yes, no := "1", "0"
	if p.m.True != nil {
		yes, no = constantText(p.m.True), constantText(p.m.False)
	} else if f, ok := v.(float64); ok {
		text = strconv.FormatFloat(f, 'g', -1, 64)
	}
	switch text {
	case yes:
		return item.Bool(true), nil
	case no:
		return item.Bool(false), nil
	}
	return wrongType(v, fmt.Sprintf("a bool (%s or %s): give the field the values that mean true and false", yes, no))
}

func constantText(v any) string {
	s, _ := keyText(v)
	return s
}

func readTime(v any) (item.Value, error) {
	if s, ok := v.(string); ok {
		if t, err := item.Time(s); err == nil {
			return t, nil
		}
	}
	return wrongType(v, "a date or time as text")
}

func readBytes(v any) (item.Value, error) {
	switch x := v.(type) {
	case []byte:
		return item.Bytes(x), nil
	case string:
		return item.Bytes([]byte(x)), nil
	}
	return wrongType(v, "bytes")
}

func wrongType(v any, want string) (item.Value, error) {
	return item.Value{}, fmt.Errorf("it holds %s, which is not %s", show(v), want)
}

// show describes a value of the POS in an error without spreading what may be a
// customer's secret: texts are cut short.
func show(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case string:
		return fmt.Sprintf("the text %.20q", x)
	case []byte:
		return fmt.Sprintf("%d bytes", len(x))
	default:
		return fmt.Sprintf("the number %v", x)
	}
}
