package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/hub/access"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/item"
)

// asShipped takes a network's own policy of a field away again.
const asShipped = "default"

// TestPolicy says what other policies or kinds would lock, free and overwrite, and
// where, and keeps Tests of it for a day. Nothing changes.
func (d *Desk) TestPolicy(ctx context.Context, who access.Who, network string, in ChangePolicy) (storesync.PolicyTest, error) {
	n, err := d.syncsIn(ctx, who, network, access.Operator)
	if err != nil {
		return storesync.PolicyTest{}, err
	}
	proposed, _, err := d.proposed(n, in)
	if err != nil {
		return storesync.PolicyTest{}, err
	}
	label := "Policies of " + n.Name
	out, err := d.Sync.TestPolicy(ctx, storesync.PolicyRequest{Network: n.ID, By: who.Name, Label: label, Proposed: proposed})
	return out, syncError(err)
}

// SetPolicy changes policies that send nothing to any store: what does is tested first.
// What they stop syncing stays at the stores; in.Stops says that this is known.
func (d *Desk) SetPolicy(ctx context.Context, who access.Who, network string, in ChangePolicy) (Network, error) {
	if err := who.Needs(access.Admin); err != nil {
		return Network{}, err
	}
	test, err := d.TestPolicy(ctx, who, network, in)
	if err != nil {
		return Network{}, err
	}
	if len(test.Tests) > 0 {
		return Network{}, conflict("it touches what stores have from others: test it first with plait-hub policy test, and carry it out with plait-hub policy run")
	}
	if n := test.Stopped(); n != in.Stops {
		return Network{}, conflict("it stops syncing what stores have from others, in %d items: look at it with plait-hub policy test, and say that number with --stops %d", n, n)
	}
	n, err := d.syncsIn(ctx, who, network, access.Admin)
	if err != nil {
		return Network{}, err
	}
	err = d.DB.WithNetwork(ctx, n.ID, func(tx *store.NetworkTx) error {
		proposed, changed, err := d.proposed(tx.Network, in)
		if err != nil {
			return err
		}
		return changePolicy(tx, who, in, proposed, changed)
	})
	if err != nil {
		return Network{}, err
	}
	return d.Network(ctx, who, n.ID)
}

// proposed are the kinds and switches that a network would have, and the network
// with the settings that make them.
func (d *Desk) proposed(n store.Network, in ChangePolicy) (storesync.Proposed, store.Network, error) {
	if err := checkSwitches(in.Switches); err != nil {
		return storesync.Proposed{}, n, err
	}
	switches := maps.Clone(n.Switches)
	if switches == nil {
		switches = map[string]bool{}
	}
	maps.Copy(switches, in.Switches)
	n.Switches = switches
	var err error
	if n.Settings, err = d.withKinds(n, in.Preset, in.Overlay); err != nil {
		return storesync.Proposed{}, n, err
	}
	if n.Settings, err = d.withPolicies(n, in.Policies); err != nil {
		return storesync.Proposed{}, n, err
	}
	whole, err := d.catalogue(n)
	if err != nil {
		return storesync.Proposed{}, n, err
	}
	change, err := json.Marshal(in)
	return storesync.Proposed{Catalog: whole, Switches: n.Switches, Change: change}, n, err
}

// withPolicies returns the network's settings with other policies of its own.
func (d *Desk) withPolicies(n store.Network, policies map[string]string) (json.RawMessage, error) {
	if len(policies) == 0 {
		return n.Settings, nil
	}
	set, err := d.kindsOf(n)
	if err != nil {
		return nil, err
	}
	kinds, err := d.unsettled(set)
	if err != nil {
		return nil, err
	}
	set.Policies = maps.Clone(set.Policies)
	if set.Policies == nil {
		set.Policies = map[string]item.Policy{}
	}
	for name, text := range policies {
		if err := checkPolicy(kinds, name, text); err != nil {
			return nil, err
		}
		if set.Policies[name] = item.Policy(text); text == asShipped {
			delete(set.Policies, name)
		}
	}
	changed := kinds.With(set.Policies)
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		if why := changed.Hinders(name); why != "" {
			return nil, refuse("cannot make %s %s: %s", name, policies[name], why)
		}
	}
	return d.keepKinds(n, set)
}

func checkPolicy(kinds *catalog.Catalog, name, text string) error {
	known := []string{string(item.Locked), string(item.Unlocked), string(item.Additive), string(item.Never), asShipped}
	if !slices.Contains(known, text) {
		return refuse("a policy is %s, not %.20q", strings.Join(known, ", "), text)
	}
	if _, ok := kinds.Policy(name); ok {
		return nil
	}
	kind, field, _ := strings.Cut(name, ".")
	k, ok := kinds.Kind(kind)
	if !ok {
		return refuse("the network's catalogue has no kind %.40q", kind)
	}
	if _, ok := k.Field(field); !ok {
		return refuse("%s has no field %.40q: write a field as kind.field, and a column of it as kind.field.column", kind, field)
	}
	return refuse("%s is never synced, and no network changes that", name)
}

// changePolicy makes a change as it was proposed, in the network's transaction, with
// its entry in the audit log.
func changePolicy(tx *store.NetworkTx, who access.Who, in ChangePolicy, proposed storesync.Proposed, n store.Network) error {
	in.Overlay = nil // the kinds themselves are the network's catalogue
	if err := who.OnNetwork(tx, access.Act{What: "policy.set", Need: access.Admin, Detail: in}); err != nil {
		return err
	}
	if err := tx.SetNetwork(n); err != nil {
		return err
	}
	if err := tx.SetCatalog(proposed.Catalog.Digest(), proposed.Catalog.Encode()); err != nil {
		return err
	}
	return storesync.Settle(tx.View, n.ID, tx.SetContinuous)
}

// runPolicy carries out a plan's change of the network, once: of several Tests of
// one change the first does it.
func (d *Desk) runPolicy(who access.Who) func(*store.NetworkTx, storesync.Plan) error {
	return func(tx *store.NetworkTx, p storesync.Plan) error {
		if p.Policy.Done(tx.Network) {
			return nil
		}
		if !p.Policy.Stands(tx.Network) {
			return conflict("the network's kinds or switches have changed since the Test: make another")
		}
		var in ChangePolicy
		if err := json.Unmarshal(p.Policy.Change, &in); err != nil {
			return fmt.Errorf("cannot read what the Test changes: %w", err)
		}
		proposed, n, err := d.proposed(tx.Network, in)
		if err != nil {
			return err
		}
		if proposed.Catalog.Digest() != p.Policy.Catalog {
			return conflict("this hub makes other kinds of it than when it was tested: make another Test")
		}
		return changePolicy(tx, who, in, proposed, n)
	}
}
