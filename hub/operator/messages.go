package operator

import (
	"encoding/json"
	"time"

	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/wire"
)

// Network is the stores of one owner.
type Network struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Preset   string          `json:"preset"`   // flagship, mirror, overwrite
	Switches map[string]bool `json:"switches"` // price_sync, shared_number
	Stores   int             `json:"stores"`
	Catalog  string          `json:"catalog"` // digest
	Own      []string        `json:"own"`     // kinds that are the network's own, or its version of ours
	// Policies are those of fields that the network has settled itself: "kind.field" to
	// the policy.
	Policies map[string]item.Policy `json:"policies,omitempty"`
	Created  time.Time              `json:"created"`

	Continuous []Flow            `json:"continuous"` // kinds that are synced continuously, by name
	Usual      map[string]string `json:"usual"`      // kind to the name of the store it usually comes from, where that is not head office
	Adopt      bool              `json:"adopt"`      // a branch's own items may be linked by name or code
	// HeadOfficeOnly: no other store may be the source of a sync.
	HeadOfficeOnly bool `json:"head_office_only"`
	// Repair: stores undo drift by themselves, at once and without the hub.
	Repair bool `json:"repair"`
}

// Flow is a kind that is synced continuously.
type Flow struct {
	Kind   string `json:"kind"`
	Source string `json:"source"` // name of the store; "" if there is none now
}

// NewNetwork asks for a network.
type NewNetwork struct {
	Name string `json:"name"`
	// Preset names what the network starts with: whose fields are, which store may be
	// a source, and whether a branch's own items are linked. "" is flagship.
	Preset   string          `json:"preset,omitempty"`
	Switches map[string]bool `json:"switches,omitempty"`
	// Overlay holds the network's own kinds, in the form of catalog.Encode; they
	// take the place of shipped ones with the same name.
	Overlay json.RawMessage `json:"overlay,omitempty"`
}

// SetNetwork changes a network. What is absent stays as it is.
type SetNetwork struct {
	// Preset takes the place of the one before, with all that it settles. What stores
	// hold changes with the next sync.
	Preset   string          `json:"preset,omitempty"`
	Switches map[string]bool `json:"switches,omitempty"`
	Overlay  json.RawMessage `json:"overlay,omitempty"` // {"kinds":[]} takes the network's own kinds away

	Continuous *[]string         `json:"continuous,omitempty"` // in place of those before
	Usual      map[string]string `json:"usual,omitempty"`      // kind to a store's id or name; "" for head office
	Adopt      *bool             `json:"adopt,omitempty"`

	HeadOfficeOnly *bool `json:"head_office_only,omitempty"`
	Repair         *bool `json:"repair,omitempty"`
}

// ChangePolicy changes whose fields are. What is absent stays as it is.
type ChangePolicy struct {
	// Policies are of fields, written "kind.field", and of columns, written
	// "kind.field.column": locked, unlocked, additive, never, or default, as the preset
	// has it.
	Policies map[string]string `json:"policies,omitempty"`
	Preset   string            `json:"preset,omitempty"`
	Switches map[string]bool   `json:"switches,omitempty"`
	Overlay  json.RawMessage   `json:"overlay,omitempty"` // as SetNetwork has it
	// Stops is in how many items a field stops being synced (PolicyTest.Stopped), as
	// whoever sets policies by SetPolicy knows and says.
	Stops int `json:"stops,omitempty"`
}

// Store is one salon in a list.
type Store struct {
	ID       string    `json:"id"`
	Network  string    `json:"network"` // name
	Name     string    `json:"name"`
	Role     string    `json:"role"`   // head_office, branch, single
	Switch   string    `json:"switch"` // on, draining, off
	Labels   []string  `json:"labels,omitempty"`
	State    string    `json:"state"` // one of the States
	Host     string    `json:"host,omitempty"`
	Version  string    `json:"version,omitempty"` // of the agent
	Contact  time.Time `json:"contact,omitzero"`  // the last
	Due      time.Time `json:"due,omitzero"`      // the next
	OpenJobs int       `json:"open_jobs"`
	EqualAt  time.Time `json:"equal_at,omitzero"` // copy and record were last proven equal
	Parked   int       `json:"parked"`            // items that wait for a person
}

// States of a store, as a word for people.
const (
	StateNew      = "new"      // no PC was enrolled yet
	StateEnrolled = "enrolled" // one was, and has not come yet
	StateOK       = "ok"       // comes when it says
	StateOverdue  = "overdue"  // missed its announced contact
	StateHeld     = "held"     // an older copy of its agent waits to be let in
	StateRevoked  = "revoked"  // its credential was taken away
)

// StoreDetail is all that the hub knows of how a store stands.
type StoreDetail struct {
	Store
	Created      time.Time  `json:"created"`
	Installation string     `json:"installation,omitempty"`
	Revoked      time.Time  `json:"revoked,omitzero"`
	POS          string     `json:"pos,omitempty"`         // engine and version
	POSTrouble   string     `json:"pos_trouble,omitempty"` // a sentence of the agent's
	Reason       string     `json:"reason,omitempty"`      // of the last contact
	Bye          time.Time  `json:"bye,omitzero"`          // the last conversation that ended well
	Reconcile    string     `json:"reconcile,omitempty"`   // why copy and record must be compared
	Compared     time.Time  `json:"compared,omitzero"`     // the record's last proof against the POS
	Kinds        []KindHeld `json:"kinds"`
	Drift        int        `json:"drift"` // linked items to which the store did what it may not do
	Held         *Held      `json:"held,omitempty"`
	Full         *Full      `json:"full,omitempty"`
	Queue        []Job      `json:"queue"` // open jobs, in order
	// Coming is what comes to the store by continuous sync, and how that stands.
	Coming []storesync.Coming `json:"coming,omitempty"`
}

// KindHeld is how many items of a kind the hub's copy holds.
type KindHeld struct {
	Kind  string `json:"kind"`
	Items int64  `json:"items"`
}

// Held is an older copy of the store's agent that waits to be let in.
type Held struct {
	Installation string    `json:"installation"`
	Since        time.Time `json:"since"`
	Last         time.Time `json:"last"`
	Until        time.Time `json:"until"` // let in after that, unless the newer copy comes
}

// Full is a full upload that a person asked for and that has not landed yet.
type Full struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Staged int64     `json:"staged,omitempty"` // rows that arrived so far
}

// NewStore asks for a store.
type NewStore struct {
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Labels []string `json:"labels,omitempty"`
}

// SetStore changes what a store is called and how it is labelled. What is absent
// stays as it is.
type SetStore struct {
	Name   string    `json:"name,omitempty"`
	Labels *[]string `json:"labels,omitempty"` // in place of those that it has; an empty list takes all away
}

// SaveSync keeps a sync's options under a name.
type SaveSync struct {
	storesync.Saved
	Replace bool `json:"replace,omitempty"` // what is kept under that name
}

// Enrolment is a code that a technician types at the store's PC. It is shown
// once.
type Enrolment struct {
	Store   Store     `json:"store"`
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

// Ways in which a switch that is turned off leaves no open jobs.
const (
	JobsDeliver = "deliver" // they are delivered first
	JobsCancel  = "cancel"  // they are cancelled, by the one who switches
)

// SwitchStore turns a store's sync switch.
type SwitchStore struct {
	To string `json:"to"` // on or off
	// Jobs says what becomes of open jobs when it is turned off: JobsDeliver,
	// JobsCancel; "" fails if there are any, and names them.
	Jobs string `json:"jobs,omitempty"`
}

// Switched is a store whose switch was turned.
type Switched struct {
	Store
	// Misses is what a store that is off does not get.
	Misses []storesync.Miss `json:"misses,omitempty"`
	// Tests are of what a store may have missed while it was off, one for each source.
	// No continuous sync runs to it before they are carried out, or declined.
	Tests    []storesync.Plan `json:"tests,omitempty"`
	Untested string           `json:"untested,omitempty"` // why there is none, though something comes to it
}

// LinkStore gives a store its part in the network.
type LinkStore struct {
	Role string `json:"role"` // head_office, branch, single
}

// RevokeStore takes a store's credential away.
type RevokeStore struct {
	// Jobs must be the number of jobs that this cancels: a person has seen it.
	Jobs int `json:"jobs"`
}

// Revoked says what became of it.
type Revoked struct {
	Store     Store `json:"store"`
	Cancelled []Job `json:"cancelled"`
}

// Release is a technician's code that lets a held copy in.
type Release struct {
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

// AskUpload asks for an upload at the store's next contact.
type AskUpload struct {
	Full bool `json:"full"`
}

// AskedUpload says when it is to be expected.
type AskedUpload struct {
	Store    Store           `json:"store"`
	Full     bool            `json:"full"`
	Due      time.Time       `json:"due,omitzero"`
	Blocking []wire.Blocking `json:"blocking,omitempty"` // jobs that go first
	Says     string          `json:"says"`               // a sentence
}

// Job is one entry of a store's queue.
type Job struct {
	ID      string    `json:"id"`
	Store   string    `json:"store"` // id
	Name    string    `json:"name"`  // of the store
	Number  int64     `json:"number"`
	Sort    string    `json:"sort"`
	Label   string    `json:"label"`
	Cause   string    `json:"cause,omitempty"`
	State   string    `json:"state"`
	Open    bool      `json:"open"`
	Items   int       `json:"items"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	Begun   time.Time `json:"begun,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	EndedBy string    `json:"ended_by,omitempty"`
	Why     string    `json:"why,omitempty"`
}

// JobDetail is a job with what it did.
type JobDetail struct {
	Job
	Results []Result `json:"results"`
}

// Result is what a job did in one history of the store's POS database.
type Result struct {
	At         time.Time        `json:"at"`
	Done       bool             `json:"done"`
	Counts     wire.Counts      `json:"counts"`
	Exceptions []wire.Exception `json:"exceptions,omitempty"`
	More       int              `json:"more,omitempty"` // exceptions that are not listed
}

// Entry is one act in the audit log.
type Entry struct {
	N       int64           `json:"n"`
	At      time.Time       `json:"at"`
	Network string          `json:"network,omitempty"` // id
	Who     string          `json:"who"`
	What    string          `json:"what"`
	Stores  []string        `json:"stores,omitempty"` // ids
	Names   []string        `json:"names,omitempty"`  // of the first few of them
	Detail  json.RawMessage `json:"detail,omitempty"`
}

// Token is somebody's access.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	Network string    `json:"network,omitempty"` // name; "" for the whole hub
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
	Used    time.Time `json:"used,omitzero"`
}

// NewToken asks for a token.
type NewToken struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Network string `json:"network,omitempty"` // id or name; "" for the whole hub
	Days    int    `json:"days,omitempty"`    // how long it is good for; 0: until it is revoked
}

// MadeToken shows a token's secret, once.
type MadeToken struct {
	Token
	Secret string `json:"secret"`
}

// Health says how the hub is.
type Health struct {
	Version  string         `json:"version"`
	Time     time.Time      `json:"time"`
	Started  time.Time      `json:"started"`
	Epoch    string         `json:"epoch"`
	Networks int            `json:"networks"`
	Stores   map[string]int `json:"stores"` // by state
	OpenJobs int            `json:"open_jobs"`
	Notices  []string       `json:"notices,omitempty"` // sentences for a person to act on
}
