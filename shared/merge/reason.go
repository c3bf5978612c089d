package merge

// Action is what a job does to one item.
type Action string

// The actions.
const (
	Create Action = "create"
	Adopt  Action = "adopt" // link an item that the branch already had, then merge
	Update Action = "update"
	Equal  Action = "equal" // nothing to write, nothing kept
	Keep   Action = "keep"  // nothing to write, but a field of the branch's is kept
	Delete Action = "delete"
	Retire Action = "retire" // deactivate: other items refer to it
	Unlink Action = "unlink" // leave the item, forget its link
	Skip   Action = "skip"
	Park   Action = "park" // not applied, kept by name and cause
)

// Reason is a stable code for why a field or item ended as it did.
type Reason string

// Reasons of fields.
const (
	Created         Reason = "created"          // written with the new item
	FollowsSource   Reason = "follows_source"   // locked, or unlocked and unchanged here
	OverwroteDrift  Reason = "overwrote_drift"  // a locked field that was changed here
	OverwroteOwn    Reason = "overwrote_own"    // a value of the store's own, which a switch of the network locks
	OwnGoes         Reason = "own_goes"         // with an element of rows that the source took away, a value of the store's own
	WasReset        Reason = "was_reset"        // the operator chose "reset to source"
	SameValue       Reason = "same_value"       // nothing to do
	KeptFirstSync   Reason = "kept_first_sync"  // unlocked, never synced before
	KeptBranch      Reason = "kept_branch"      // unlocked, changed here since the last sync
	NewerHere       Reason = "newer_here"       // a newer value from the same source is here already
	FieldNotMapped  Reason = "field_not_mapped" // this POS has no such field, or does not write it
	MissingPart     Reason = "missing_part"     // elements left out: their reference is missing
	ReferenceAbsent Reason = "reference_absent" // unlocked reference that the store lacks: left as it is
	Reverted        Reason = "reverted"         // set back to what it was before a sync
	RevertStands    Reason = "revert_stands"    // a revert took back what the source still sends
	ChangedSince    Reason = "changed_since"    // not set back: it no longer holds what the sync wrote
	NoSourcePrice   Reason = "no_source_price"  // prices are copied, and the source has no active one
	NoPriceHere     Reason = "no_price_here"    // prices are copied, and this is none: the store's are in rows
	WithPrice       Reason = "with_price"       // left as it is with the price that it belongs to
	LeftOut         Reason = "left_out"         // an option of the sync leaves the field alone
	Unrestricted    Reason = "unrestricted"     // created without it, by an option of the sync
)

// Reasons of items.
const (
	KindNotMapped   Reason = "kind_not_mapped"
	KindPaused      Reason = "kind_paused"
	Ambiguous       Reason = "ambiguous"
	CodesDiffer     Reason = "codes_differ"
	LinkedElsewhere Reason = "linked_elsewhere"
	NotAdopted      Reason = "not_adopted"
	OnlyNewItems    Reason = "only_new"
	NotLinked       Reason = "not_linked" // this sync changes what is linked already
	MissingRef      Reason = "missing_reference"
	RequiredMissing Reason = "required_missing"
	NotFound        Reason = "not_found"
	Referred        Reason = "referred"
	CannotDelete    Reason = "cannot_delete"
	WasAdopted      Reason = "was_adopted"
	SameNameElse    Reason = "same_name_elsewhere"
	POSRefused      Reason = "pos_refused" // set by the one who applies
	Restored        Reason = "restored"    // a deleted item comes back
	ThereAlready    Reason = "there_already"
	NoBeforeImage   Reason = "no_before_image" // the job changed more than a result can hold
)
