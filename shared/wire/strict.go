package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"
)

// maxNesting bounds how deep objects and arrays of a message may nest. The
// protocol's own messages stay below ten.
const maxNesting = 64

// EncodeControl returns a control message's JSON, without a line break at its
// end and without HTML escapes. v is one of this package's messages; it panics
// if v cannot be JSON, which is a fault of the program.
func EncodeControl(v any) []byte {
	b, err := encodeJSON(v)
	if err != nil {
		panic(fmt.Sprintf("cannot encode %T: %v", v, err))
	}
	return b
}

func encodeJSON(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// DecodeStrict reads one message of at most max bytes from r into v, a pointer.
// It takes exactly what the protocol allows: one JSON value, valid UTF-8, known
// keys in their exact spelling, none twice at any depth, nesting of at most 64.
// Errors of the message are *Error with CodeTooLarge or CodeBadRequest; an error
// of r is wrapped as it is.
func DecodeStrict(r io.Reader, max int64, v any) error {
	b, err := ReadBounded(r, max)
	if err != nil {
		return err
	}
	return UnmarshalStrict(b, v)
}

// ReadBounded reads all of r, or fails with CodeTooLarge (*Error) once it has
// seen more than max bytes.
func ReadBounded(r io.Reader, max int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the message: %w", err)
	}
	if int64(len(b)) > max {
		return nil, tooLarge("the message has more than %d bytes", max)
	}
	return b, nil
}

// UnmarshalStrict is DecodeStrict for bytes that are already in memory.
func UnmarshalStrict(b []byte, v any) error {
	if !utf8.Valid(b) {
		return badRequest("the message is not valid UTF-8")
	}
	s := scanner{in: b}
	if err := s.message(reflect.TypeOf(v)); err != nil {
		return badRequest("cannot read the message: %v", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return badRequest("cannot read the message: %v", describe(err))
	}
	return nil
}

// describe takes Go's type names out of a type error: a person reads it.
func describe(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fmt.Errorf("%q cannot be a JSON %s", t.Field, t.Value)
	}
	return err
}

func badRequest(format string, args ...any) *Error {
	return &Error{Code: CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) *Error {
	return &Error{Code: CodeTooLarge, Message: fmt.Sprintf(format, args...)}
}
