package storesync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"plait/hub/store"
	"plait/shared/wire"
)

// A Test is kept as a tree of pieces in the store's plans, all of which expire
// together: the Plan under its digest; for each receiver its StoreDetail under
// the SHA-256 of its bytes; the payload and the receivers' own parts under the
// hashes by which jobs name them. Run copies the contents to where jobs keep
// theirs.

// stored is one piece.
type stored struct {
	digest string
	body   []byte // zstd
}

// storedJSON is a piece named by its own bytes.
func storedJSON(v any) (stored, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return stored{}, fmt.Errorf("cannot keep a part of the Test: %w", err)
	}
	sum := sha256.Sum256(b)
	return stored{hex.EncodeToString(sum[:]), wire.Compress(nil, b)}, nil
}

// maxStored bounds what a piece may have before compression.
const maxStored = wire.MaxPayloadBytes

// readStored reads a piece, and returns the bytes in which it is kept.
func readStored(v *store.View, network, digest string, into any) (body []byte, err error) {
	p, err := v.Plan(network, digest)
	if err != nil {
		return nil, err
	}
	b, err := wire.Decompress(p.Body, maxStored)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read a part of the Test: %w", err)
	}
	return p.Body, nil
}
