package wire

// BatchAck acknowledges a batch: what it says is durable at the hub.
type BatchAck struct {
	Number  int64     `json:"number"`
	Digest  string    `json:"digest"` // hex SHA-256 of the lines that were committed
	Refused []Refused `json:"refused,omitempty"`
}

// Refused is one entry that the hub could not take. It counts as ingested.
type Refused struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
	Why  string `json:"why"`
}
