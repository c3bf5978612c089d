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
}

func formOf(chunk []Item) itemForm {
	for i := 1; i < len(chunk); i++ {
		if !chunk[i].follows(&chunk[i-1]) {
			return itemForm{rows: len(chunk)}
		}
	}
	return itemForm{rows: len(chunk), alike: true, synced: chunk[0].SyncRev > 0}
}

// follows reports whether an item is the one before it in all that is no item's own,
// counted up by one.
func (i *Item) follows(b *Item) bool {
	return i.Kind == b.Kind && i.Gen == b.Gen && i.Revision == b.Revision+1 && i.AgentRev == b.AgentRev+1 &&
		(i.SyncRev == b.SyncRev+1 && b.SyncRev > 0 || i.SyncRev == 0 && b.SyncRev == 0) && i.SyncAt.Equal(b.SyncAt) &&
		i.AgentEpoch == b.AgentEpoch && i.POSEpoch == b.POSEpoch && i.Birth == b.Birth && i.Adopted == b.Adopted && i.Deleted.Equal(b.Deleted)
}

// insertArgs are the arguments of insert, behind the copy's place.
func (f itemForm) insertArgs(args []any, chunk []Item) []any {
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

// insert adds rows, but those that are there. OR FAIL is for what a CHECK refuses: to
// take back the rows before it, SQLite would copy every page that the statement touches,
// and the transaction ends with the error in any case. WHERE true keeps ON CONFLICT from
// being read as a join's.
func (f itemForm) insert() string {
	columns, picked, rows := anyColumns, "?, ?, ?, v.*", placeholders(f.rows, itemColumnCount)
	if f.alike {
		columns, picked, rows = alikeColumns, alikeOnce+f.syncRev()+", "+alikeOwn, numbered(f.rows, 5)
	}
	return "INSERT OR FAIL INTO items (" + columns + ") SELECT " + picked + " FROM (VALUES " + rows + ") v WHERE true ON CONFLICT DO NOTHING"
}

func (f itemForm) syncRev() string {
	if f.synced {
		return "? + v.column1"
	}
	return "?"
}

// numbered are placeholders behind the number of each row, from 0.
func numbered(n, columns int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = "(" + strconv.Itoa(i) + strings.Repeat(", ?", columns) + ")"
	}
	return strings.Join(rows, ", ")
}

var insertTexts = textsOf(itemForm.insert)

// texts are the statements of one sort that nearly every batch needs: to make one takes
// longer than to look it up.
type texts struct {
	whole map[itemForm]string
	make  func(itemForm) string
}

func textsOf(text func(itemForm) string) texts {
	t := texts{map[itemForm]string{}, text}
	for _, f := range []itemForm{{alike: true, synced: true}, {alike: true}, {}} {
		f.rows = Stroke
		t.whole[f] = text(f)
	}
	return t
}

func (t texts) of(f itemForm) string {
	if text, ok := t.whole[f]; ok {
		return text
	}
	return t.make(f)
}
