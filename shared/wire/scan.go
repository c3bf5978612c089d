package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// scanner walks a message beside the Go type that it is for, and refuses what
// encoding/json would let pass: unknown and double keys, keys in another case,
// null where the type has none, half a surrogate pair, deep nesting. It is
// lenient about syntax where encoding/json, which runs after it, is not.
type scanner struct {
	in    []byte
	pos   int
	depth int
}

var errCutShort = errors.New("it is cut short")

func (s *scanner) message(t reflect.Type) error {
	if err := s.value(t); err != nil {
		return err
	}
	s.space()
	if s.pos != len(s.in) {
		return fmt.Errorf("more follows at byte %d", s.pos)
	}
	return nil
}

// value reads one value for type t; a nil t means that anything goes.
func (s *scanner) value(t reflect.Type) error {
	nullable := t == nil
	for t != nil && t.Kind() == reflect.Pointer {
		t, nullable = t.Elem(), s.depth > 0
	}
	s.space()
	if s.pos >= len(s.in) {
		return errCutShort
	}
	switch c := s.in[s.pos]; c {
	case '{':
		if err := s.enter(); err != nil {
			return err
		}
		err := s.object(shapeOf(t))
		s.depth--
		return err
	case '[':
		if err := s.enter(); err != nil {
			return err
		}
		err := s.array(elem(t))
		s.depth--
		return err
	case '"':
		_, err := s.text()
		return err
	default:
		return s.literal(nullable || holdsNull(t))
	}
}

// enter takes an opening bracket; the caller lowers depth again.
func (s *scanner) enter() error {
	if s.depth++; s.depth > maxNesting {
		return fmt.Errorf("it nests deeper than %d at byte %d", maxNesting, s.pos)
	}
	s.pos++
	return nil
}

func (s *scanner) object(shape *shape) error {
	var seen keySet
	for first := true; !s.closes('}'); first = false {
		if !first && !s.take(',') {
			return s.unexpected()
		}
		s.space()
		at := s.pos
		key, err := s.key()
		if err != nil {
			return err
		}
		if !seen.add(key) {
			return fmt.Errorf("key %.40q stands twice, at byte %d", key, at)
		}
		t, known := shape.member(key)
		if !known {
			return fmt.Errorf("unknown key %.40q at byte %d", key, at)
		}
		if !s.take(':') {
			return s.unexpected()
		}
		if err := s.value(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) array(t reflect.Type) error {
	for first := true; !s.closes(']'); first = false {
		if !first && !s.take(',') {
			return s.unexpected()
		}
		if err := s.value(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) literal(nullable bool) error {
	start := s.pos
	for s.pos < len(s.in) && strings.IndexByte(" \t\r\n,:[]{}\"", s.in[s.pos]) < 0 {
		s.pos++
	}
	if s.pos == start {
		return s.unexpected()
	}
	if string(s.in[start:s.pos]) == "null" && !nullable {
		return fmt.Errorf("null at byte %d where a value is needed", start)
	}
	return nil
}

// text reads a string and returns it as it stands, quotes included.
func (s *scanner) text() ([]byte, error) {
	if s.pos >= len(s.in) || s.in[s.pos] != '"' {
		return nil, s.unexpected()
	}
	start, escaped := s.pos, false
	for s.pos++; s.pos < len(s.in); s.pos++ {
		switch s.in[s.pos] {
		case '\\':
			escaped = true
			s.pos++
		case '"':
			s.pos++
			raw := s.in[start:s.pos]
			if escaped && !pairedSurrogates(raw) {
				return nil, fmt.Errorf("half a surrogate pair in the string at byte %d", start)
			}
			return raw, nil
		}
	}
	return nil, errCutShort
}

// key reads a string and undoes its escapes: two spellings of a key are one key.
func (s *scanner) key() ([]byte, error) {
	raw, err := s.text()
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	var out string
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("key %.40s: %w", raw, err)
	}
	return []byte(out), nil
}

// pairedSurrogates is false for "\ud800" alone, which encoding/json would
// quietly turn into U+FFFD.
func pairedSurrogates(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		switch surrogate(raw[i:]) {
		case lowHalf:
			return false
		case highHalf:
			if surrogate(raw[i+6:]) != lowHalf {
				return false
			}
			i += 11
		default:
			i++
		}
	}
	return true
}

type half int

const (
	noHalf half = iota
	highHalf
	lowHalf
)

// surrogate says which half the escape at the start of b is.
func surrogate(b []byte) half {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' || (b[2] != 'd' && b[2] != 'D') {
		return noHalf
	}
	switch b[3] {
	case '8', '9', 'a', 'b', 'A', 'B':
		return highHalf
	case 'c', 'd', 'e', 'f', 'C', 'D', 'E', 'F':
		return lowHalf
	default:
		return noHalf
	}
}

func (s *scanner) space() {
	for s.pos < len(s.in) && strings.IndexByte(" \t\r\n", s.in[s.pos]) >= 0 {
		s.pos++
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.pos < len(s.in) && s.in[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// closes takes the closing bracket; at the end of the input it answers false,
// and the next read fails.
func (s *scanner) closes(c byte) bool { return s.take(c) }

func (s *scanner) unexpected() error {
	if s.pos >= len(s.in) {
		return errCutShort
	}
	return fmt.Errorf("%q at byte %d is out of place", s.in[s.pos], s.pos)
}
