package storesync

import (
	"fmt"
	"strings"
	"time"

	"plait/shared/wire"
)

// Plan is what a Test found: what a sync would do, store by store. It stands for
// a day; Run names it by its digest.
type Plan struct {
	// Digest names this Test. State covers what would happen (the payload, each
	// receiver's own part and every item's outcome) and nothing else: two Tests of
	// an unchanged network have the same.
	Digest  string    `json:"digest"`
	State   string    `json:"state"`
	Network string    `json:"network"`
	Source  StoreName `json:"source"`
	Label   string    `json:"label"`
	By      string    `json:"by"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	// HubEpoch is the history of the hub in which the Test was made; it can be run in
	// that one alone.
	HubEpoch string `json:"hub_epoch"`

	Kinds    []PlanKind  `json:"kinds"` // in the order in which they are applied
	Items    int         `json:"items"` // of the common payload
	Payload  string      `json:"payload"`
	Size     int         `json:"size"` // of the payload, compressed
	Warnings []Warning   `json:"warnings,omitempty"`
	Stores   []StorePlan `json:"stores"` // by name

	Counts wire.Counts `json:"counts"` // of all receivers that can receive
	// Deletes is how many items would be deleted, retired or unlinked at all
	// receivers, and HeadOffice the store's name if it is among these: what an
	// operator types to confirm (Confirm). 0 and "" need none.
	Deletes    int    `json:"deletes"`
	HeadOffice string `json:"head_office,omitempty"`
	Resets     int    `json:"resets"` // values that stores chose and would lose; typed too
	// ApplyFrom is when its jobs are queued; zero means as soon as it is run.
	ApplyFrom time.Time `json:"apply_from,omitzero"`
	Request   Request   `json:"request"`
	// Transfers: it moves items from the source to its one receiver.
	Transfers bool `json:"transfers,omitempty"`
	// Reverts is the sync that is taken back; nil if the plan copies items.
	Reverts *Reverted `json:"reverts,omitempty"`
	// Policy is what it changes about the network; nil if nothing.
	Policy *PlanPolicy `json:"policy,omitempty"`
}

// StoreName is a store's id and name.
type StoreName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// PlanKind is one kind of a plan.
type PlanKind struct {
	Kind  string `json:"kind"`
	Title string `json:"title"`
	Items int    `json:"items"` // that the payload brings
	Added int    `json:"added"` // of these, by AddMissing
	Whole int    `json:"whole"` // how many the source has, if all of them are selected; else -1
	// SyncRev is the source's newest change of the kind that the sync brings, if it
	// brings all that the kind's usual source has; else -1. Continuous sync goes on
	// from there.
	SyncRev int64 `json:"sync_rev"`
	// Since says in words which changes are selected, if not all items are. After and
	// Upto are the source's sync_revs between which the sync brings every change;
	// Upto 0 says that it leaves some out.
	Since string `json:"since,omitempty"`
	After int64  `json:"after,omitempty"`
	Upto  int64  `json:"upto,omitempty"`
}

// StorePlan is what would happen at one receiver. Exceptions and deletions by
// name are in its StoreDetail.
type StorePlan struct {
	StoreName
	Role string `json:"role"`
	// Blocked says why the store cannot receive, and the way out; "" if it can. A
	// store that is blocked is left out of Run.
	Blocked    string      `json:"blocked,omitempty"`
	Warnings   []Warning   `json:"warnings,omitempty"`
	Counts     wire.Counts `json:"counts"`
	Exceptions int         `json:"exceptions"`
	Deletes    int         `json:"deletes"`
	Items      int         `json:"items"`              // of its job
	Payload    string      `json:"payload,omitempty"`  // in place of the plan's: it gets some items alone
	Brings     int         `json:"brings,omitempty"`   // items of that payload
	RetryOf    string      `json:"retry_of,omitempty"` // the job whose refused items these are
	Own        string      `json:"own,omitempty"`      // hash of its own part
	Undoes     string      `json:"undoes,omitempty"`   // of a revert: the job that is taken back
	Resets     bool        `json:"resets,omitempty"`   // the job deletes, or resets fields
	Loses      int         `json:"loses,omitempty"`    // values that the store chose and would lose, by "reset to source"
	Outcome    string      `json:"outcome,omitempty"`
	Detail     string      `json:"detail,omitempty"` // names its StoreDetail
}

// StoreDetail is a receiver's part of a Test item by item.
type StoreDetail struct {
	Store StoreName `json:"store"`
	Prediction
	// Deletes are the items that the source does not have, with what becomes of each.
	Deletes []Deletion `json:"deletes,omitempty"`
	// Resets are the values that the store chose and would lose, each with both.
	Resets []wire.Exception `json:"resets,omitempty"`
}

// Deletion is one item that would be deleted.
type Deletion struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	UID    string `json:"uid"`
	Name   string `json:"name"`
	Action string `json:"action"` // delete, retire, unlink or equal (nothing to do)
	Why    string `json:"why,omitempty"`
}

// Warning is something to look at before a sync is run.
type Warning struct {
	Code  string   `json:"code"`           // stable; a merge.Reason where it sums up exceptions
	Kind  string   `json:"kind,omitempty"` // that it is about
	Count int      `json:"count,omitempty"`
	Names []string `json:"names,omitempty"` // of items, at most five
	Text  string   `json:"text"`            // a sentence
	Mend  string   `json:"mend,omitempty"`  // what to do about it
}

// Codes of warnings that are no merge.Reason.
const (
	WarnSourceOld     = "source_old"         // the source has not uploaded within a day
	WarnUsualSource   = "not_usual_source"   // a kind usually comes from another store
	WarnFullUpload    = "full_upload_asked"  // a full upload waits
	WarnReconcile     = "copy_not_proven"    // copy and record must be compared
	WarnParkedItems   = "items_parked"       // items that the hub refused
	WarnOffline       = "offline"            // the store has not been heard of within a day
	WarnOpenJobs      = "jobs_open"          // the prediction knows nothing of them
	WarnTooLong       = "too_long"           // a text that the POS may cut or refuse
	WarnLockOut       = "lock_out"           // an empty list that let everyone in gets its first elements
	WarnCyclicKinds   = "cyclic_kinds"       // kinds that need each other
	WarnCyclicItems   = "cyclic_items"       // items that refer to each other in a circle
	WarnSameItem      = "same_item"          // several items of the source are marked as one
	WarnNotWhole      = "not_whole"          // a kind selected in part deletes nothing
	WarnGoneAtSource  = "gone_at_source"     // copies of what the source has deleted stay
	WarnHeadOfficeOut = "head_office_out"    // "all receivers" leaves head office out
	WarnAdded         = "added"              // by AddMissing
	WarnNotAtSource   = "dangling_reference" // a reference to what the source itself lacks
	WarnHeld          = "held"               // an older copy of the store's agent waits
	WarnLater         = "later"              // its jobs are queued at a later time
	WarnMoved         = "moved"              // the source has transferred it to another store already
	WarnStops         = "stops"              // a field that its policy stops syncing
	WarnGone          = "gone"               // what is named and the source does not have any more
)

// content is what of the payloads a receiver gets, and how many items that are.
func (p Plan) content(at StorePlan) (hash string, items int) {
	if at.Payload != "" {
		return at.Payload, at.Brings
	}
	return p.Payload, p.Items
}

// Sentence says in words what the sync would do: source, stores and counts.
func (p Plan) Sentence() string {
	if p.Reverts != nil {
		return p.revertSentence()
	}
	var kinds []string
	for _, k := range p.Kinds {
		if k.Items > 0 {
			kinds = append(kinds, strings.TrimSpace(fmt.Sprintf("%d %s %s", k.Items, k.Title, inBrackets(k.Since))))
		}
	}
	if p.Policy != nil {
		return "Change the policy of " + named(p.Request.Fields) + p.atStores("at")
	}
	return fmt.Sprintf("Copy %s from %s", strings.Join(kinds, ", "), quoted(p.Source.Name)) + p.atStores("to")
}

// atStores ends a sentence with the stores, and what happens at them.
func (p Plan) atStores(preposition string) string {
	var receive, blocked []string
	for _, s := range p.Stores {
		if s.Blocked == "" {
			receive = append(receive, s.Name)
		} else {
			blocked = append(blocked, s.Name)
		}
	}
	out := fmt.Sprintf(" %s %s (%s): %s.", preposition, count(len(receive), "store"), named(receive), inWords(p.Counts))
	if p.Resets > 0 {
		out += fmt.Sprintf(" %s that stores chose are reset to the source.", count(p.Resets, "value"))
	}
	if !p.ApplyFrom.IsZero() {
		out += " It is queued at " + p.ApplyFrom.Format(minute) + "."
	}
	if len(blocked) > 0 {
		out += fmt.Sprintf(" %s cannot receive now: %s.", count(len(blocked), "store"), named(blocked))
	}
	return out
}

// inWords lists the counts that are not zero.
func inWords(c wire.Counts) string {
	var out []string
	for _, part := range []struct {
		n    int
		word string
	}{
		{c.Created, "created"}, {c.Adopted, "linked to an item of the store's own"}, {c.Updated, "updated"}, {c.Equal, "equal already"},
		{c.Kept, "kept as the store has it"}, {c.Deleted, "deleted"}, {c.Retired, "deactivated"}, {c.Unlinked, "unlinked"},
		{c.Skipped, "left out"}, {c.Parked, "refused"},
	} {
		if part.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	if len(out) == 0 {
		return "nothing to do"
	}
	return strings.Join(out, ", ")
}

func addCounts(a *wire.Counts, b wire.Counts) {
	a.Created += b.Created
	a.Adopted += b.Adopted
	a.Updated += b.Updated
	a.Equal += b.Equal
	a.Kept += b.Kept
	a.Deleted += b.Deleted
	a.Retired += b.Retired
	a.Unlinked += b.Unlinked
	a.Skipped += b.Skipped
	a.Parked += b.Parked
}
