package wire

// FullBegin starts a full upload, or goes on with one that was staged.
type FullBegin struct {
	Upload   string      `json:"upload"` // chosen by the agent and kept until it landed
	Request  string      `json:"request,omitempty"`
	Revision int64       `json:"revision"` // the record's revision R that is sent
	Rows     int64       `json:"rows"`     // live rows in the record
	Receipt  ReceiptHead `json:"receipt"`
}

// FullState answers each step of a full upload.
type FullState struct {
	Upload string `json:"upload"`
	State  string `json:"state"`  // "staging", "landed", "refused"
	Staged int64  `json:"staged"` // rows held in staging
	Chunk  int64  `json:"chunk"`  // the last chunk held; the next is one more
	// Blocking names the jobs in the way when refused.
	Blocking []Blocking `json:"blocking,omitempty"`
	Rows     int64      `json:"rows"`    // live rows of the copy once landed
	Changed  int64      `json:"changed"` // rows that the landing changed
}

// Blocking is a job that refuses a full upload, with its ways out.
type Blocking struct {
	Job    string   `json:"job"`
	Number int64    `json:"number"`
	Label  string   `json:"label"`
	State  string   `json:"state"`
	Items  int      `json:"items"`
	Age    int64    `json:"age"`  // seconds since it was queued
	Ways   []string `json:"ways"` // sentences
}

// FullCommit asks to swap the staged snapshot in.
type FullCommit struct {
	Upload string `json:"upload"`
	Chunks int64  `json:"chunks"`
	// Kinds are the sums of the record as of Revision, checked against copy plus
	// staging before the swap.
	Kinds []KindSum `json:"kinds"`
	// Mark is capture's mark of the record that is sent; the hub keeps it with the
	// swap, like a batch's.
	Mark Mark `json:"mark"`
}
