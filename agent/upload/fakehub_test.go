package upload_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"plait/agent/upload"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

var _ upload.Hub = (*hub)(nil)

// fataler is a test or a rapid check.
type fataler interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

var errLine = errors.New("the line is dead")

// fault is what becomes of one message.
type fault struct {
	lost   bool      // the hub never sees it
	unsaid bool      // the hub does it, and its answer is lost
	refuse error     // instead of doing it
	bend   func(any) // what the hub did is told otherwise; it gets a pointer to the answer
}

// hub is one store's hub in memory, by the protocol as shared/wire describes it.
type hub struct {
	t fataler
	hubState

	calls []string // the messages that were sent, in order
	bound int      // of the calls in one conversation
	fault func(call string) fault
	// before is called before a message is handled: an operator acts.
	before func(call string)
	// cannot says why the hub refuses a batch whole that holds such an item; "" if it
	// takes it.
	cannot  func(item.Item) string
	trouble string // the POS's, as the last hello told it
	page    int    // items on a page of links
	// lax believes every bye: the control.
	lax bool
}

// hubState is what a backup of the hub holds.
type hubState struct {
	epoch, store string
	chain        wire.Chain // the last that was let in
	agentEpoch   string
	epochs       []string // of agents, in order
	posEpoch     string
	batches      map[string]wire.BatchMark // the last of each agent epoch
	conversation string
	items        map[item.ID]row
	mark         wire.Mark
	revision     int // of the copy
	reconcile    string
	listReceipts bool
	restoreLinks bool
	profile      string
	catalog      *catalog.Catalog
	jobs         []job
	payloads     map[string][]byte
	repair       []string // the kinds that the store repairs by itself
	repairs      []string // ids of what it told of that
	request      string   // an operator's wish for a full upload
	uploads      map[string]staging
	proven       int // byes that were answered with equal
}

type row struct {
	body []byte
	dead bool
}

type job struct {
	wire.Job
	order   int64
	results int
}

type staging struct {
	answer       *wire.FullState // once it landed
	request      string
	epoch        string
	copyRevision int
	chunk        int64
	rows         map[item.ID]row
}

func newHub(t fataler) *hub {
	h := &hub{t: t, bound: 400, page: 500, hubState: hubState{
		epoch: "h1", store: storeID, batches: map[string]wire.BatchMark{}, items: map[item.ID]row{},
		payloads: map[string][]byte{}, uploads: map[string]staging{}, catalog: &catalog.Catalog{},
	}}
	return h
}

// backup copies what the hub keeps.
func (s hubState) backup() hubState {
	s.batches, s.items, s.payloads, s.uploads = maps.Clone(s.batches), maps.Clone(s.items), maps.Clone(s.payloads), maps.Clone(s.uploads)
	s.jobs, s.epochs = slices.Clone(s.jobs), slices.Clone(s.epochs)
	return s
}

// say carries one message and its answer over a line that may fail.
func say[A any](h *hub, ctx context.Context, call string, do func() (A, error)) (answer A, err error) {
	h.t.Helper()
	h.calls = append(h.calls, call)
	if len(h.calls) > h.bound {
		h.t.Fatalf("the conversation does not end: %d messages, the last are %v", len(h.calls), h.calls[len(h.calls)-20:])
	}
	if ctx.Err() != nil {
		return answer, ctx.Err()
	}
	if h.before != nil {
		h.before(call)
	}
	var f fault
	if h.fault != nil {
		f = h.fault(call)
	}
	if f.lost {
		return answer, fmt.Errorf("cannot reach the hub for %s: %w", call, errLine)
	}
	if f.refuse != nil {
		return answer, f.refuse
	}
	answer, err = do()
	if f.unsaid {
		var nothing A
		return nothing, fmt.Errorf("cannot reach the hub for %s: %w", call, errLine)
	}
	if f.bend != nil && err == nil {
		f.bend(&answer)
	}
	return answer, err
}

// within is say for what belongs to the conversation that was let in last.
func within[A any](h *hub, ctx context.Context, call string, do func() (A, error)) (A, error) {
	return say(h, ctx, call, func() (A, error) {
		if h.conversation == "" {
			var none A
			return none, wire.Refuse(wire.CodeOver, "another conversation of this store has begun; say hello again")
		}
		return do()
	})
}

func (h *hub) Profile(ctx context.Context, m wire.Profile) error {
	_, err := within(h, ctx, "profile", func() (struct{}, error) {
		if err := m.Validate(); err != nil {
			return struct{}{}, err
		}
		h.profile = wire.Sum(wire.EncodeControl(m))
		return struct{}{}, nil
	})
	return err
}

func (h *hub) Catalog(ctx context.Context, digest string) (*catalog.Catalog, []byte, error) {
	cat, err := say(h, ctx, "catalog", func() (*catalog.Catalog, error) {
		if h.catalog.Digest() != digest {
			return nil, wire.Refuse(wire.CodeNotFound, "there is no catalogue %s", digest)
		}
		return h.catalog, nil
	})
	if err != nil {
		return nil, nil, err
	}
	return cat, cat.Encode(), nil
}

func (h *hub) Payload(ctx context.Context, hash string) ([]byte, error) {
	return within(h, ctx, "payload", func() ([]byte, error) {
		lines, ok := h.payloads[hash]
		if !ok {
			return nil, wire.Refuse(wire.CodeNotFound, "there is no payload %s", hash)
		}
		return lines, nil
	})
}

// Links hands back what a POS lost: a page of links, receipts with the last.
// Repairs keeps what was told, and how often each id was new.
func (h *hub) Repairs(ctx context.Context, m wire.Repairs) error {
	_, err := within(h, ctx, "repairs", func() (struct{}, error) {
		if err := m.Validate(); err != nil {
			return struct{}{}, err
		}
		for _, r := range m.List {
			if !slices.Contains(h.repairs, r.ID) {
				h.repairs = append(h.repairs, r.ID)
			}
		}
		return struct{}{}, nil
	})
	return err
}

func (h *hub) Links(ctx context.Context, m wire.LinksAsk) (wire.LinksPage, error) {
	return within(h, ctx, "links", func() (wire.LinksPage, error) {
		p := wire.LinksPage{Items: []string{}}
		var linked []string
		for _, id := range h.ids() {
			it, err := item.Decode(h.items[id].body)
			if err != nil {
				h.t.Fatal(err)
			}
			if it.Link != nil || it.Gen > 1 {
				it.Fields = nil
				linked = append(linked, string(item.Append(nil, it)))
			}
		}
		from := 0
		if m.After != "" {
			if _, err := fmt.Sscanf(m.After, "after %d", &from); err != nil {
				return p, wire.Refuse(wire.CodeBadRequest, "%q is no page", m.After)
			}
		}
		if p.Items = linked[min(from, len(linked)):min(from+h.page, len(linked))]; from+h.page < len(linked) {
			p.Next = fmt.Sprintf("after %d", from+h.page)
			return p, nil
		}
		for _, j := range slices.Backward(h.jobs) {
			if j.State == "applied" {
				p.Applied = append(p.Applied, wire.ReceiptHead{Known: true, Job: j.ID, HubEpoch: j.HubEpoch, Number: j.Number, NextItem: j.Items, Done: true, Order: j.order})
			}
		}
		return p, nil
	})
}

func (h *hub) Bye(ctx context.Context, m wire.Bye) (wire.ByeAnswer, error) {
	return within(h, ctx, "bye", func() (a wire.ByeAnswer, err error) {
		if err := m.Validate(); err != nil {
			return a, err
		}
		a.Pending = h.open()
		if a.Differ = differing(h.sums(nil), m.Kinds); h.lax {
			a.Differ = nil
		}
		a.Equal = len(a.Differ) == 0 && m.Parked == 0
		h.reconcile = ""
		if len(a.Differ) > 0 {
			h.reconcile = "record and copy differ"
		}
		if a.Equal {
			h.proven++
		}
		return a, nil
	})
}

func (h *hub) ids() []item.ID {
	return slices.SortedFunc(maps.Keys(h.items), func(a, b item.ID) int {
		return compareText(a.Kind+"\x00"+a.Key, b.Kind+"\x00"+b.Key)
	})
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
