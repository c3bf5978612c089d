package pos

import (
	"context"
	"errors"
	"time"

	"plait/shared/item"
	"plait/shared/wire"
)

// Errors that a connector gives, wrapped with the table and the cause. The POS's
// data decides all but the first four.
var (
	ErrUnreachable = errors.New("the POS database cannot be opened")    // missing, locked away, damaged
	ErrBusy        = errors.New("the POS database is busy")             // try again later; nothing happened
	ErrUnknown     = errors.New("the commit's outcome is unknown")      // read again by key before trying again (P2)
	ErrAborted     = errors.New("the POS ended our transaction")        // ON CONFLICT ROLLBACK; nothing was committed
	ErrAbsent      = errors.New("the POS database has no Plait tables") // never installed, or lost in an export and import
	ErrNewer       = errors.New("the POS database was used by a newer version of Plait")
	ErrUnique      = errors.New("the POS already has that value in a column that must be unique")
	ErrReference   = errors.New("the POS refuses a reference")        // foreign key, either way
	ErrConstraint  = errors.New("the POS refuses a value")            // CHECK, NOT NULL, a trigger's RAISE
	ErrType        = errors.New("a value does not fit its column")    // too long, not a number
	ErrDisk        = errors.New("the POS database cannot be written") // disk full, read-only
	ErrRestored    = errors.New("the POS database was restored or replaced")
)

// Stops reports whether an error concerns the whole POS, or this run, rather than
// one kind: nothing is to be concluded from it.
func Stops(err error) bool {
	for _, whole := range []error{
		ErrUnreachable, ErrBusy, ErrUnknown, ErrAborted, ErrAbsent, ErrNewer, ErrDisk, ErrRestored,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, whole) {
			return true
		}
	}
	return false
}

// Meta is what plait_meta says.
type Meta struct {
	Store  string // the store's id
	Epoch  string // pos_epoch: one history of this database
	Schema int
}

// Op is what a change row says happened.
type Op byte

// The operations. A child row's change is an Update of its parents.
const (
	Insert   Op = 'I'
	Update   Op = 'U'
	Delete   Op = 'D'
	LinkOnly Op = 'L' // applying touched only link or base; no trigger would fire
)

// Change is one row of plait_changes, with the kinds on its table.
type Change struct {
	Seq    int64
	Nonce  int64
	Kinds  []string // every kind mapped on that table (op L: the one)
	Op     Op
	Key    string
	NewKey string // "" unless an update changed the key or the child's parent
}

// LinkRow is one row of plait_links: an item's generation, its link, or the
// tombstone of a generation.
type LinkRow struct {
	item.ID
	Dead bool   // that generation is gone
	UID  string // of the link; "" where there never was one
	// Link is nil if not linked. Of a dead one it is what is left where a sync deleted
	// the item (item.Link.Ended), and nil where the POS did.
	Link *item.Link
	// LinkOf says, of a living generation to be settled, whose link it takes over: an
	// older generation of the key; 0 for none.
	LinkOf int64
}

// RowOf is the row of an item as it stands.
func RowOf(it item.Item) LinkRow {
	row := LinkRow{ID: it.ID, Dead: it.Deleted, Link: it.Link}
	if it.Link != nil {
		row.UID = it.Link.UID
	}
	return row
}

// Record is what the POS holds now under one (kind, key). Item.Gen and Item.Link
// come from plait_links as they stand there: generation 1 and no link if there
// is no row. Capture decides whether they still apply.
type Record struct {
	Item   item.Item
	Exists bool
	// Row is the newest row of plait_links for the key; zero ID if there is none.
	Row LinkRow
	// Trouble says why the row cannot be an item (a value outside its type), by
	// column; the item is then parked by name.
	Trouble error
}

// Form returns the record of an existing row as Scan gives it; its body begins in
// room, which is empty, if it fits there.
func (rec *Record) Form(room []byte) item.Form {
	form := item.Form{Key: rec.Item.Key}
	if rec.Trouble == nil && !rec.Row.Dead {
		form.Body = item.Append(room, rec.Item)
	}
	return form
}

// Receipt is one row of plait_receipts.
type Receipt struct {
	Job      string
	HubEpoch string
	Number   int64
	Order    int64 // rises with each receipt begun in this database
	NextItem int   // the first item not yet applied
	Done     bool
	Body     []byte // read: the outcomes of all slices so far, in order; written: those of this one
	At       time.Time
}

// Finding is one thing that doctor reports.
type Finding struct {
	OK      bool
	Subject string // "table Track", "trigger", "busy timeout"
	Message string // a sentence, with the way out if not OK
	Kind    string // the kind that is paused because of it; "" if none
}

// Reader reads items and changes. A Connector reads outside any transaction of
// ours, in reads of at most 20 ms; a Tx reads within its transaction.
type Reader interface {
	// Snapshot reads the oldest changes that are not done (in a Tx, nor done in it),
	// with what the POS holds under their keys, all as of one moment. It may return
	// fewer than asked for where more would take too long. ErrRestored means that the
	// mark is not there, or that a row which an earlier call saw is gone: what was read
	// before and what is read from now on are of two histories.
	Snapshot(ctx context.Context, ask Ask) (Snapshot, error)
	// Read returns one Record for each key, in their order.
	Read(ctx context.Context, kind string, keys []string) ([]Record, error)
	// Receipt returns the job's receipt; ok is false if there is none.
	Receipt(ctx context.Context, job string) (r Receipt, ok bool, err error)
	// Head returns the receipt with the highest Order.
	Head(ctx context.Context) (r Receipt, ok bool, err error)
	// Revivable reports whether Tx.Revive may find a row for one of these uids.
	Revivable(ctx context.Context, kind string, uids []string) (bool, error)
	// Apart reports whether to write an item of the kind changes no other one of it,
	// as far as the schema tells: no trigger of the POS's stands on its tables, and no
	// foreign key carries the change on.
	Apart(kind string) bool
	// Stand says what has been committed to the POS database: two are equal only if
	// nobody committed anything in between but transactions of this connector's own.
	// It is zero where that cannot be told, or where reading keeps the POS waiting.
	Stand(ctx context.Context) (Stand, error)
}

// Connector is one POS database.
type Connector interface {
	Reader
	// Profile describes the mapping as it meets the schema now; kinds that the
	// schema broke are paused in it.
	Profile(ctx context.Context) (wire.Profile, error)
	// Kinds are the mapped kinds in the order of the mapping.
	Kinds() []MappedKind
	// Check tests mapping against schema, triggers, journal mode and busy timeouts.
	Check(ctx context.Context) ([]Finding, error)

	// Install makes what is missing: tables, triggers. Repeating it does nothing.
	// A database that belongs to another store is emptied of Plait's tables first
	// and starts a new epoch (decision 16). It reports what it had to do.
	Install(ctx context.Context, store string) (Installed, error)
	// Uninstall takes triggers, then tables away. Pause takes the triggers alone.
	Uninstall(ctx context.Context) error
	Pause(ctx context.Context) error
	// Meta returns plait_meta, or ErrAbsent.
	Meta(ctx context.Context) (Meta, error)
	// NewEpoch starts a new history of this database.
	NewEpoch(ctx context.Context, epoch string) error

	// Done says that these changes are in the record, durably. The rows go when the
	// POS is quiet (Prune), or at once where the engine allows it.
	Done(ctx context.Context, changes []Change) error
	// HasMark reports whether the change row (seq, nonce) is there, in this epoch,
	// and no row after it was ever taken away: an older copy of the agent's record,
	// put back, has not seen what was. Seq 0 stands before the first row. A false
	// answer begins a new history.
	HasMark(ctx context.Context, mark wire.Mark) (bool, error)
	// Newest returns the mark of the newest change row; zero Seq if there is none.
	Newest(ctx context.Context) (wire.Mark, error)
	// Prune settles generations and tombstones in plait_links (a living generation's
	// link stays where the row to settle has none; LinkOf) and removes done
	// change rows, sparing the newest and keep, in writes of at most 5 ms. It gives
	// way to the POS: ErrBusy means later. It returns how many rows it removed.
	Prune(ctx context.Context, settle []LinkRow, keep wire.Mark) (removed int, err error)
	// Scan returns the next items of a kind with keys after the given one in the
	// connector's own order, at most limit; next is "" at the end. It may be called
	// with any pause in between: consistency is per item. A body is the canonical form
	// of what Read would say of the key, as it stands; it is nil where that is more
	// than an item: a row that cannot be one (Trouble), or one that came back under a
	// generation that is dead in plait_links.
	Scan(ctx context.Context, kind, after string, limit int) (forms []item.Form, next string, err error)
	// Links returns rows of plait_links after the given place, at most limit.
	Links(ctx context.Context, after string, limit int) (rows []LinkRow, next string, err error)
	// Begin takes the POS's write lock. Until Rest is over it leaves it alone.
	Begin(ctx context.Context) (Tx, error)
	// Rest is how long the POS is still to have its lock to itself, after Plait held it.
	Rest() time.Duration
	// Receipts returns the newest finished receipts, by Order, without bodies.
	Receipts(ctx context.Context, limit int) ([]Receipt, error)
	Close() error
}

// Installed says what Install found and did.
type Installed struct {
	Meta
	Fresh    bool     // there were no Plait tables at all
	Foreign  string   // the other store whose tables were emptied; "" if none
	Triggers []string // tables whose triggers were missing or out of date
}

// MappedKind is a kind as the mapping has it.
type MappedKind struct {
	Kind       string
	UploadOnly bool
	Table      string
	Paused     string // why; "" if not
}

// Tx is one write transaction on the POS database. Nothing of it is seen by the
// POS before Commit. After any error but the data errors (ErrUnique,
// ErrReference, ErrConstraint, ErrType), which undo their own statement alone,
// only Rollback may be called.
type Tx interface {
	Reader
	// Insert makes an item and returns its key. Fields are the catalogue's, in the
	// store's own references; what the mapping has defaults for is filled in.
	Insert(ctx context.Context, kind string, fields item.Fields) (key string, err error)
	// InsertAll makes items of one kind, all or none, and returns them as Read does, in
	// their order. It takes what the statements return for what is there: the kind's
	// items must be Apart.
	InsertAll(ctx context.Context, kind string, list []item.Fields) ([]Record, error)
	// Restore makes an item that was deleted again, under the key that it had.
	// ErrUnique: something else has that key now, and nothing was done.
	Restore(ctx context.Context, kind, key string, fields item.Fields) error
	// Revive brings back the item of that uid where the POS has only marked its row
	// as deleted: the row holds on to the item's codes, and what the POS knows of it.
	// ok is false if there is no such row, and nothing was done.
	Revive(ctx context.Context, kind, uid string, fields item.Fields) (key string, ok bool, err error)
	// Update writes the given fields alone.
	Update(ctx context.Context, kind, key string, fields item.Fields) error
	// UpdateAll is Update of several items of one kind, each once, all or none. It returns
	// them, in their order, as Read does but without plait_links: no generation, no link.
	// It takes what the statements return for what is there: the kind's items must be
	// Apart.
	UpdateAll(ctx context.Context, kind string, keys []string, list []item.Fields) ([]Record, error)
	// Delete removes an item with its child rows (or marks it deleted, where the
	// mapping says so).
	Delete(ctx context.Context, kind, key string) error
	// Referred reports whether other mapped tables refer to the item, and which.
	Referred(ctx context.Context, kind, key string) (by string, err error)
	// PutLink writes rows of plait_links, each the newest of its key. A change row with
	// op L goes with each, unless the transaction is known to have one of the key.
	PutLink(ctx context.Context, rows ...LinkRow) error
	// Together runs fn, whose statements stand or fall together: a data error undoes
	// all of them. That costs less than to be able to undo each. fn returns at the
	// first error.
	Together(ctx context.Context, fn func() error) error
	// Newest returns the mark of the newest change row, this transaction's own
	// included: a later transaction finds the same only if nothing was committed in
	// between. It is zero where the engine cannot tell that by one row.
	Newest(ctx context.Context) (wire.Mark, error)
	// PutReceipt inserts or replaces a job's receipt and appends to its body. Order
	// is given by the connector when the job is begun, unless r has one: a receipt
	// that is brought back keeps its own.
	PutReceipt(ctx context.Context, r Receipt) error
	// Done says that these changes are in the record; their rows go with Commit.
	Done(ctx context.Context, changes []Change, settle []LinkRow) error
	// Commit makes it durable. ErrUnknown means that a re-read must tell.
	Commit() error
	Rollback() error
}
