package wire

import (
	"encoding/json"
	"fmt"
	"strconv"

	"plait/shared/item"
)

// EncodePayload checks a payload (see [Payload.Validate]) and returns its lines
// and their hash, hex SHA-256, which is its name. Equal payloads have equal
// bytes.
func EncodePayload(p Payload) (lines []byte, hash string, err error) {
	if err := p.Validate(); err != nil {
		return nil, "", fmt.Errorf("cannot encode the payload: %w", err)
	}
	header := payloadHeader{Source: p.Source, HubEpoch: p.HubEpoch, Options: p.Options, Kinds: p.Kinds}
	return encodeContent(payloadPrefix, header, p.Items)
}

// DecodePayload reads what EncodePayload wrote and checks it the same way. It
// does not check the hash: the caller knows which one it asked for (see [Sum]).
// Errors are *Error and name the line.
func DecodePayload(lines []byte) (Payload, error) {
	var h payloadHeader
	items, err := decodeContent(lines, payloadPrefix, &h)
	if err != nil {
		return Payload{}, err
	}
	p := Payload{Source: h.Source, HubEpoch: h.HubEpoch, Options: h.Options, Kinds: h.Kinds, Items: items}
	return p, p.Validate()
}

// EncodeOwn checks a receiver's own part of a job and returns its lines and
// their hash, hex SHA-256.
func EncodeOwn(o Own) (lines []byte, hash string, err error) {
	if err := o.Validate(); err != nil {
		return nil, "", fmt.Errorf("cannot encode a receiver's part: %w", err)
	}
	return encodeContent(ownPrefix, ownHeader{Decisions: o.Decisions, Reset: o.Reset}, o.Items)
}

// DecodeOwn reads what EncodeOwn wrote; as with DecodePayload the hash is the
// caller's to check.
func DecodeOwn(lines []byte) (Own, error) {
	var h ownHeader
	items, err := decodeContent(lines, ownPrefix, &h)
	if err != nil {
		return Own{}, err
	}
	o := Own{Decisions: h.Decisions, Reset: h.Reset, Items: items}
	return o, o.Validate()
}

const (
	payloadPrefix = "plait-payload 1"
	ownPrefix     = "plait-own 1"
)

// payloadHeader is a payload without its items.
type payloadHeader struct {
	Source   string        `json:"source"`
	HubEpoch string        `json:"hub_epoch"`
	Options  Options       `json:"options"`
	Kinds    []PayloadKind `json:"kinds"`
}

// ownHeader is an Own without its items.
type ownHeader struct {
	Decisions map[string]string   `json:"decisions,omitempty"`
	Reset     map[string][]string `json:"reset,omitempty"`
}

// payloadLine is an item's line: its JSON with the canonical form of its fields.
type payloadLine struct {
	PayloadItem
	FieldsRaw json.RawMessage `json:"fields"`
	LinkRaw   json.RawMessage `json:"link"` // of a revert alone: as it was
}

func encodeContent(prefix string, header any, items []PayloadItem) ([]byte, string, error) {
	out := append([]byte(prefix), '\n')
	head, err := encodeJSON(header)
	if err != nil {
		return nil, "", fmt.Errorf("cannot encode the header: %w", err)
	}
	out = append(append(out, head...), '\n')
	for i, it := range items {
		if out, err = appendPayloadItem(out, it); err != nil {
			return nil, "", fmt.Errorf("cannot encode item %d, %s %s: %w", i, it.Kind, it.UID, err)
		}
		if len(out) > MaxPayloadBytes {
			return nil, "", tooLarge("the content has more than %d bytes at item %d of %d", MaxPayloadBytes, i, len(items))
		}
	}
	out = append(strconv.AppendInt(append(out, "end "...), int64(len(items)), 10), '\n')
	return out, Sum(out), nil
}

// appendPayloadItem puts the fields' canonical form behind the item's own JSON:
// it must pass through no JSON encoder, which might spell it otherwise.
func appendPayloadItem(out []byte, it PayloadItem) ([]byte, error) {
	head, err := encodeJSON(it)
	if err != nil {
		return nil, err
	}
	out = append(out, head[:len(head)-1]...) // without its "}"
	out = item.AppendFields(append(out, `,"fields":`...), it.Fields)
	if it.Undo != nil {
		out = appendUndoLink(out, it.Undo.Link, it.Fields)
	}
	return append(out, "}\n"...), nil
}

func decodeContent(lines []byte, prefix string, header any) ([]PayloadItem, error) {
	if len(lines) > MaxPayloadBytes {
		return nil, tooLarge("the content has %d bytes, more than %d", len(lines), MaxPayloadBytes)
	}
	r := &lineReader{rest: lines}
	first, err := r.next()
	if err != nil {
		return nil, err
	}
	if string(first) != prefix {
		return nil, r.bad("%.40q, where %q is expected", first, prefix)
	}
	if err := r.json(header); err != nil {
		return nil, err
	}
	return r.items()
}

func (r *lineReader) json(v any) error {
	line, err := r.next()
	if err != nil {
		return err
	}
	if err := UnmarshalStrict(line, v); err != nil {
		return r.bad("%v", err)
	}
	return nil
}

func (r *lineReader) items() ([]PayloadItem, error) {
	var out []PayloadItem
	for {
		line, err := r.next()
		if err != nil {
			return nil, err
		}
		if len(line) > 4 && string(line[:4]) == "end " {
			return out, r.end(line[4:], len(out))
		}
		if len(out) == MaxPayloadItems {
			return nil, tooLarge("it has more than %d items", MaxPayloadItems)
		}
		it, err := r.item(line)
		if err != nil {
			return nil, err
		}
		out = append(out, it)
	}
}

func (r *lineReader) item(line []byte) (PayloadItem, error) {
	var p payloadLine
	if err := UnmarshalStrict(line, &p); err != nil {
		return PayloadItem{}, r.bad("%v", err)
	}
	var err error
	if p.Fields, err = item.DecodeFields(p.FieldsRaw); err != nil {
		return PayloadItem{}, r.bad("%s %s: %v", p.Kind, p.UID, err)
	}
	if p.LinkRaw != nil && p.Undo == nil {
		return PayloadItem{}, r.bad("%s %s: a link stands in a revert, and only there", p.Kind, p.UID)
	}
	if p.Undo != nil {
		p.Undo.Link, err = r.undoLink(p.LinkRaw, p.Fields)
	}
	return p.PayloadItem, err
}
