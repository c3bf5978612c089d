package upload_test

import (
	"context"
	"slices"

	"plait/shared/wire"
)

// Hello judges the chain as hub/contact does, except that an older copy of an
// agent is released at once.
func (h *hub) Hello(ctx context.Context, m wire.Hello) (wire.Welcome, error) {
	return say(h, ctx, "hello", func() (wire.Welcome, error) {
		if err := m.Validate(); err != nil {
			return wire.Welcome{}, err
		}
		h.trouble = m.POSTrouble
		known := slices.Contains(h.epochs, m.AgentEpoch)
		held := h.batches[m.AgentEpoch]
		switch {
		case !known && m.Chain.Counter == 1:
			h.fresh(m)
		case !known, m.Chain.Counter > h.chain.Counter+1 && m.AgentEpoch == h.agentEpoch, m.Acked.Number > held.Number:
			h.restored(m)
		case m.AgentEpoch != h.agentEpoch, held.Number > 0 && held != m.Acked && held != m.Frozen:
			return h.welcome(m, true), nil
		case m.Chain == h.chain: // once more
			h.conversation = m.Conversation
			return h.welcome(m, false), nil
		case m.Chain.Counter == h.chain.Counter+1 && m.Chain.Previous == h.chain.Next:
		default:
			return h.welcome(m, true), nil
		}
		h.letIn(m)
		return h.welcome(m, false), nil
	})
}

func (h *hub) fresh(m wire.Hello) {
	if len(h.epochs) > 0 || len(h.items) > 0 || m.HubEpoch != "" {
		h.reconcile, h.listReceipts = "the agent began a new history", true
	}
	h.epochs = append(h.epochs, m.AgentEpoch)
}

func (h *hub) restored(m wire.Hello) {
	h.epoch += ".r"
	h.reconcile, h.listReceipts = "the hub was restored from a backup", true
	if !slices.Contains(h.epochs, m.AgentEpoch) {
		h.epochs = append(h.epochs, m.AgentEpoch)
	}
	if m.Acked.Number > h.batches[m.AgentEpoch].Number {
		h.batches[m.AgentEpoch] = m.Acked
	}
}

func (h *hub) letIn(m wire.Hello) {
	if m.POSEpoch != "" && h.posEpoch != "" && m.POSEpoch != h.posEpoch {
		h.reconcile, h.listReceipts = "the POS database was restored or replaced", true
	}
	if m.POSEpoch != "" {
		h.posEpoch = m.POSEpoch
	}
	h.chain, h.agentEpoch, h.conversation = m.Chain, m.AgentEpoch, m.Conversation
	if h.restoreLinks = m.Receipt.Absent && h.applied(); !h.restoreLinks {
		h.settle(m)
	}
	if h.listReceipts && (m.Receipts != nil || m.Receipt.Known && m.Receipt.Job == "") {
		h.listReceipts = false
	}
}

func (h *hub) applied() bool {
	return slices.ContainsFunc(h.jobs, func(j job) bool { return j.State == "applied" })
}

// settle rolls back what the POS has no receipt for.
func (h *hub) settle(m wire.Hello) {
	if !m.Receipt.Known || h.listReceipts && m.Receipts == nil && m.Receipt.Job != "" {
		return
	}
	for i := range h.jobs {
		j := &h.jobs[i]
		gone := j.order > m.Receipt.Order
		if m.Receipts != nil {
			gone = !slices.ContainsFunc(m.Receipts.Jobs, func(r wire.ReceiptRef) bool { return r.Job == j.ID })
		}
		if j.State == "applied" && gone {
			j.State = "rolled_back"
		}
	}
}

func (h *hub) welcome(m wire.Hello, newEpoch bool) wire.Welcome {
	if newEpoch {
		h.conversation = m.Conversation
	}
	w := wire.Welcome{
		HubEpoch: h.epoch, Network: "n1", Store: h.store, StoreName: "Lakeside", Role: "branch", Switch: "on", Catalog: h.catalog.Digest(),
		Batch: h.batches[m.AgentEpoch], Mark: h.mark, NewAgentEpoch: newEpoch, RestoreLinks: h.restoreLinks, Reconcile: h.reconcile,
		FullUpload: h.request, OpenJobs: h.open(), WantProfile: m.Profile != "" && m.Profile != h.profile, Repair: h.repair,
	}
	w.WantReceipts = h.listReceipts && m.Receipts == nil && m.Receipt.Known && !m.Receipt.Absent
	return w
}
