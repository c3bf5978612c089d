package control

import (
	"time"

	"plait/agent/upload"
)

// The states of an agent, as Status.State names them.
const (
	Well        = "well"         // nothing waits, the last upload proved equality
	Working     = "working"      // an upload runs now
	Waiting     = "waiting"      // changes or jobs wait for the next upload
	Paused      = "paused"       // a technician took the triggers away
	Trouble     = "trouble"      // something is wrong; Sentence says what
	NotEnrolled = "not_enrolled" // no store yet
	NotRunning  = "not_running"  // the command looked into the data folder itself
)

// Status is whether all is well, what waits, and what comes next.
type Status struct {
	State    string    `json:"state"`
	Sentence string    `json:"sentence"`
	Version  string    `json:"version"`
	Now      time.Time `json:"now"` // by this PC's clock

	Hub       string `json:"hub,omitempty"`
	Network   string `json:"network,omitempty"`
	Store     string `json:"store,omitempty"`
	StoreName string `json:"store_name,omitempty"`
	Role      string `json:"role,omitempty"`

	Waiting Pending `json:"waiting"`
	Parked  int     `json:"parked"`
	// OpenJobs is how many jobs the hub held for this store when it last said so.
	OpenJobs int `json:"open_jobs"`

	POSTrouble  string       `json:"pos_trouble,omitempty"`
	PausedSince time.Time    `json:"paused_since,omitzero"`
	PausedKinds []PausedKind `json:"paused_kinds,omitempty"`
	// Unrepaired are items that drifted and that the POS refuses to have repaired.
	Unrepaired []Unrepaired `json:"unrepaired,omitempty"`
	// AfterApply is nil where no command is configured.
	AfterApply *AfterApply `json:"after_apply,omitempty"`

	Next       time.Time    `json:"next,omitzero"` // when the next upload runs
	NextReason string       `json:"next_reason,omitempty"`
	Current    *upload.Step `json:"current,omitempty"` // of the upload that runs now
	Last       *Last        `json:"last,omitempty"`

	Proven   time.Time `json:"proven,omitzero"`   // when hub and record were last proven equal
	Compared time.Time `json:"compared,omitzero"` // when record and POS were last compared whole
}

// Pending is what waits to go up.
type Pending struct {
	Total   int            `json:"total"`
	Kinds   map[string]int `json:"kinds,omitempty"`
	Results int            `json:"results"` // of jobs
	Dirty   int            `json:"dirty"`   // keys to be read from the POS again
	Oldest  float64        `json:"oldest_seconds"`
}

// PausedKind is a kind that the POS's schema does not fit at present.
type PausedKind struct {
	Kind string `json:"kind"`
	Why  string `json:"why"`
}

// AfterApply is what became of the command after applying.
type AfterApply struct {
	Owed    bool      `json:"owed,omitempty"` // something was written since it succeeded
	Ran     time.Time `json:"ran,omitzero"`
	Seconds float64   `json:"seconds,omitempty"`
	Error   string    `json:"error,omitempty"` // of the last run
}

// Unrepaired is one item whose locked fields this store could not set back.
type Unrepaired struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Last is the last conversation with the hub.
type Last struct {
	upload.Report
	Error string `json:"error,omitempty"`
}

// Queue is what waits, item by item where a person must act.
type Queue struct {
	Waiting  Pending      `json:"waiting"`
	OpenJobs int          `json:"open_jobs"`
	Parked   []ParkedItem `json:"parked"`
	More     int          `json:"more"` // parked items beyond the limit
}

// ParkedItem is one item that waits for a person.
type ParkedItem struct {
	Kind  string    `json:"kind"`
	Key   string    `json:"key"`
	Name  string    `json:"name,omitempty"`
	Cause string    `json:"cause"` // "hub": the hub refused it; "pos": the POS's row cannot be an item
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
}

// Finding is one check of doctor.
type Finding struct {
	OK      bool   `json:"ok"`
	Subject string `json:"subject"`
	Message string `json:"message"` // a sentence, with the mend if not OK
	Kind    string `json:"kind,omitempty"`
}

// Findings are all checks.
type Findings struct {
	OK       bool      `json:"ok"`
	Findings []Finding `json:"findings"`
}

// UploadAsk asks for a conversation now.
type UploadAsk struct {
	Full    bool   `json:"full,omitempty"`
	Release string `json:"release,omitempty"` // a technician's code for an agent that is held
}

// ItemAsk names an item.
type ItemAsk struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
}

// Line is one line of an upload's answer. The last has Report; Error says why it
// ended early, and Report what was done until then.
type Line struct {
	Step   *upload.Step   `json:"step,omitempty"`
	Report *upload.Report `json:"report,omitempty"`
	Error  string         `json:"error,omitempty"`
}

// Failure is the body of an answer that is not a success.
type Failure struct {
	Error string `json:"error"` // a sentence
}
