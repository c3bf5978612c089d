package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

func (s suite) zero() time.Time { return time.Time{} }

// row makes an item row with a body that only its key and note decide.
func row(key string, revision int64, note string) store.Item {
	it := item.Item{ID: item.ID{Kind: "product", Key: key, Gen: 1}, Fields: item.Fields{{Name: "note", Value: item.MustText(note)}}}
	body := item.Append(nil, it)
	return store.Item{
		ID: it.ID, Revision: revision, SyncRev: revision, SyncAt: time.UnixMilli(revision * 1000).UTC(), Digest: item.DigestOf(body), SyncDigest: item.DigestOf([]byte(note)),
		AgentEpoch: 1, AgentRev: revision, POSEpoch: 1, UID: "uid-" + key, Birth: item.BornLocal, Body: body,
	}
}

func copies(s suite) {
	s.in("branch", func(tx *store.StoreTx) error {
		c, err := tx.Copy()
		same(s, c.Live, 1, "first copy")
		c.Revision, c.Reconcile, c.Mark = 5, "why", wire.Mark{POSEpoch: "p", Seq: 9, Nonce: -3}
		err = errors.Join(err, tx.SetCopy(c))
		lower := c
		lower.Revision = 4
		s.is(tx.SetCopy(lower), store.ErrConflict, "a lower revision")
		d := item.DigestOf([]byte("x"))
		err = errors.Join(err, tx.AddKindSum(1, store.KindSum{Kind: "sale", Count: 2, Sum: d}), tx.AddKindSum(1, store.KindSum{Kind: "sale", Count: -1}))
		return errors.Join(err, tx.AddKindSum(1, store.KindSum{Kind: "gone", Count: 0}), tx.SetSyncRev("sale", 7), tx.SetSyncRev("sale", 3))
	})
	s.view("branch", func(v *store.StoreView) error {
		c, err := v.Copy()
		same(s, c.Mark, wire.Mark{POSEpoch: "p", Seq: 9, Nonce: -3}, "mark")
		same(s, c.Reconcile, "why", "reconcile")
		sums, err2 := v.KindSums(1)
		same(s, len(sums), 1, "kinds with live items")
		same(s, sums[0], store.KindSum{Kind: "sale", Count: 1, Sum: item.DigestOf([]byte("x"))}, "sum")
		n, err3 := v.SyncRev("sale")
		same(s, n, 7, "sync revision never goes down")
		return errors.Join(err, err2, err3)
	})
}

func items(s suite) {
	many := make([]store.Item, 45)
	for i := range many {
		many[i] = row(fmt.Sprintf("k%02d", i), int64(i+1), "first")
	}
	s.in("branch", func(tx *store.StoreTx) error {
		present, err := tx.InsertItems(1, many)
		same(s, len(present), 0, "rows that were there")
		again := []store.Item{row("k44", 100, "again"), row("new", 101, "new"), row("k03", 102, "again")}
		present, err2 := tx.InsertItems(1, again)
		same(s, slices.Equal(present, []int{0, 2}), true, "rows that were there")
		adopted := row("alien", 103, "")
		adopted.Birth = "adopted"
		if _, err := tx.InsertItems(1, []store.Item{adopted}); err == nil {
			s.Error("a birth that there is not was stored")
		}
		changed := row("k03", 103, "changed")
		changed.Deleted = tx.Now()
		_, err3 := tx.Item(1, item.ID{Kind: "product", Key: "zz", Gen: 1})
		s.is(err3, store.ErrNotFound, "a row that is not there")
		return errors.Join(err, err2, replace(tx, []store.Item{changed}))
	})
	s.view("branch", func(v *store.StoreView) error { return readItems(s, v) })
	s.view("head", func(v *store.StoreView) error {
		list, err := v.Items("product", item.ID{}, 10)
		same(s, len(list), 0, "another store's items")
		return err
	})
	s.in("branch", func(tx *store.StoreTx) error {
		_, err := tx.RemoveItems(1, 10)
		s.is(err, store.ErrConflict, "removing the live copy")
		_, err = tx.InsertItems(2, many)
		old, err2 := tx.OldCopies()
		same(s, slices.Equal(old, []int64{2}), true, "old copies")
		n, err3 := tx.RemoveItems(2, 40)
		m, err4 := tx.RemoveItems(2, 40)
		same(s, [2]int64{n, m}, [2]int64{40, 5}, "removed")
		return errors.Join(err, err2, err3, err4)
	})
}

func readItems(s suite, v *store.StoreView) error {
	got, err := v.Item(1, item.ID{Kind: "product", Key: "k03", Gen: 1})
	same(s, got.Revision, 103, "revision")
	same(s, got.Deleted, s.clock.Now(), "deleted")
	same(s, string(got.Body), string(row("k03", 103, "changed").Body), "body")
	same(s, got.SyncAt, row("k03", 103, "changed").SyncAt, "time of its sync revision")
	same(s, got.SyncDigest, item.DigestOf([]byte("changed")), "sync digest")
	page, err2 := v.Items("product", item.ID{Kind: "product", Key: "k40", Gen: 1}, 3)
	same(s, len(page), 3, "page")
	same(s, page[0].Key, "k41", "first of the page")
	uid, err3 := v.ItemsByUID("product", "uid-k07")
	same(s, len(uid), 1, "by uid")
	heads, err4 := v.Heads("product", item.ID{}, 100)
	same(s, len(heads), 45, "live items")
	linked, err5 := v.Linked(item.ID{}, 100)
	same(s, len(linked), 46, "links and tombstones")
	gens, err6 := v.Gens("product", "k03")
	same(s, len(gens), 1, "generations")
	return errors.Join(err, err2, err3, err4, err5, err6)
}

func archive(s suite) {
	r := row("k", 1, "old")
	a := store.Archived{ID: r.ID, POSEpoch: 1, Digest: r.Digest, UID: r.UID, Body: r.Body, Cause: "gone"}
	s.in("branch", func(tx *store.StoreTx) error {
		return errors.Join(tx.Archive(a), tx.Archive(a), tx.AddBody("h", []byte("body")), tx.AddBody("h", []byte("body")),
			tx.SetLastBatch(1, store.Batch{BatchMark: wire.BatchMark{Number: 1, Digest: "d"}, Ack: []byte("{}")}),
			tx.SetLastBatch(1, store.Batch{BatchMark: wire.BatchMark{Number: 2, Digest: "e"}, Ack: []byte("{}")}),
			tx.SetProfile("p", wire.Profile{POS: "sqlite"}))
	})
	s.in("head", func(tx *store.StoreTx) error {
		s.is(tx.UseProfile("q"), store.ErrNotFound, "an unknown profile")
		return tx.UseProfile("p")
	})
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Archived(item.ID{}, 10)
		same(s, len(all), 1, "archived once")
		body, err2 := v.Body("h")
		same(s, string(body), "body", "body")
		b, err3 := v.LastBatch(1)
		same(s, b.BatchMark, wire.BatchMark{Number: 2, Digest: "e"}, "last batch")
		none, err4 := v.LastBatch(2)
		same(s, none.Number, 0, "another agent epoch's batch")
		p, err5 := v.Profile()
		same(s, p.POS, "sqlite", "profile")
		return errors.Join(err, err2, err3, err4, err5)
	})
}

func uploads(s suite) {
	u := store.Upload{ID: "u1", Request: "r", State: store.Staging, AgentEpoch: 1, Revision: 10, Rows: 3, CopyRevision: 4}
	r := row("k", 1, "staged")
	rows := []store.StagedRow{{ID: r.ID, AgentRev: 1, Digest: r.Digest, Body: r.Body}, {ID: item.ID{Kind: "product", Key: "l"}, Gone: true, Dead: true, Digest: r.Digest, Body: r.Body}}
	s.in("branch", func(tx *store.StoreTx) error {
		err := tx.SetUpload(u)
		first, err2 := tx.Stage("u1", rows)
		again, err3 := tx.Stage("u1", rows[:1])
		same(s, [2]int64{first, again}, [2]int64{2, 0}, "new in staging")
		return errors.Join(err, err2, err3)
	})
	second := u
	second.ID = "u2"
	err := s.db.WithStore(s.Context(), "branch", func(tx *store.StoreTx) error { return tx.SetUpload(second) })
	s.is(err, store.ErrConflict, "two full uploads at once")
	s.in("branch", func(tx *store.StoreTx) error {
		heads, err := tx.StagedHeads("u1", "product", item.ID{}, 10)
		same(s, len(heads), 2, "staged")
		list, err2 := tx.StagedRows("u1", r.ID, 10)
		same(s, len(list), 1, "staged after")
		same(s, list[0].Gone && list[0].Dead, true, "flags")
		got, ok, err3 := tx.StagingUpload()
		same(s, ok && got.ID == "u1" && got.Answer == nil, true, "under way")
		got.State, got.Answer = store.Landed, &wire.FullState{Upload: "u1", State: "landed", Rows: 3}
		err4 := tx.SetUpload(got)
		removed, err5 := tx.Unstage(10)
		same(s, removed, 2, "unstaged")
		return errors.Join(err, err2, err3, err4, err5)
	})
	s.view("branch", func(v *store.StoreView) error {
		got, err := v.Upload("u1")
		same(s, got.Answer.Rows, 3, "answer")
		_, missing := v.Upload("u3")
		s.is(missing, store.ErrNotFound, "an unknown upload")
		return err
	})
}

// itemForms: whatever rows have in common, each is stored as it is given.
func itemForms(s suite) {
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 100 {
		many := make([]store.Item, 1+r.IntN(2*store.Stroke))
		next := row("", int64(1000*round+1), "first")
		for i := range many {
			vary(r, &next)
			next.Key, next.UID = fmt.Sprintf("%d-%d", round, i), fmt.Sprint("uid-", round, "-", i)
			next.Revision++ // never one that was given out
			many[i] = next
			next.AgentRev++
			if next.SyncRev > 0 {
				next.SyncRev++
			}
		}
		s.in("branch", func(tx *store.StoreTx) error {
			present, err := tx.InsertItems(1, many)
			same(s, len(present), 0, "rows that were there")
			return err
		})
		s.stands(many)
		uids := r.IntN(2) == 0
		for i := range many {
			change(r, &many[i], uids)
		}
		s.in("branch", func(tx *store.StoreTx) error { return replace(tx, many) })
		s.stands(many)
	}
}

// replace overwrites rows that are there.
func replace(tx *store.StoreTx, by []store.Item) error {
	for some := range slices.Chunk(by, store.Stroke) {
		old, err := tx.HeldOf(1, some)
		if err == nil {
			err = tx.ReplaceItems(old, some)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stands: the copy holds these rows, by whatever way they are read.
func (s suite) stands(many []store.Item) {
	s.Helper()
	s.view("branch", func(v *store.StoreView) error {
		for _, want := range many {
			got, err := v.Item(1, want.ID)
			if err != nil {
				return err
			}
			same(s, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want), "the row as it was stored")
		}
		for some := range slices.Chunk(many, store.Stroke) {
			ask := append(slices.Clone(some[1:]), store.Item{ID: item.ID{Kind: "product", Key: "none", Gen: 1}})
			got, err := v.HeldOf(1, ask)
			if err != nil {
				return err
			}
			for i := range ask {
				same(s, got[i].Any(), ask[i].Key != "none", "is there")
				if want := ask[i].Held(); got[i].Any() {
					want.Row = got[i].Row
					same(s, got[i], want, "what the copy holds")
				}
			}
		}
		return nil
	})
}

// change makes a row another one under its identity, now and then under another uid.
func change(r *rand.Rand, i *store.Item, uids bool) {
	id := i.ID
	vary(r, i)
	i.ID, i.Revision = id, i.Revision+10_000_000
	i.Body = fmt.Appendf(nil, "changed %d", r.Int())
	i.Digest = item.DigestOf(i.Body)
	if uids && r.IntN(3) == 0 {
		i.UID = fmt.Sprint("moved ", i.UID)
	}
}

// vary changes one row in thirty in something that rows of a batch mostly share.
func vary(r *rand.Rand, i *store.Item) {
	switch r.IntN(300) {
	case 0:
		i.Kind = fmt.Sprint("kind", r.IntN(3))
	case 1:
		i.Gen = r.Int64N(3) + 1
	case 2:
		i.SyncRev, i.SyncAt, i.SyncDigest = 0, time.Time{}, item.Digest{}
	case 3:
		i.SyncRev, i.SyncAt, i.SyncDigest = r.Int64N(1000)+1, time.UnixMilli(r.Int64N(1e12)+1).UTC(), item.DigestOf([]byte("x"))
	case 4:
		i.AgentEpoch = r.Int64N(5) + 1
	case 5:
		i.POSEpoch = r.Int64N(5)
	case 6:
		i.Birth, i.Adopted = item.BornNetwork, r.IntN(2) == 0
	case 7:
		i.Birth, i.Adopted = "", false
	case 8:
		i.Deleted = time.UnixMilli(r.Int64N(1e12) * r.Int64N(2)).UTC()
		if i.Deleted.UnixMilli() == 0 {
			i.Deleted = time.Time{}
		}
	case 9:
		i.AgentRev += r.Int64N(5)
	case 10:
		i.Revision += r.Int64N(5)
	case 11:
		if i.SyncRev > 0 {
			i.SyncRev += r.Int64N(5)
		}
	case 12:
		if i.SyncRev > 0 {
			i.SyncAt = i.SyncAt.Add(time.Second)
		}
	}
}
