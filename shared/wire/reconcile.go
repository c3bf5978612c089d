package wire

// Items of a kind are spread by a hash of (kind, key) over Nodes coarse nodes of
// Leaves leaves each: of 100,000 items with 100 changed, two rounds of sums and
// one of keys find them in about 50 KB.
const (
	Nodes  = 512
	Leaves = 32
)

// Sums asks which nodes or leaves differ. With Node nil it lists the sums of all
// Nodes of a kind; otherwise the sums of the Leaves of each node named.
type Sums struct {
	Upload string   `json:"upload,omitempty"` // a full upload's id, if it is for one
	Kind   string   `json:"kind"`
	Node   []int    `json:"node,omitempty"`
	Sum    []string `json:"sum"` // hex, 64 bits each; "" for empty; in order
}

// SumsAnswer lists the places in Sums.Sum that differ, rising.
type SumsAnswer struct {
	Differ []int `json:"differ"`
}

// Keys lists every live item of some leaves of a kind. A leaf is node*Leaves+leaf.
type Keys struct {
	Upload string    `json:"upload,omitempty"`
	Kind   string    `json:"kind"`
	Leaf   []int     `json:"leaf"`
	Items  []KeyHash `json:"items"`
}

// KeyHash is one item's identity and digest.
type KeyHash struct {
	Key    string `json:"k"`
	Gen    int64  `json:"g"`
	Digest string `json:"d"` // first 64 bits of item.Digest, hex
}

// KeysAnswer says which items differ: Want are places in Keys.Items that the hub
// lacks or holds otherwise; Extra are items that only the hub holds.
type KeysAnswer struct {
	Want  []int     `json:"want"`
	Extra []KeyHash `json:"extra"`
}
