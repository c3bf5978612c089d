package wire

import (
	"errors"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Memory of one encoder or decoder: a window of 1 MiB finds nearly all that a
// batch repeats, and an agent's encoder stays small.
const zstdWindow = 1 << 20

// encoders keeps up to two for the next frames. A sync.Pool would lose them, with
// their megabytes of tables, at every other collection of garbage: during a large
// upload between any two batches.
var encoders = make(chan *zstd.Encoder, 2)

func takeEncoder() *zstd.Encoder {
	select {
	case enc := <-encoders:
		return enc
	default:
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true), zstd.WithSingleSegment(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return enc
}

func keepEncoder(enc *zstd.Encoder) {
	select {
	case encoders <- enc:
	default: // there are enough
	}
}

var decoders = sync.Pool{New: func() any {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxPayloadBytes), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return dec
}}

// Compress appends src as one zstd frame to dst. The frame states the length of
// its content.
func Compress(dst, src []byte) []byte {
	enc := takeEncoder()
	defer keepEncoder(enc)
	return enc.EncodeAll(src, slices.Grow(dst, len(src)/3)) // rows become a quarter
}

// Decompress returns the content of a frame that Compress made, in memory of its
// own. A frame that states no length, or a length over max, is refused before
// anything is allocated, and one that holds more than it states is refused when
// it does: a compression bomb costs at most max bytes. Errors are *Error with
// CodeTooLarge or CodeBadRequest.
func Decompress(src []byte, max int) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(src); err != nil {
		return nil, badRequest("cannot decompress: %v", err)
	}
	if !h.HasFCS || h.Skippable {
		return nil, badRequest("cannot decompress: the frame does not state the length of its content")
	}
	if h.FrameContentSize > uint64(max) || h.FrameContentSize > MaxPayloadBytes {
		return nil, tooLarge("it has %d bytes once decompressed, more than %d", h.FrameContentSize, min(max, MaxPayloadBytes))
	}
	dec := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(dec)
	out, err := dec.DecodeAll(src, make([]byte, 0, h.FrameContentSize))
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, tooLarge("it has more bytes once decompressed than its frame states (%d)", h.FrameContentSize)
	case err != nil:
		return nil, badRequest("cannot decompress: %v", err)
	case uint64(len(out)) != h.FrameContentSize:
		return nil, badRequest("cannot decompress: %d bytes came, where the frame states %d", len(out), h.FrameContentSize)
	}
	return out, nil
}
