package item

import (
	"encoding/base64"
	"slices"
	"strconv"
)

// Form is an item as its canonical form alone, with its key at hand.
type Form struct {
	Key  string
	Body []byte
}

// Append appends the item's canonical form to b. The caller has checked the item
// with Check, or built it with this package's constructors.
func Append(b []byte, it Item) []byte {
	b = BeginForm(b)
	for i := range it.Fields {
		b = appendField(b, &it.Fields[i])
	}
	b = appendID(b, it.ID)
	if it.Link != nil {
		b = append(b, `,"l":`...)
		b = appendLink(b, it.Link, it.Fields)
	}
	if it.Deleted {
		b = append(b, `,"x":true`...)
	}
	return append(b, '}')
}

// BeginForm appends the beginning of an item's canonical form. AppendField and
// EndForm go on with it, for whoever has the fields one by one.
func BeginForm(b []byte) []byte { return append(b, `{"f":{`...) }

// AppendField appends a field to a form that was begun. The caller keeps to the order
// of names; v must not be absent.
func AppendField(b []byte, name string, v Value) []byte {
	return appendField(b, &Field{Name: name, Value: v})
}

// EndForm ends the form of a living item without a link.
func EndForm(b []byte, id ID) []byte { return append(appendID(b, id), '}') }

func appendField(b []byte, f *Field) []byte {
	if b[len(b)-1] != '{' { // no value ends so
		b = append(b, ',')
	}
	b = append(appendString(b, f.Name), ':')
	return appendValue(b, &f.Value)
}

// appendID ends the fields, and appends what tells the item.
func appendID(b []byte, id ID) []byte {
	b = appendInt(append(b, `},"g":`...), id.Gen)
	b = appendString(append(b, `,"i":`...), id.Key)
	return appendString(append(b, `,"k":`...), id.Kind)
}

// AppendFields appends the canonical form of a list of fields alone.
func AppendFields(b []byte, f Fields) []byte {
	b = append(b, '{')
	for i := range f {
		b = appendField(b, &f[i])
	}
	return append(b, '}')
}

// AppendValue appends the canonical form of one value; v must not be absent.
func AppendValue(b []byte, v Value) []byte { return appendValue(b, &v) }

func appendValue(b []byte, v *Value) []byte {
	if v.typ == TypeRows {
		return appendRows(b, v.rows)
	}
	return appendScalar(b, v)
}

// appendScalar never calls itself, so that a short buffer given to it can stay
// off the heap.
func appendScalar(b []byte, v *Value) []byte {
	switch v.typ {
	case TypeText:
		return appendString(b, v.str)
	case TypeInteger:
		return appendInt(b, v.num)
	case TypeBool:
		return strconv.AppendBool(b, v.num == 1)
	case TypeDecimal:
		return append(appendString(append(b, `{"d":`...), v.str), '}')
	case TypeTime:
		return append(appendString(append(b, `{"t":`...), v.str), '}')
	case TypeBytes:
		b = append(b, `{"b":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(v.str))
		return append(b, `"}`...)
	case TypeBlob:
		b = appendString(append(b, `{"h":[`...), v.str)
		return append(appendInt(append(b, ','), v.num), `]}`...)
	case TypeRef:
		return appendRef(append(b, `{"r":[`...), v)
	case TypeUIDRef:
		return appendRef(append(b, `{"u":[`...), v)
	default:
		return append(b, "null"...)
	}
}

func appendRef(b []byte, v *Value) []byte {
	b = append(appendString(b, v.kind), ',')
	return append(appendString(b, v.str), `]}`...)
}

func appendRows(b []byte, rows []Row) []byte {
	b = append(b, `{"s":[`...)
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendValue(append(b, '['), &r.Key), ',')
		b = append(AppendFields(b, r.Cols), ']')
	}
	return append(b, `]}`...)
}

// appendLink writes each origin once; a base that equals the item's own value is
// left out, which is what most bases do.
func appendLink(b []byte, l *Link, values Fields) []byte {
	b = append(b, '{')
	if l.Adopted {
		b = append(b, `"a":true,`...)
	}
	b = appendString(append(b, `"b":`...), string(l.Birth))
	var room [4]Origin // most links have one
	origins := linkOrigins(room[:0], l)
	if len(l.Fields) > 0 {
		b = append(b, `,"f":[`...)
		for i := range l.Fields {
			if i > 0 {
				b = append(b, ',')
			}
			f := &l.Fields[i]
			b = appendLinkField(b, f, slices.Index(origins, f.From), values.Get(f.Name))
		}
		b = append(b, `],"o":[`...)
		for i, o := range origins {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(append(b, '['), o.Store), ',')
			b = append(appendString(b, o.HubEpoch), ',')
			b = append(appendInt(b, o.SyncRev), ']')
		}
		b = append(b, ']')
	}
	return append(appendString(append(b, `,"u":`...), l.UID), '}')
}

// linkOrigins appends each origin once, in the order of its first use.
func linkOrigins(out []Origin, l *Link) []Origin {
	for i := range l.Fields {
		if from := &l.Fields[i].From; !slices.Contains(out, *from) {
			out = append(out, *from)
		}
	}
	return out
}

func appendLinkField(b []byte, f *LinkField, origin int, value Value) []byte {
	b = append(b, '{')
	if !f.Base.Equal(value) {
		b = append(appendValue(append(b, `"b":`...), &f.Base), ',')
	}
	if len(f.Cols) > 0 {
		b = append(b, `"c":{`...)
		for i, c := range f.Cols {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, c.Name), ':')
			b = appendString(b, string(c.Policy))
		}
		b = append(b, `},`...)
	}
	b = appendString(append(b, `"n":`...), f.Name)
	b = appendInt(append(b, `,"o":`...), int64(origin))
	b = appendString(append(b, `,"p":`...), string(f.Policy))
	if f.Reverted {
		b = append(b, `,"r":true`...)
	}
	b = appendString(append(b, `,"s":`...), string(f.Sent))
	return append(b, '}')
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// appendString writes a JSON string with its one canonical spelling: only the
// quote, the backslash and control characters below U+0020 are escaped.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := plain(s); i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, s[start:i]...), '\\')
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = append(b, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(b, s[start:]...), '"')
}

// plain returns how many bytes at the beginning of s are known to need no escape.
// It looks at eight at once: x holds a byte below n just if one of x - n*ones borrows
// from its eighth bit where x has none, and a byte equal to c just if x ^ c*ones
// holds one below 1.
func plain(s string) int {
	const ones, eighths = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := s[i : i+8]
		x := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		quote, backslash := x^'"'*ones, x^'\\'*ones
		if ((x-' '*ones)&^x|(quote-ones)&^quote|(backslash-ones)&^backslash)&eighths != 0 {
			break
		}
	}
	return i
}

const hexDigits = "0123456789abcdef"

// AppendLink appends a link alone, every base spelled out: the form in which
// plait_links keeps it.
func AppendLink(b []byte, l *Link) []byte { return appendLink(b, l, nil) }

// AppendLinkOf appends a link that stands beside values, as in an item: bases
// that equal them are left out.
func AppendLinkOf(b []byte, l *Link, values Fields) []byte { return appendLink(b, l, values) }
