package storesync

import (
	"bytes"
	"testing"

	"plait/shared/wire"
)

// TestPayloadIsDeterministic: the same state gives the same bytes, whatever the
// order in which maps are walked.
func TestPayloadIsDeterministic(t *testing.T) {
	for seed := range uint64(30) {
		var first []byte
		for range 3 {
			payload, _, _, _ := newWorld(seed).cut(t)
			lines, _, err := wire.EncodePayload(payload)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = lines
			} else if !bytes.Equal(first, lines) {
				t.Fatalf("seed %d: the same state gives other bytes", seed)
			}
		}
	}
}
