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
func (c *cell) keyText() (s string, ok bool) {
	switch c.typ {
	case cellInteger:
		return strconv.FormatInt(c.num, 10), true
	case cellText, cellBlob:
		return c.text, true
	case cellReal:
		s := strconv.FormatFloat(c.real, 'g', 15, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s, true
	default:
		return "", false
	}
}

// keyOf joins the parts of a key, as a text of its own; ok is false if one is NULL,
// or if the whole cannot be the key of an item.
func keyOf(parts []cell) (key string, ok bool) {
	if len(parts) == 1 {
		key, ok = parts[0].keyText()
		if parts[0].typ == cellText || parts[0].typ == cellBlob {
			key = strings.Clone(key)
		}
	} else {
		texts := make([]string, len(parts))
		for i := range parts {
			if texts[i], ok = parts[i].keyText(); !ok {
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
func (p *valuePlan) read(row []cell) (item.Value, error) {
	if p.typ == "reference" {
		return p.readRef(row[p.at : p.at+len(p.columns)])
	}
	c := &row[p.at]
	if c.isNull() {
		return item.Null(), nil
	}
	switch p.typ {
	case "text":
		return readText(c)
	case "integer":
		return readInteger(c)
	case "decimal":
		return readDecimal(c)
	case "bool":
		return p.readBool(c)
	case "time":
		return readTime(c)
	case "bytes":
		return readBytes(c)
	default:
		return item.Value{}, fmt.Errorf("it has the unknown type %q", p.typ)
	}
}

func (p *valuePlan) readRef(parts []cell) (item.Value, error) {
	for i := range parts {
		if parts[i].isNull() {
			return item.Null(), nil
		}
	}
	key, ok := keyOf(parts)
	if !ok {
		return item.Value{}, fmt.Errorf("it holds %s, which is no key of a %s", parts[0].show(), p.ref)
	}
	return item.Ref(p.ref, key), nil
}

func readText(c *cell) (item.Value, error) {
	switch c.typ {
	case cellText:
		return item.Text(c.text)
	case cellInteger:
		return item.Text(strconv.FormatInt(c.num, 10))
	case cellReal:
		return item.Text(strconv.FormatFloat(c.real, 'g', -1, 64))
	default:
		return wrongType(c, "a text")
	}
}

func readInteger(c *cell) (item.Value, error) {
	switch c.typ {
	case cellInteger:
		return item.Integer(c.num), nil
	case cellReal:
		if c.real == math.Trunc(c.real) && math.Abs(c.real) < 1<<53 {
			return item.Integer(int64(c.real)), nil
		}
	case cellText:
		if n, err := strconv.ParseInt(c.text, 10, 64); err == nil {
			return item.Integer(n), nil
		}
	}
	return wrongType(c, "an integer")
}

func readDecimal(c *cell) (item.Value, error) {
	switch c.typ {
	case cellInteger:
		return item.Decimal(strconv.FormatInt(c.num, 10))
	case cellReal:
		if x := math.Abs(c.real); !math.IsInf(x, 0) && x < 1e90 && (x == 0 || x > 1e-90) {
			return item.Decimal(strconv.FormatFloat(c.real, 'g', -1, 64))
		}
	case cellText:
		if d, err := item.Decimal(strings.TrimSpace(c.text)); err == nil {
			return d, nil
		}
	}
	return wrongType(c, "a decimal")
}

// readBool is strict, because what it reads it must be able to write again: a
// POS that says "Y" and "N" has to be mapped so.
func (p *valuePlan) readBool(c *cell) (item.Value, error) {
	text, _ := c.keyText()
	yes, no := "1", "0"
	if p.m.True != nil {
		yes, no = constantText(p.m.True), constantText(p.m.False)
	} else if c.typ == cellReal {
		text = strconv.FormatFloat(c.real, 'g', -1, 64)
	}
	switch text {
	case yes:
		return item.Bool(true), nil
	case no:
		return item.Bool(false), nil
	}
	return wrongType(c, fmt.Sprintf("a bool (%s or %s): give the field the values that mean true and false", yes, no))
}

// constantText spells a constant of the mapping, which the mapping's loader made a
// value that a driver could give; "" for any other.
func constantText(v any) string {
	var c cell
	if c.Scan(v) != nil {
		return ""
	}
	s, _ := c.keyText()
	return s
}

func readTime(c *cell) (item.Value, error) {
	if c.typ == cellText {
		if t, err := item.Time(c.text); err == nil {
			return t, nil
		}
	}
	return wrongType(c, "a date or time as text")
}

func readBytes(c *cell) (item.Value, error) {
	if c.typ == cellText || c.typ == cellBlob {
		return item.Bytes([]byte(c.text)), nil
	}
	return wrongType(c, "bytes")
}

func wrongType(c *cell, want string) (item.Value, error) {
	return item.Value{}, fmt.Errorf("it holds %s, which is not %s", c.show(), want)
}
