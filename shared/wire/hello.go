package wire

// Hello opens a conversation.
type Hello struct {
	Protocol      int    `json:"protocol"`
	CanonicalForm int    `json:"canonical_form"`
	Version       string `json:"version"` // of the program, for people
	Installation  string `json:"installation"`
	AgentEpoch    string `json:"agent_epoch"`
	POSEpoch      string `json:"pos_epoch"` // "" if the POS cannot be read or has no Plait tables yet
	HubEpoch      string `json:"hub_epoch"` // the last that the agent saw; "" at first
	Chain         Chain  `json:"chain"`
	// Conversation is chosen anew for each Hello and stored nowhere at the agent.
	// The newest one that the hub let in is the store's only conversation: two PCs
	// that share an image share the chain, but not this.
	Conversation string `json:"conversation"`
	Release      string `json:"release,omitempty"` // a technician's code that lets a held agent in

	Mapping string `json:"mapping"` // digest of the mapping, "" if not loaded
	Profile string `json:"profile"` // digest of the profile
	Catalog string `json:"catalog"` // digest of the catalogue held, "" if none

	Frozen  BatchMark   `json:"frozen"`  // the batch in flight; zero if none
	Acked   BatchMark   `json:"acked"`   // the last acknowledged
	Receipt ReceiptHead `json:"receipt"` // read from the POS database now
	// Receipts are the finished jobs in the POS database, the newest first, where the
	// last Welcome wanted them; nil otherwise. After restores of both sides the head
	// alone does not tell which jobs this history of the POS holds.
	Receipts *Receipts `json:"receipts,omitempty"`
	Mark     Mark      `json:"mark"` // the newest captured change

	Reason string `json:"reason"` // "schedule", "technician", "operator", "retry", "start"
	// NextDue is when the agent will come again, in seconds from now: what "due
	// contact" means for an older chain that waits.
	NextDue int64 `json:"next_due"`
	// POSTrouble says in a sentence why the POS cannot be read or a kind is paused.
	POSTrouble string `json:"pos_trouble,omitempty"`
}

// Chain is the place of a conversation in its agent's history (decision 17).
type Chain struct {
	Counter  int64  `json:"counter"`
	Previous string `json:"previous"`
	Next     string `json:"next"`
}

// BatchMark names a batch by number and digest.
type BatchMark struct {
	Number int64  `json:"number"`
	Digest string `json:"digest"` // hex SHA-256
}

// Mark is the newest row of the POS's change table that there was when what goes
// with it was read (decision 16).
type Mark struct {
	POSEpoch string `json:"pos_epoch"`
	Seq      int64  `json:"seq"`
	Nonce    int64  `json:"nonce"`
}

// ReceiptHead is the newest receipt in the POS database, ordered by (hub epoch's
// order, number) as the hub counts them. One that is known and names no job says
// that no job was applied in this history of the database.
type ReceiptHead struct {
	Known    bool   `json:"known"`            // false: the POS cannot be read now
	Absent   bool   `json:"absent,omitempty"` // the POS has none of Plait's tables: new, or they were lost
	Job      string `json:"job,omitempty"`
	HubEpoch string `json:"hub_epoch,omitempty"`
	Number   int64  `json:"number,omitempty"`
	NextItem int    `json:"next_item,omitempty"`
	Done     bool   `json:"done,omitempty"`
	// Order is the receipt's place in the POS database, from 1. What was applied
	// before what is told by it alone: after a restore of the hub, a job with a lower
	// number may be applied later.
	Order int64 `json:"order,omitempty"`
}

// Receipts list finished jobs, at most MaxReceipts; More says that there are older
// ones.
type Receipts struct {
	Jobs []ReceiptRef `json:"jobs"`
	More bool         `json:"more,omitempty"`
}

// ReceiptRef is one finished job and its receipt's place in the POS database.
type ReceiptRef struct {
	Job   string `json:"job"`
	Order int64  `json:"order"`
}

// Welcome answers a Hello that was let in.
type Welcome struct {
	HubEpoch  string `json:"hub_epoch"`
	Network   string `json:"network"`
	Store     string `json:"store"` // id
	StoreName string `json:"store_name"`
	Role      string `json:"role"`    // "head_office", "branch", "single"
	Switch    string `json:"switch"`  // "on", "draining", "off"
	Catalog   string `json:"catalog"` // digest of the network's catalogue
	Time      int64  `json:"time"`    // hub's clock, Unix seconds, to tell a wrong PC clock

	Batch BatchMark `json:"batch"` // the last that the hub holds of this agent epoch
	Mark  Mark      `json:"mark"`  // the capture mark of that batch, whatever the epoch

	WantProfile bool `json:"want_profile,omitempty"`
	// WantReceipts: say hello again with Receipts, before any job is asked for.
	WantReceipts bool `json:"want_receipts,omitempty"`
	// NewAgentEpoch: this copy of agent.db is older than what the hub has seen, or
	// was released from being held: start a new agent epoch and say hello again.
	NewAgentEpoch bool `json:"new_agent_epoch,omitempty"`
	// RestoreLinks: the hub holds links for this store that the POS has lost.
	RestoreLinks bool `json:"restore_links,omitempty"`
	// Reconcile: compare digests before anything else counts as equal.
	Reconcile string `json:"reconcile,omitempty"` // the cause, in a sentence; "" if not needed
	// FullUpload: an operator asked for a full upload at this contact.
	FullUpload string `json:"full_upload,omitempty"` // the request's id
	OpenJobs   int    `json:"open_jobs"`
	// Repair are the kinds of which the store undoes drift by itself, at once and
	// without the hub. One that is written KIND.FIELD is a field of such a kind that a
	// switch of the network leaves to the store: of it nothing is undone. It holds until
	// the next Welcome says otherwise.
	Repair []string `json:"repair,omitempty"`
}

// LinksAsk asks for the links that the hub holds for this store, page by page.
type LinksAsk struct {
	After string `json:"after"` // the last page's Next; "" at first
}

// LinksPage is a page of items in canonical form of which only identity and link
// count; tombstones and generations above 1 are among them.
type LinksPage struct {
	Items   []string      `json:"items"`
	Next    string        `json:"next"` // "" if this is the last
	Head    ReceiptHead   `json:"head"`
	Applied []ReceiptHead `json:"applied"` // on the last page: receipts to restore, newest 1,000
}

// Bye asks whether record and copy are equal as of a revision.
type Bye struct {
	Revision int64     `json:"revision"`
	Kinds    []KindSum `json:"kinds"` // sorted by kind
	// Parked counts the items that the hub refused and that wait for a person.
	Parked int `json:"parked"`
	// Compared is when the record was last proven against the POS, Unix seconds; 0
	// if never.
	Compared int64 `json:"compared"`
}

// KindSum is the number of live items of a kind and the XOR of their digests.
type KindSum struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Sum   string `json:"sum"` // hex of item.Digest
}

// ByeAnswer closes a conversation.
type ByeAnswer struct {
	Equal   bool     `json:"equal"`
	Differ  []string `json:"differ,omitempty"` // kinds whose sums differ
	Pending int      `json:"pending"`          // jobs still open
}
