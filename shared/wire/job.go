package wire

// NextAsk asks for the first open job.
type NextAsk struct {
	Receipt ReceiptHead `json:"receipt"`
}

// Job is what an agent needs to carry out a job.
type Job struct {
	ID       string `json:"id"` // UUID
	HubEpoch string `json:"hub_epoch"`
	Number   int64  `json:"number"` // orders jobs of one hub epoch
	Sort     string `json:"sort"`   // "sync", "retry", "revert", "repair"
	Label    string `json:"label"`  // what an operator called it
	State    string `json:"state"`
	Payload  string `json:"payload"`       // content hash, hex SHA-256
	Own      string `json:"own,omitempty"` // content hash of the receiver's own part
	Items    int    `json:"items"`
	Size     int64  `json:"size"` // of the payload, compressed
}

// NextAnswer holds the first open job, or nothing.
type NextAnswer struct {
	Job  *Job `json:"job,omitempty"`
	Open int  `json:"open"` // open jobs, this one included
}

// Begin asks to start applying a job.
type Begin struct {
	Job     string      `json:"job"`
	Receipt ReceiptHead `json:"receipt"`
}

// BeginAnswer says whether to apply. State is "begun", "cancel_requested" (finish
// what the receipt holds, begin nothing) or "cancelled".
type BeginAnswer struct {
	State string `json:"state"`
}

// Result is a job's outcome as the branch's receipt recorded it. It travels as an
// entry of a batch and is rebuilt from the receipt if agent.db is lost.
type Result struct {
	Job      string `json:"job"`
	HubEpoch string `json:"hub_epoch"`
	Number   int64  `json:"number"`
	Order    int64  `json:"order"` // of its receipt in the POS database
	Done     bool   `json:"done"`  // false: cancelled after a part was applied
	Counts   Counts `json:"counts"`
	// Exceptions name every item that did not simply follow: parked, adopted, kept
	// fields, warnings; at most MaxExceptions, More counts the rest.
	Exceptions []Exception `json:"exceptions,omitempty"`
	More       int         `json:"more,omitempty"`
	// Before holds before-images (ReadImages), compressed.
	Before []byte `json:"before,omitempty"`
	// POSEpoch is the history of the POS database in which the job was applied.
	POSEpoch string `json:"pos_epoch"`
}

// Counts are the items of a job by what became of them.
type Counts struct {
	Created  int `json:"created"`
	Adopted  int `json:"adopted"`
	Updated  int `json:"updated"`
	Equal    int `json:"equal"` // nothing to do
	Kept     int `json:"kept"`  // nothing written, some field of the branch's kept
	Deleted  int `json:"deleted"`
	Retired  int `json:"retired"`
	Unlinked int `json:"unlinked"`
	Skipped  int `json:"skipped"` // by an option of the sync, or a kind that is not mapped
	Parked   int `json:"parked"`
}

// Exception is one item, or one field of it, that a person may want to know of.
type Exception struct {
	N      int    `json:"n"` // place in the payload, then in Own.Items; -1: of the job as a whole
	Kind   string `json:"kind"`
	UID    string `json:"uid"`
	Key    string `json:"key,omitempty"` // at the branch, where known
	Name   string `json:"name"`
	Action string `json:"action"` // merge.Action
	Field  string `json:"field,omitempty"`
	Code   string `json:"code"` // merge.Reason
	Why    string `json:"why"`  // a sentence
}
