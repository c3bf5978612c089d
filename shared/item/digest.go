package item

import (
	"crypto/sha256"
	"encoding/hex"
)

// Digest is the first 128 bits of the SHA-256 of an item's canonical form: what
// record and hub compare. It guards against faults, not against forgers, who
// would need a store's credential in any case.
type Digest [16]byte

// DigestOf returns the digest of an item's canonical bytes.
func DigestOf(canonical []byte) Digest {
	sum := sha256.Sum256(canonical)
	return Digest(sum[:16])
}

// String returns the digest in lower-case hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Xor folds e into d. The sum of a set of items is the XOR of their digests:
// independent of order, and kept as items come and go, since each digest covers
// the item's own identity and so stands in a set once.
func (d Digest) Xor(e Digest) Digest {
	for i := range d {
		d[i] ^= e[i]
	}
	return d
}

// ShortDigest is the first 64 bits, in hexadecimal, of the SHA-256 of a value's
// canonical form; "" is the digest of an absent value.
type ShortDigest string

// ShortDigestOf returns the short digest of a value.
func ShortDigestOf(v Value) ShortDigest {
	if v.IsAbsent() {
		return ""
	}
	return shortDigest(sha256Of(v))
}

func shortDigest(sum [sha256.Size]byte) ShortDigest {
	var short [16]byte
	hex.Encode(short[:], sum[:8])
	return ShortDigest(short[:])
}

// ShortDigestOfFields returns the short digest of a list of fields.
func ShortDigestOfFields(f Fields) ShortDigest {
	var form [1024]byte // most lists fit
	sum := sha256.Sum256(AppendFields(form[:0], f))
	return shortDigest(sum)
}

func sha256Of(v Value) [sha256.Size]byte {
	if v.typ == TypeRows {
		return sha256.Sum256(appendRows(nil, v.rows))
	}
	var form [128]byte // most values fit
	return sha256.Sum256(appendScalar(form[:0], &v))
}
