package upload

import (
	"time"

	"plait/shared/wire"
)

// Phases of a conversation, as Step names them.
const (
	PhaseCapture = "capture"
	PhaseCompare = "compare"
	PhaseHello   = "hello"
	PhaseUpload  = "upload"
	PhaseJobs    = "jobs"
	PhaseFull    = "full"
	PhaseDone    = "done"
)

// Step is what a technician sees while a conversation runs. Rows up are items of
// this store, rows down are items of jobs.
type Step struct {
	Phase        string `json:"phase"`
	Text         string `json:"text"` // a sentence
	Kind         string `json:"kind,omitempty"`
	RowsUp       int64  `json:"rows_up"`
	RowsUpLeft   int64  `json:"rows_up_left"`
	RowsDown     int64  `json:"rows_down"`
	RowsDownLeft int64  `json:"rows_down_left"`
}

// Report is what a conversation did.
type Report struct {
	Reason      string      `json:"reason"`
	Started     time.Time   `json:"started"`
	Ended       time.Time   `json:"ended"`
	Store       string      `json:"store"`
	RowsUp      int64       `json:"rows_up"`
	Batches     int         `json:"batches"`
	JobsApplied int         `json:"jobs_applied"`
	ItemsDown   int64       `json:"items_down"`
	Parked      int         `json:"parked"` // items of jobs that the POS refused
	OpenJobs    int         `json:"open_jobs"`
	Repaired    int         `json:"repaired,omitempty"`   // items whose drift this store undid, now told to the hub
	Unrepaired  int         `json:"unrepaired,omitempty"` // and those that its POS refused
	Equal       bool        `json:"equal"`
	Differ      []string    `json:"differ,omitempty"`
	Full        *FullReport `json:"full,omitempty"`
	Notes       []string    `json:"notes,omitempty"` // sentences: what waits, and why
}

// FullReport is what became of a full upload.
type FullReport struct {
	Landed  bool  `json:"landed"`
	Rows    int64 `json:"rows"`    // live rows of the copy
	Sent    int64 `json:"sent"`    // rows that differed and were sent
	Changed int64 `json:"changed"` // rows that the landing changed
	Bytes   int64 `json:"bytes"`   // compressed bytes of the chunks
	// Refusals are the times that the hub refused it, with the jobs in the way.
	Refusals []Refusal `json:"refusals,omitempty"`
}

// Refusal is one refusal of a full upload.
type Refusal struct {
	At       string          `json:"at"` // "begin" or "end"
	Blocking []wire.Blocking `json:"blocking"`
}
