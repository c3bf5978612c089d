package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Batches, chunks and payloads are lines: a first line that names the form and
// its version, the content, and "end <number>". Each line ends with "\n", and
// none is empty.

// lineReader cuts lines without copying them and counts them for messages.
type lineReader struct {
	rest []byte
	line int // of the line read last, from 1
}

// next returns the next line without its line break.
func (r *lineReader) next() ([]byte, error) {
	r.line++
	i := bytes.IndexByte(r.rest, '\n')
	if i < 0 {
		return nil, r.bad("it is cut short")
	}
	line := r.rest[:i]
	r.rest = r.rest[i+1:]
	return line, nil
}

func (r *lineReader) bad(format string, args ...any) *Error {
	return badRequest("line "+strconv.Itoa(r.line)+": "+format, args...)
}

// end reads what follows "end ": the count of what came before, and nothing more.
func (r *lineReader) end(count []byte, have int) error {
	n, ok := parseInt(count)
	switch {
	case !ok:
		return r.bad("a count is needed after \"end\", not %.20q", count)
	case n != int64(have):
		return r.bad("the end counts %d, but %d came", n, have)
	case len(r.rest) > 0:
		return r.bad("more follows after the end")
	default:
		return nil
	}
}

// parseInt reads a number ≥ 0 with its one spelling.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 19 || (b[0] == '0' && len(b) > 1) {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n >= 0 // 19 digits may pass 2^63
}

// noEpoch stands for an epoch that there is none of yet in a header line.
const noEpoch = "-"

// isToken reports whether s can stand in a header line: an id without spaces.
func isToken(s string) bool {
	if s == "" || s == noEpoch || len(s) > MaxNameBytes {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && strings.IndexByte("-_.:", c) < 0 {
			return false
		}
	}
	return true
}

// Sum returns the SHA-256 of b in lower-case hexadecimal: the name of a payload
// or body, the digest of a batch's lines.
func Sum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
