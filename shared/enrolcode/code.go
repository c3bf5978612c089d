package enrolcode

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrMistyped says that a text cannot be a code that any hub made: characters
// are missing, doubled, wrong or swapped.
var ErrMistyped = errors.New("the code is mistyped")

const (
	secretBytes   = 10 // 80 bits
	pinBytes      = 10 // 80 bits
	contentBytes  = secretBytes + pinBytes
	contentChars  = contentBytes * 8 / 5
	checksumChars = 4
	codeChars     = contentChars + checksumChars
	groupChars    = 4

	// maxTyped bounds the text that ParseCode looks at: room for a space
	// between any two characters and some around them.
	maxTyped = 128

	// checksumDomain sets this checksum apart from every other SHA-256. A
	// later form of the code takes another number, and is a typing error to
	// the programs that do not know it.
	checksumDomain = "plait enrolment code 1\n"
)

// crockford is base32 without I, L, O and U.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// A Code is an enrolment code. It is a secret until it is redeemed: keep it out
// of logs. Codes may be compared with ==.
type Code struct {
	secret [secretBytes]byte
	pin    [pinBytes]byte
}

// NewCode makes a fresh code for a hub whose CA has this pin. The pin must be
// empty or a valid one.
func NewCode(pin Pin) (Code, error) {
	if err := pin.check(); err != nil {
		return Code{}, fmt.Errorf("cannot make an enrolment code: %w", err)
	}
	var c Code
	rand.Read(c.secret[:]) // never fails: it ends the program instead
	if pin != SystemRoots {
		full, err := hex.DecodeString(string(pin))
		if err != nil {
			return Code{}, fmt.Errorf("cannot make an enrolment code: %w", err)
		}
		copy(c.pin[:], full)
	}
	return c, nil
}

// String returns the code as it is shown and sent: upper case, in groups.
func (c Code) String() string {
	text := crockford.EncodeToString(c.content()) + c.checksum()
	var b strings.Builder
	for i := 0; i < len(text); i += groupChars {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(text[i : i+groupChars])
	}
	return b.String()
}

// Pin returns what the code says of the hub's CA: the first 80 bits of its pin,
// or SystemRoots.
func (c Code) Pin() Pin {
	if c.pin == [pinBytes]byte{} {
		return SystemRoots
	}
	return Pin(hex.EncodeToString(c.pin[:]))
}

func (c Code) content() []byte { return append(c.secret[:], c.pin[:]...) }

func (c Code) checksum() string {
	sum := sha256.Sum256(append([]byte(checksumDomain), c.content()...))
	return crockford.EncodeToString(sum[:])[:checksumChars]
}

// ParseCode reads a code as people type it. Every error is an ErrMistyped, in
// words for the one who typed.
func ParseCode(typed string) (Code, error) {
	text, err := normalise(typed)
	if err != nil {
		return Code{}, fmt.Errorf("cannot read enrolment code: %w: %w", ErrMistyped, err)
	}
	var c Code
	content, err := crockford.DecodeString(text[:contentChars])
	if err != nil {
		return Code{}, fmt.Errorf("cannot read enrolment code: %w: %w", ErrMistyped, err)
	}
	copy(c.secret[:], content[:secretBytes])
	copy(c.pin[:], content[secretBytes:])
	if c.checksum() != text[contentChars:] {
		return Code{}, fmt.Errorf("cannot read enrolment code: %w: a character is wrong or two are swapped", ErrMistyped)
	}
	return c, nil
}

// normalise returns the code's 36 characters without what people add.
func normalise(typed string) (string, error) {
	if len(typed) > maxTyped {
		return "", fmt.Errorf("it is %d bytes long, at most %d make sense", len(typed), maxTyped)
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == '-' || r == ' ' || r == '\t' || r == '\r' || r == '\n':
			continue
		case r == 'O':
			r = '0'
		case r == 'I' || r == 'L':
			r = '1'
		case r == 'U' || !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z'):
			return "", fmt.Errorf("%q is never part of one", r)
		}
		b.WriteRune(r)
	}
	if b.Len() != codeChars {
		return "", fmt.Errorf("it has %d characters, not %d", b.Len(), codeChars)
	}
	return b.String(), nil
}
