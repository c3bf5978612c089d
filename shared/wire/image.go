package wire

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"plait/shared/item"
)

// Did says what a job did to an item, as far as taking it back goes.
type Did string

// What a job can have done.
const (
	DidCreate Did = "created"
	DidChange Did = "changed" // fields, link, or both; adopting, retiring and unlinking too
	DidDelete Did = "deleted"
)

// Valid reports whether d is one of the three.
func (d Did) Valid() bool { return d == DidCreate || d == DidChange || d == DidDelete }

// Undo says which item of a store a job changed, and how the job left it. What a
// branch changed since is told from that.
type Undo struct {
	Did Did    `json:"did"`
	Key string `json:"key"` // the store's own
	Gen int64  `json:"gen"`
	// Wrote has the digests of what was read back of the fields that the job
	// changed: a field is set back only if it still holds that.
	Wrote map[string]item.ShortDigest `json:"wrote,omitempty"`
	// Whole is, of a created item, the digest of all fields as they were read back.
	Whole item.ShortDigest `json:"whole,omitempty"`
	// SameKey brings a deleted item back under its old key, or not at all.
	SameKey bool `json:"same_key,omitempty"`
	// Unlinked says that the job took the item's link away.
	Unlinked bool `json:"unlinked,omitempty"`
	// Link is the item's link before the job; nil if it was not linked. Of a changed
	// item that stayed linked it holds the changed fields alone.
	Link *item.Link `json:"-"`
}

// Image is a before-image: what applying a job noted of one item that it changed
// (1-domain, "Revert"). A revert is made of images.
type Image struct {
	N int // place of the item in the job, as Exception.N
	Undo
	// Fields are the values before: those that were overwritten, or all of an item
	// that was deleted. References are the store's own.
	Fields item.Fields
	// Lost says that there was no room for fields and link: the item cannot be set
	// back.
	Lost bool
}

// imageLine is an image's JSON; fields and link keep their canonical form.
type imageLine struct {
	N int `json:"n"`
	Undo
	Lost   bool            `json:"lost,omitempty"`
	Fields json.RawMessage `json:"fields,omitempty"`
	Link   json.RawMessage `json:"link,omitempty"`
}

// AppendImage appends an image as one line: an imageLine's JSON. A job writes one for
// each item that it changes.
func AppendImage(dst []byte, m Image) []byte {
	dst = strconv.AppendInt(append(dst, `{"n":`...), int64(m.N), 10)
	dst = appendText(append(dst, `,"did":`...), string(m.Did))
	dst = appendText(append(dst, `,"key":`...), m.Key)
	dst = strconv.AppendInt(append(dst, `,"gen":`...), m.Gen, 10)
	if len(m.Wrote) > 0 {
		dst = append(dst, `,"wrote":`...)
		for i, name := range slices.Sorted(maps.Keys(m.Wrote)) {
			dst = appendText(append(dst, "{,"[min(i, 1)]), name)
			dst = appendText(append(dst, ':'), string(m.Wrote[name]))
		}
		dst = append(dst, '}')
	}
	if m.Whole != "" {
		dst = appendText(append(dst, `,"whole":`...), string(m.Whole))
	}
	for _, flag := range []struct {
		is   bool
		text string
	}{{m.SameKey, `,"same_key":true`}, {m.Unlinked, `,"unlinked":true`}, {m.Lost, `,"lost":true`}} {
		if flag.is {
			dst = append(dst, flag.text...)
		}
	}
	if len(m.Fields) > 0 {
		dst = item.AppendFields(append(dst, `,"fields":`...), m.Fields)
	}
	return append(appendUndoLink(dst, m.Link, m.Fields), "}\n"...)
}

// appendText appends a text as JSON.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(dst, EncodeControl(s)...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

// appendUndoLink appends the link of fields as a further member of a JSON object.
func appendUndoLink(dst []byte, l *item.Link, of item.Fields) []byte {
	if l == nil {
		return dst
	}
	return item.AppendLinkOf(append(dst, `,"link":`...), l, of)
}

// PackImages compresses lines of images as a Result carries them.
func PackImages(lines []byte) []byte {
	if len(lines) == 0 {
		return nil
	}
	return Compress(nil, lines)
}

// ReadImages calls visit for each image of a Result.Before. Its errors are
// *Error and name the line.
func ReadImages(packed []byte, visit func(Image) error) error {
	if len(packed) == 0 {
		return nil
	}
	lines, err := Decompress(packed, MaxImageBytes)
	if err != nil {
		return err
	}
	r := &lineReader{rest: lines}
	for len(r.rest) > 0 {
		line, err := r.next()
		if err != nil {
			return err
		}
		m, err := r.image(line)
		if err == nil {
			err = visit(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *lineReader) image(line []byte) (m Image, err error) {
	var l imageLine
	if err := UnmarshalStrict(line, &l); err != nil {
		return m, r.bad("%v", err)
	}
	m = Image{N: l.N, Undo: l.Undo, Lost: l.Lost}
	if !l.Did.Valid() {
		return m, r.bad("nothing can have %.20q an item", l.Did)
	}
	if l.Fields != nil {
		if m.Fields, err = item.DecodeFields(l.Fields); err != nil {
			return m, r.bad("%v", err)
		}
	}
	m.Link, err = r.undoLink(l.Link, m.Fields)
	return m, err
}

func (r *lineReader) undoLink(raw []byte, of item.Fields) (*item.Link, error) {
	if raw == nil {
		return nil, nil
	}
	l, err := item.DecodeLinkOf(raw, of)
	if err != nil {
		return nil, r.bad("%v", err)
	}
	return l, nil
}
