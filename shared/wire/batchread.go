package wire

import (
	"bytes"
	"encoding/base64"
)

// ReadBatch reads a batch's lines and calls each for every entry, in order.
// Entry.Body is a part of lines, except for a blob's body, which is decoded and
// checked against its hash. What the bodies say is the caller's to check. A
// malformed batch is refused with an *Error that names the line; each has then
// seen the entries before it, so commit nothing until ReadBatch has returned nil.
// An error of each ends the reading and is returned as it is.
func ReadBatch(lines []byte, each func(Entry) error) (BatchHeader, error) {
	h, r, err := readBatchHeader(lines)
	if err != nil {
		return BatchHeader{}, err
	}
	return h, r.entries(false, each)
}

// ReadChunk is ReadBatch for a chunk of a full upload.
func ReadChunk(lines []byte, each func(Entry) error) (ChunkHeader, error) {
	r, first, err := openLines(lines, "plait-chunk 1 ")
	if err != nil {
		return ChunkHeader{}, err
	}
	words := bytes.Split(first, space)
	var h ChunkHeader
	var ok bool
	if len(words) == 2 {
		h.Upload = string(words[0])
		h.Number, ok = parseInt(words[1])
	}
	if !ok {
		return ChunkHeader{}, r.bad("the header needs an upload and a number")
	}
	if err := h.check(); err != nil {
		return ChunkHeader{}, err
	}
	return h, r.entries(true, each)
}

// ReadBatchHeader reads a batch's first line alone.
func ReadBatchHeader(lines []byte) (BatchHeader, error) {
	h, _, err := readBatchHeader(lines)
	return h, err
}

var space = []byte(" ")

func openLines(lines []byte, prefix string) (r *lineReader, first []byte, err error) {
	r = &lineReader{rest: lines}
	if len(lines) > MaxBatchBytes {
		return nil, nil, tooLarge("it has %d bytes, more than %d", len(lines), MaxBatchBytes)
	}
	if first, err = r.next(); err != nil {
		return nil, nil, err
	}
	rest, ok := bytes.CutPrefix(first, []byte(prefix))
	if !ok {
		return nil, nil, r.bad("%.40q, where %q is expected", first, prefix)
	}
	return r, rest, nil
}

func readBatchHeader(lines []byte) (h BatchHeader, r *lineReader, err error) {
	r, first, err := openLines(lines, "plait-batch 1 ")
	if err != nil {
		return h, nil, err
	}
	words := bytes.Split(first, space)
	if len(words) != 5 {
		return h, nil, r.bad("the header has %d words, not 7", len(words)+2)
	}
	number, ok1 := parseInt(words[1])
	seq, ok2 := parseInt(words[3])
	nonce, ok3 := parseSigned(words[4])
	if !ok1 || !ok2 || !ok3 {
		return h, nil, r.bad("a number of the header is not one")
	}
	h = BatchHeader{AgentEpoch: string(words[0]), Number: number, Mark: Mark{POSEpoch: string(words[2]), Seq: seq, Nonce: nonce}}
	if h.Mark.POSEpoch == noEpoch {
		h.Mark.POSEpoch = ""
	} else if h.Mark.POSEpoch == "" {
		return h, nil, r.bad("the pos epoch is missing")
	}
	return h, r, h.check()
}

// parseSigned is parseInt for nonces, which may be any 64-bit number but the
// lowest.
func parseSigned(b []byte) (int64, bool) {
	digits, negative := bytes.CutPrefix(b, []byte("-"))
	n, ok := parseInt(digits)
	if negative {
		return -n, ok && n != 0
	}
	return n, ok
}

func (r *lineReader) entries(chunk bool, each func(Entry) error) error {
	for n := 0; ; n++ {
		line, err := r.next()
		if err != nil {
			return err
		}
		if count, ok := bytes.CutPrefix(line, []byte("end ")); ok {
			return r.end(count, n)
		}
		if n == MaxBatchEntries {
			return tooLarge("it has more than %d entries", MaxBatchEntries)
		}
		e, err := r.entry(line, chunk)
		if err != nil {
			return err
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

func (r *lineReader) entry(line []byte, chunk bool) (Entry, error) {
	if len(line) < 2 || line[1] != ' ' {
		return Entry{}, r.bad("%.40q is no entry", line)
	}
	e := Entry{Op: line[0]}
	first, rest, ok := bytes.Cut(line[2:], space)
	if !ok || len(rest) == 0 && e.Op != EntryBody {
		return Entry{}, r.bad("entry %q has no body", e.Op)
	}
	switch {
	case e.Op == EntryBody:
		return r.body(first, rest)
	case e.Op != EntryPut && e.Op != EntryGone && (e.Op != EntryResult || chunk):
		return Entry{}, r.bad("unknown entry %q", e.Op)
	}
	e.Body = rest
	if e.Revision, ok = parseInt(first); !ok || e.Revision < 1 {
		return Entry{}, r.bad("revision %.20q", first)
	}
	return e, nil
}

func (r *lineReader) body(hash, text []byte) (Entry, error) {
	if base64.StdEncoding.DecodedLen(len(text)) > MaxBodyBytes+2 {
		return Entry{}, tooLarge("line %d: the body has more than %d bytes", r.line, MaxBodyBytes)
	}
	body, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	switch {
	case err != nil || bytes.IndexByte(text, '\r') >= 0:
		return Entry{}, r.bad("the body is not base64")
	case len(body) > MaxBodyBytes:
		return Entry{}, tooLarge("line %d: the body has more than %d bytes", r.line, MaxBodyBytes)
	case Sum(body) != string(hash):
		return Entry{}, r.bad("the body does not have the hash %.64q", hash)
	}
	return Entry{Op: EntryBody, Body: body, Hash: string(hash)}, nil
}
