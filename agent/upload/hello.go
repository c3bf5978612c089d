package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/shared/wire"

	"github.com/google/uuid"
)

// maxHellos bounds how often one conversation begins anew: for a new agent epoch,
// for a new POS epoch, and to list receipts after either.
const maxHellos = 6

// hello is let in by the hub, and settles what the answer says was restored.
func (c *conversation) hello(ctx context.Context) error {
	c.step(PhaseHello, "Connecting to the hub.")
	for try := 0; try < maxHellos; try++ {
		again, err := c.helloOnce(ctx)
		if err != nil || !again {
			return err
		}
	}
	return errors.New("the hub asked for a new beginning again and again; run doctor, and tell the hub's operator")
}

func (c *conversation) helloOnce(ctx context.Context) (again bool, err error) {
	m, err := c.greeting(ctx)
	if err != nil {
		return false, err
	}
	w, err := c.Hub.Hello(ctx, m)
	if err != nil {
		return false, err
	}
	c.history = m.POSEpoch
	if err := c.believeWelcome(w); err != nil {
		return false, err
	}
	if err := c.Box.SetHubEpoch(ctx, w.HubEpoch); err != nil {
		return false, err
	}
	if err := c.Box.SettleChain(ctx, m.Chain); err != nil {
		return false, err
	}
	if err := c.keepRepairRule(ctx, w.Repair); err != nil {
		return false, err
	}
	c.welcome, c.report.Store, c.report.OpenJobs = w, w.StoreName, w.OpenJobs
	if w.NewAgentEpoch {
		c.behind = true
		_, err := c.Box.NewEpoch(ctx)
		return true, err
	}
	if again, err := c.checkHubMark(ctx); again || err != nil {
		c.receipts = nil // of the history before
		return again, err
	}
	if !w.WantReceipts || c.trouble != "" || c.receipts != nil {
		return false, nil
	}
	c.receipts, err = c.listReceipts(ctx)
	return err == nil && c.receipts != nil, err
}

// listReceipts lists the jobs that this history of the POS holds.
func (c *conversation) listReceipts(ctx context.Context) (*wire.Receipts, error) {
	list, err := c.POS.Receipts(ctx, wire.MaxReceipts+1)
	if err != nil {
		return nil, c.posTrouble(err)
	}
	out := &wire.Receipts{Jobs: []wire.ReceiptRef{}, More: len(list) > wire.MaxReceipts}
	for _, r := range list[:min(len(list), wire.MaxReceipts)] {
		out.Jobs = append(out.Jobs, wire.ReceiptRef{Job: r.Job, Order: r.Order})
	}
	return out, nil
}

func (c *conversation) greeting(ctx context.Context) (wire.Hello, error) {
	standing, err := c.Box.Standing(ctx)
	if err != nil {
		return wire.Hello{}, err
	}
	chain, err := c.Box.PrepareChain(ctx)
	if err != nil {
		return wire.Hello{}, err
	}
	head, err := c.head(ctx)
	if err != nil {
		return wire.Hello{}, err
	}
	profile, err := c.profileDigest(ctx)
	if err != nil {
		return wire.Hello{}, err
	}
	catalog, err := c.Box.CatalogDigest(ctx)
	if err != nil {
		return wire.Hello{}, err
	}
	return wire.Hello{
		Protocol: wire.Protocol, CanonicalForm: wire.CanonicalForm, Version: c.Version,
		Installation: standing.Installation, AgentEpoch: standing.AgentEpoch, POSEpoch: standing.Mark.POSEpoch, HubEpoch: standing.HubEpoch,
		Chain: chain, Conversation: uuid.NewString(), Release: c.req.Release,
		Mapping: c.Mapping, Profile: profile, Catalog: catalog,
		Frozen: standing.Frozen, Acked: standing.Acked, Receipt: head, Receipts: c.receipts, Mark: standing.Mark,
		Reason: c.req.Reason, NextDue: c.nextDue(), POSTrouble: sentence(c.trouble),
	}, nil
}

func (c *conversation) nextDue() int64 {
	now := c.Now()
	if c.NextDue == nil {
		return int64(time.Hour / time.Second)
	}
	return max(1, int64(c.NextDue(now).Sub(now)/time.Second))
}

// sentence is a text in the protocol's form: errors of a POS have many.
func sentence(s string) string { return wire.Line(s, wire.MaxReasonBytes) }

// checkHubMark compares the hub's newest mark with the POS: a POS and agent.db
// that were restored together agree with each other, and differ from the hub.
// Where agent.db is level with the hub, capture's own check has settled it: the
// hub's older mark may have been pruned since.
func (c *conversation) checkHubMark(ctx context.Context) (again bool, err error) {
	mark := c.welcome.Mark
	if c.trouble != "" || mark.POSEpoch == "" || mark.Seq == 0 {
		return false, nil
	}
	standing, err := c.Box.Standing(ctx)
	if err != nil {
		return false, err
	}
	if standing.Mark.POSEpoch != mark.POSEpoch {
		return false, nil // a new history has begun already
	}
	if standing.Mark.Seq > mark.Seq && !c.fresh && !c.behind || standing.Mark == mark {
		return false, nil
	}
	same, err := c.POS.HasMark(ctx, mark)
	if err == nil && !same {
		err = c.newHistory(ctx, "this PC, or its POS database, was restored from an older copy")
	}
	if err != nil {
		return false, c.posTrouble(err) // the hub keeps its mark, and tells of it again
	}
	return !same, nil
}

// level brings catalogue, profile and links level, then compares digests where
// the hub, or a new history, asks for it.
func (c *conversation) level(ctx context.Context) error {
	if err := c.freshCatalog(ctx); err != nil {
		return err
	}
	if c.welcome.WantProfile && c.trouble == "" {
		if err := c.sendProfile(ctx); err != nil {
			return err
		}
	}
	if err := c.restoreLinks(ctx); err != nil {
		return err
	}
	if c.welcome.Reconcile == "" || c.trouble != "" {
		return nil
	}
	c.note("compared with the hub: %s", c.welcome.Reconcile)
	return c.reconcile(ctx)
}

func (c *conversation) freshCatalog(ctx context.Context) error {
	have, err := c.Box.CatalogDigest(ctx)
	if err != nil || have == c.welcome.Catalog || c.welcome.Catalog == "" {
		return err
	}
	cat, raw, err := c.Hub.Catalog(ctx, c.welcome.Catalog)
	if err != nil {
		return err
	}
	if err := c.Box.SetCatalog(ctx, raw); err != nil {
		return fmt.Errorf("cannot keep the catalogue: %w", err)
	}
	if c.CatalogChanged != nil {
		c.CatalogChanged(cat)
	}
	return nil
}

func (c *conversation) profileDigest(ctx context.Context) (string, error) {
	if c.trouble != "" {
		return "", nil
	}
	p, err := c.profile(ctx)
	if err != nil {
		return "", c.posTrouble(err)
	}
	return wire.Sum(wire.EncodeControl(p)), nil
}

func (c *conversation) sendProfile(ctx context.Context) error {
	p, err := c.profile(ctx)
	if err != nil {
		return c.posTrouble(err)
	}
	return c.Hub.Profile(ctx, p)
}

func (c *conversation) profile(ctx context.Context) (wire.Profile, error) {
	p, err := c.POS.Profile(ctx)
	p.POS = sentence(p.POS)
	for i := range p.Kinds {
		p.Kinds[i].Paused = sentence(p.Kinds[i].Paused)
	}
	return p, err
}
