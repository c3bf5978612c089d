package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// counting tells how many items went together, and how often they had to go one by
// one after all.
type counting struct {
	pos.Connector
	whole, undone int
}

func (c *counting) Begin(ctx context.Context) (pos.Tx, error) {
	tx, err := c.Connector.Begin(ctx)
	return &countingTx{tx, c}, err
}

type countingTx struct {
	pos.Tx
	c *counting
}

func (t *countingTx) Together(ctx context.Context, fn func() error) error {
	err := t.Tx.Together(ctx, fn)
	if err == nil {
		t.c.whole++
	} else {
		t.c.undone++
	}
	return err
}

// oneByOne is a trigger of the POS's that does nothing: with it every item of these
// kinds goes alone.
const oneByOne = `CREATE TRIGGER pos_item AFTER UPDATE ON Item BEGIN SELECT 1; END;
	CREATE TRIGGER pos_category AFTER UPDATE ON Category BEGIN SELECT 1; END;`

// Items that go together become what they become one by one: POS, links, result.
func TestTogetherIsOneByOne(t *testing.T) {
	rounds, whole, undone := 40, 0, 0
	if testing.Short() {
		rounds = 10
	}
	for seed := range rounds {
		var is [2]string
		for i, sql := range []string{"", oneByOne} {
			b := newBranch(t, sql)
			c := &counting{Connector: b.conn}
			b.applier.POS = c
			b.applier.Slice = time.Minute // what waits for others waits for the same ones
			is[i] = b.history(uint64(seed))
			if i == 0 {
				whole, undone = whole+c.whole, undone+c.undone
			} else if c.whole+c.undone > 0 {
				t.Fatal("items went together though the POS has triggers")
			}
		}
		if is[0] != is[1] {
			t.Fatalf("seed %d: together\n%s\none by one\n%s", seed, is[0], is[1])
		}
	}
	if whole < rounds || undone < rounds/4 {
		t.Errorf("%d times items went together, %d times they were undone: the histories try too little", whole, undone)
	}
}

// history applies a few random jobs, with edits of the POS between them, and returns
// all that is there then.
func (b *branch) history(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var out strings.Builder
	for n := range int64(3) {
		result := b.apply(jobNumber(n+1), randomJob(r, n), wire.Own{})
		text, err := json.Marshal(result.Counts)
		if err != nil {
			b.t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %d\n", text, len(result.Before))
		for _, e := range result.Exceptions {
			fmt.Fprintf(&out, "%d %s %s %s %s\n", e.N, e.Key, e.Action, e.Field, e.Code)
		}
		for range r.IntN(4) {
			b.edit(r)
		}
	}
	for _, query := range []string{
		"SELECT Id || ' ' || Name FROM Category ORDER BY Id",
		"SELECT Id || ' ' || Type || ' ' || Name || ' ' || coalesce(Price, '-') || ' ' || coalesce(Barcode, '-') || ' ' || coalesce(CategoryId, '-') || ' ' || Deleted FROM Item ORDER BY Id",
		"SELECT kind || ' ' || key || ' ' || gen || ' ' || dead || ' ' || uid || ' ' || CAST(link AS TEXT) FROM plait_links ORDER BY kind, key, gen",
	} {
		out.WriteString(b.value("SELECT group_concat(x, char(10)) FROM ("+strings.Replace(query, "SELECT ", "SELECT (", 1)[:strings.Index(query, " FROM")+1]+") AS x"+query[strings.Index(query, " FROM"):]+")") + "\n")
	}
	return out.String()
}

func (b *branch) edit(r *rand.Rand) {
	id := r.IntN(12)
	switch r.IntN(6) {
	case 5:
		b.exec("UPDATE Item SET Deleted = 1 WHERE Id = ?", id)
	case 0:
		b.exec("UPDATE Item SET Name = 'Edited' || Id, Price = 7 WHERE Id = ?", id)
	case 1:
		b.exec("DELETE FROM Item WHERE Id = ?", id)
	case 2:
		b.exec("INSERT OR IGNORE INTO Item (Name, Barcode) VALUES (?, ?)", fmt.Sprint("Product ", r.IntN(14)), fmt.Sprint("40", r.IntN(14)))
	case 3:
		b.exec("UPDATE Item SET Price = 'dear' WHERE Id = ? AND ? = 0", id, r.IntN(3))
	default:
		b.exec("UPDATE Category SET Name = 'Mine' WHERE Id = ?", 1+r.IntN(3))
	}
}

// randomJob brings categories and products, of which some share a barcode or a name,
// some are refused, and some refer to what is not there.
func randomJob(r *rand.Rand, n int64) wire.Payload {
	var items []wire.PayloadItem
	for i := range 3 {
		if r.IntN(5) > 0 {
			items = append(items, put("category", fmt.Sprint("u-c", i), fmt.Sprint("Category ", i), n+1))
		}
	}
	for _, i := range r.Perm(14)[:4+r.IntN(10)] {
		name, barcode, price := i, i, fmt.Sprint(r.IntN(4), ".", 10+r.IntN(80))
		switch r.IntN(24) {
		case 0:
			price = "-1"
		case 1:
			barcode = r.IntN(14)
		case 2:
			name = r.IntN(14)
		}
		fields := []item.Field{field("price", item.MustDecimal(price)), field("barcode", item.MustText(fmt.Sprint("40", barcode)))}
		if r.IntN(3) > 0 {
			fields = append(fields, field("category", item.UIDRef("category", fmt.Sprint("u-c", r.IntN(3)))))
		}
		items = append(items, put("product", fmt.Sprint("u-p", i), fmt.Sprint("Product ", name), n+1, fields...))
	}
	if r.IntN(3) == 0 && len(items) > 4 { // a second uid for an item of the same job
		twin := items[len(items)-1]
		twin.UID, twin.Aliases = "u-twin", []string{twin.UID}
		items = append(items, twin)
	}
	return payload(slices.Clip(items)...)
}

// What the POS changed between two slices is known to the next, though the job's own
// changes are not read again for it.
func TestChangesBetweenSlicesAreSeen(t *testing.T) {
	b := newBranch(t, "")
	first := []wire.PayloadItem{}
	for i := range 8 {
		first = append(first, put("product", fmt.Sprint("u-", i), fmt.Sprint("Product ", i), 1, field("price", item.MustDecimal("1"))))
	}
	b.apply(jobNumber(1), payload(first...), wire.Own{})
	for i := range first {
		first[i] = put("product", first[i].UID, fmt.Sprint("New ", i), 2, field("price", item.MustDecimal("2")))
	}
	b.applier.Slice = 1
	b.applier.POS = &meddling{Connector: b.conn, each: func(n int) {
		if n == 2 {
			b.exec("UPDATE Item SET Price = 9 WHERE Id = 8")
			b.exec("INSERT INTO Item (Name, Price) VALUES ('Late', 3)")
		}
	}}
	r := b.apply(jobNumber(2), payload(append(first, put("service", "u-s", "Cut", 2), put("product", "u-late", "Late", 2))...), wire.Own{})
	if r.Counts.Updated != 8 || r.Counts.Adopted != 1 || r.Counts.Created != 1 {
		t.Errorf("%+v", r.Counts)
	}
	if got := b.value("SELECT group_concat(Price) FROM (SELECT Price FROM Item WHERE Type = 'P' ORDER BY Id)"); got != "2,2,2,2,2,2,2,9,3" {
		t.Errorf("prices are %s; what the POS changed meanwhile is its own", got)
	}
}

// meddling lets the POS do something before each transaction.
type meddling struct {
	pos.Connector
	n    int
	each func(n int)
}

func (m *meddling) Begin(ctx context.Context) (pos.Tx, error) {
	m.n++
	m.each(m.n)
	return m.Connector.Begin(ctx)
}
