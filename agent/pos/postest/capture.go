package postest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// Capture is the harness of promise P9: random statements of the POS, some of
// them rolled back, with captures, prunings and restarts in between. It returns
// what the record lacks at the end, before and after the comparison. The first
// list may name only rows that a REPLACE took away because of another column
// that is unique: no trigger fires for them. The second must be empty.
func Capture(t *testing.T, b Bench, seed uint64, statements int, o CaptureOptions) (missed, afterComparison []string) {
	t.Helper()
	h := &harness{t: t, b: b, c: b.Connector, o: o, rnd: rand.New(rand.NewPCG(seed, 1)), rec: record{}}
	install(t, b)
	for h.did < statements {
		h.transaction()
		h.between()
	}
	if !o.Paused {
		h.rec.drain(t, h.c, 50)
	}
	missed = differences(h.rec, scanAll(t, h.c))
	h.compare()
	return missed, differences(h.rec, scanAll(t, h.c))
}

// CaptureOptions say what Capture may do.
type CaptureOptions struct {
	// Replaces lets REPLACE take other rows away.
	Replaces bool
	// Paused takes the triggers away first: the control, which must be caught.
	Paused bool
}

type harness struct {
	t   *testing.T
	b   Bench
	c   pos.Connector
	o   CaptureOptions
	rnd *rand.Rand
	rec record
	did int
}

// transaction runs one to eight statements; a fifth of the transactions is
// rolled back. A statement that the POS's own rules refuse changes nothing.
func (h *harness) transaction() {
	tx, err := h.b.POS.Start()
	if err != nil {
		h.t.Fatal(err)
	}
	for range 1 + h.rnd.IntN(8) {
		h.did++
		_ = tx.Do(h.op()) // refused by a unique or foreign key: part of the traffic
	}
	end := tx.Commit
	if h.rnd.IntN(5) == 0 {
		end = tx.Rollback
	}
	if err := end(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harness) between() {
	if h.o.Paused {
		if err := h.c.Pause(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	switch h.rnd.IntN(12) {
	case 0, 1, 2:
		h.rec.drain(h.t, h.c, 1+h.rnd.IntN(20))
	case 3:
		h.rec.settle(h.t, look(h.t, h.c, pos.Ask{Limit: 10})) // in the record, but the agent dies before Done
	case 4:
		h.c = h.b.Reopen()
	case 5:
		if _, err := h.c.Prune(h.t.Context(), nil, wire.Mark{}); err != nil && !errors.Is(err, pos.ErrBusy) {
			h.t.Fatal(err)
		}
	}
}

// compare is the periodic comparison: it captures every key that differs.
func (h *harness) compare() {
	dirty := map[string][]string{}
	want := scanAll(h.t, h.c)
	for at, text := range want {
		if h.rec[at] != text {
			dirty[at[0]] = append(dirty[at[0]], at[1])
		}
	}
	for at := range h.rec {
		if _, ok := want[at]; !ok {
			dirty[at[0]] = append(dirty[at[0]], at[1])
		}
	}
	for kind, keys := range dirty {
		list, err := h.c.Read(h.t.Context(), kind, keys)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, rec := range list {
			h.rec.put(rec)
		}
	}
}

func (h *harness) op() Op {
	kind := []string{"category", "vendor", "product", "product", "service", "sale"}[h.rnd.IntN(6)]
	op := Op{Verb: Put, Kind: kind, Key: h.key(kind), Fields: h.fields(kind)}
	switch h.rnd.IntN(9) {
	case 0, 1, 2:
	case 3, 4:
		op.Verb = Set
	case 5:
		op.Verb = Erase
	case 6:
		op.Verb, op.To = Rekey, h.key(kind)
	default:
		h.special(&op)
	}
	return op
}

// special turns the operation into one that only products know.
func (h *harness) special(op *Op) {
	op.Kind, op.Key = "product", h.key("product")
	switch h.rnd.IntN(5) {
	case 0:
		op.Verb = Hide
	case 1:
		op.Verb = Show
	case 2:
		op.Verb, op.To = Convert, "service"
	case 3:
		op.Verb, op.Kind, op.To = Convert, "service", "product"
	default:
		op.Verb, op.Row, op.To = Reparent, h.key("vendor"), h.key("product")
	}
}

func (h *harness) key(kind string) string {
	switch kind {
	case "sale":
		till := []string{"a/b", `c\d`, `\`, "e"}[h.rnd.IntN(4)]
		return item.JoinKey(till, fmt.Sprint(1+h.rnd.IntN(4)))
	case "vendor":
		return []string{"v1", "v2", "v'3", `v"4`}[h.rnd.IntN(4)]
	default:
		return fmt.Sprint(1 + h.rnd.IntN(10))
	}
}

func (h *harness) fields(kind string) item.Fields {
	name := text(fmt.Sprintf("name %d", h.rnd.IntN(100)))
	price := decimal(fmt.Sprintf("%d.%02d", h.rnd.IntN(50), h.rnd.IntN(100)))
	switch kind {
	case "sale":
		return fields("total", price, "note", name)
	case "service":
		return fields("name", name, "price", price)
	case "product":
		out := fields("name", name, "price", price)
		if h.rnd.IntN(2) == 0 {
			out = out.With("vendors", vendorRows("v1", "1.5", "v2", price.Str()))
		}
		if h.o.Replaces && h.rnd.IntN(2) == 0 {
			out = out.With("barcode", text(fmt.Sprintf("00%d", h.rnd.IntN(5))))
		}
		return out
	default:
		return fields("name", name)
	}
}
