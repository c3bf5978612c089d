package wire

// Leaf is the place of an item's sums: a hash of kind and key, from 0 to
// Nodes*Leaves-1. Every generation of a key has the same one. It is part of the
// protocol: FNV-1a of 64 bits over the kind, a zero byte and the key, its two
// halves folded, the lowest 14 bits.
func Leaf(kind, key string) int {
	h := uint64(fnvOffset)
	for i := 0; i < len(kind); i++ {
		h = (h ^ uint64(kind[i])) * fnvPrime
	}
	h *= fnvPrime // the zero byte
	for i := 0; i < len(key); i++ {
		h = (h ^ uint64(key[i])) * fnvPrime
	}
	return int((h ^ h>>32) % (Nodes * Leaves))
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)
