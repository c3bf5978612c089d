package store

import (
	"strconv"
	"strings"
)

// itemForm is the form of a statement that writes several items. Nearly all of a batch
// are alike but for what is their own, and are counted up: what they share is given
// once, for to hand a value to the engine costs nearly as much as to write it.
type itemForm struct {
	rows   int
	alike  bool // all but key, digests, uid and body is shared, or counted up from the first
	synced bool // of those that are alike: the sync_rev is counted up too
	there  whatIsThere
}

// whatIsThere says what becomes of the row that an item meets.
type whatIsThere int

const (
	stays       whatIsThere = iota // as it is
	isReplaced                     // but for its uid, whose index is left alone
	isReplacedU                    // with its uid
)

func formOf(chunk []Item, there whatIsThere) itemForm {
	for i := 1; i < len(chunk); i++ {
		if !chunk[i].follows(&chunk[i-1]) {
			return itemForm{rows: len(chunk), there: there}
		}
	}
	return itemForm{rows: len(chunk), alike: true, synced: chunk[0].SyncRev > 0, there: there}
}

// follows reports whether an item is the one before it in all that is no item's own,
// counted up by one.
func (i *Item) follows(b *Item) bool {
	return i.Kind == b.Kind && i.Gen == b.Gen && i.Revision == b.Revision+1 && i.AgentRev == b.AgentRev+1 &&
		(i.SyncRev == b.SyncRev+1 && b.SyncRev > 0 || i.SyncRev == 0 && b.SyncRev == 0) && i.SyncAt.Equal(b.SyncAt) &&
		i.AgentEpoch == b.AgentEpoch && i.POSEpoch == b.POSEpoch && i.Birth == b.Birth && i.Adopted == b.Adopted && i.Deleted.Equal(b.Deleted)
}

// args are the arguments of the statement.
func (f itemForm) args(args []any, chunk []Item) []any {
	if !f.alike {
		for i := range chunk {
			args = chunk[i].values(args)
		}
		return args
	}
	c := &chunk[0]
	args = append(args, c.Kind, c.Gen, ms(c.SyncAt), c.AgentEpoch, c.POSEpoch, string(c.Birth), flag(c.Adopted), ms(c.Deleted), c.Revision, c.AgentRev, c.SyncRev)
	for i := range chunk {
		c := &chunk[i] // what is given points into the item
		args = append(args, c.Key, c.Digest[:], c.syncDigest(), c.UID, c.Body)
	}
	return args
}

// Placeholders are plain (placeholders); the driver asks for the name of each "?n" too.
const (
	anyColumns   = "network, store, copy, " + itemColumns
	alikeColumns = "network, store, copy, kind, gen, sync_at, agent_epoch, pos_epoch, birth, adopted, deleted_at, revision, agent_rev, sync_rev, " +
		"key, digest, sync_digest, uid, body"
	alikeOnce = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? + v.column1, ? + v.column1, "
	alikeOwn  = "v.column2, v.column3, v.column4, v.column5, v.column6"
)

// wholeChunks are the texts that nearly every batch needs.
var wholeChunks = map[itemForm]string{}

func init() {
	for _, f := range []itemForm{{alike: true, synced: true}, {alike: true}, {}} {
		for _, f.there = range []whatIsThere{stays, isReplaced} {
			f.rows = Stroke
			wholeChunks[f] = f.insert()
		}
	}
}

// text is the statement. OR FAIL is for what a CHECK refuses: to take back the rows
// before it, SQLite would copy every page that the statement touches, and the
// transaction ends with the error in any case.
func (f itemForm) text() string {
	if text, ok := wholeChunks[f]; ok {
		return text
	}
	return f.insert()
}

// WHERE true keeps ON CONFLICT from being read as a join's.
func (f itemForm) insert() string {
	columns, picked, rows := anyColumns, "?, ?, ?, v.*", placeholders(f.rows, itemColumnCount)
	if f.alike {
		columns, picked, rows = alikeColumns, alikeOnce+f.syncRev()+alikeOwn, numbered(f.rows, 5)
	}
	return "INSERT OR FAIL INTO items (" + columns + ") SELECT " + picked + " FROM (VALUES " + rows + ") v WHERE true ON CONFLICT " + conflictTexts[f.there]
}

const replaceText = `(network, store, copy, kind, key, gen) DO UPDATE SET revision = excluded.revision, sync_rev = excluded.sync_rev, sync_at = excluded.sync_at,
	digest = excluded.digest, sync_digest = excluded.sync_digest, agent_epoch = excluded.agent_epoch, agent_rev = excluded.agent_rev, pos_epoch = excluded.pos_epoch,
	birth = excluded.birth, adopted = excluded.adopted, deleted_at = excluded.deleted_at, body = excluded.body`

var conflictTexts = map[whatIsThere]string{stays: "DO NOTHING", isReplaced: replaceText, isReplacedU: replaceText + ", uid = excluded.uid"}

// numbered are placeholders behind the number of each row, from 0.
func numbered(n, columns int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = "(" + strconv.Itoa(i) + strings.Repeat(", ?", columns) + ")"
	}
	return strings.Join(rows, ", ")
}

func (f itemForm) syncRev() string {
	if f.synced {
		return "? + v.column1, "
	}
	return "?, "
}
