package storesync

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// Test makes the dry run of a sync: it cuts the payload from the hub's copy of
// the source, runs the merge for each receiver over the hub's copy of it, and
// keeps what it found for a day. It changes nothing at any store. progress may
// be nil.
//
// Receivers are read one by one, each in one snapshot; what is in memory at a
// time is the payload, the names of one receiver's items, and its outcome.
// Errors: ErrRequest says what to change about the request.
func (s *Service) Test(ctx context.Context, r Request, progress Progress) (Plan, error) {
	return s.test(ctx, r, nil, progress)
}

func (s *Service) test(ctx context.Context, r Request, proposed *Proposed, progress Progress) (Plan, error) {
	if err := r.check(); err != nil {
		return Plan{}, fmt.Errorf("cannot test the sync: %w", err)
	}
	t := &test{service: s, request: r, proposed: proposed}
	if err := s.db.View(ctx, t.prepare); err != nil {
		return Plan{}, fmt.Errorf("cannot test the sync: %w", err)
	}
	for i := range t.plan.Stores {
		if err := t.receiver(ctx, &t.plan.Stores[i]); err != nil {
			return Plan{}, fmt.Errorf("cannot test the sync at store %s: %w", t.plan.Stores[i].Name, err)
		}
		if progress != nil {
			progress(t.plan.Stores[i].Name, i+1, len(t.plan.Stores))
		}
	}
	if err := t.finish(ctx); err != nil {
		return Plan{}, fmt.Errorf("cannot keep the Test: %w", err)
	}
	return t.plan, nil
}

// test is one Test as it is made.
type test struct {
	service *Service
	request Request

	proposed *Proposed // in place of the network's kinds and switches; nil mostly
	network  store.Network
	settings Settings
	catalog  *catalog.Catalog
	policies policies
	parties  parties

	src     *source
	cutting *cutting
	only    map[string]*cutting // by store: of those that get some items alone
	deletes *deletes            // nil if the sync deletes nothing
	gone    []goneKind          // what the source has deleted, if the sync does not
	plan    Plan
	pieces  []stored // not yet written
	held    int      // bytes of pieces
}

// prepare does everything that is common to the receivers, in one snapshot.
func (t *test) prepare(v *store.View) (err error) {
	if err := t.readNetwork(v); err != nil {
		return err
	}
	t.startPlan(v)
	if err := t.applyFrom(v.Now()); err != nil {
		return err
	}
	if err := t.standings(v); err != nil {
		return err
	}
	if err := t.cut(v); err != nil {
		return err
	}
	if err := t.prepareDeletes(v); err != nil {
		return err
	}
	t.prepareGone()
	if err := t.describe(v); err != nil {
		return err
	}
	if err := t.checkResets(); err != nil {
		return err
	}
	return t.checkOwn()
}

func (t *test) readNetwork(v *store.View) (err error) {
	if t.network, err = v.Network(t.request.Network); err != nil {
		return err
	}
	if t.settings, err = SettingsOf(t.network); err != nil {
		return err
	}
	if t.catalog, err = catalogOf(v, t.network); err != nil {
		return err
	}
	switches := t.network.Switches
	if t.proposed != nil {
		t.catalog, switches = t.proposed.Catalog, t.proposed.Switches
	}
	t.policies = policiesOf(switches, t.request.Options)
	all, err := v.Stores(t.network.ID)
	if err != nil {
		return err
	}
	if t.parties, err = findParties(t.request, all, t.settings); err != nil {
		return err
	}
	if err := oneReceiver(t.catalog, t.request.Kinds, len(t.parties.receivers)); err != nil {
		return err
	}
	if t.request.Decisions, err = byID(t.request.Decisions, all); err != nil {
		return err
	}
	t.request.Reset, err = byID(t.request.Reset, all)
	return err
}

func (t *test) startPlan(v *store.View) {
	r := t.request
	t.plan = Plan{
		Network: t.network.ID, Source: StoreName{t.parties.source.ID, t.parties.source.Name},
		Label: cmp.Or(r.Label, "Sync of "+v.Now().Format("2006-01-02 15:04")), By: r.By,
		Made: v.Now(), Expires: v.Now().Add(keepTest), Request: r,
	}
	if t.proposed != nil {
		t.plan.Policy = t.proposed.plan(t.network)
		for _, x := range t.proposed.stops {
			t.warn(x.warning())
		}
	}
	for _, st := range t.parties.receivers {
		t.plan.Stores = append(t.plan.Stores, StorePlan{StoreName: StoreName{st.ID, st.Name}, Role: st.Role})
	}
	for _, name := range t.parties.left {
		t.warn(Warning{Code: WarnHeadOfficeOut, Text: "head office, " + quoted(name) + ", is not among “all receivers”", Mend: "name it, if it is to receive"})
	}
}

func (t *test) warn(w Warning) { t.plan.Warnings = append(t.plan.Warnings, w) }

// standings looks at how the source and each receiver stand.
func (t *test) standings(v *store.View) error {
	src, err := t.standing(v, t.parties.source.ID)
	if err != nil {
		return err
	}
	if !src.uploaded() {
		return refuse("the source, store %s, has not uploaded yet; let its agent upload first", src.store.Name)
	}
	t.plan.Warnings = append(t.plan.Warnings, src.asSource(v.Now())...)
	for i := range t.plan.Stores {
		at := &t.plan.Stores[i]
		st, err := t.standing(v, at.ID)
		if err != nil {
			return err
		}
		if at.Blocked = st.blocked(); at.Blocked == "" {
			at.Warnings = st.warnings(v.Now())
			if at.Role == store.HeadOffice {
				t.plan.HeadOffice = at.Name
			}
		}
	}
	return nil
}

func (t *test) standing(v *store.View, id string) (standing, error) {
	in, err := v.In(id)
	if err != nil {
		return standing{}, err
	}
	return standingOf(in)
}

// cut reads the source and builds the payload.
func (t *test) cut(v *store.View) error {
	options := t.request.Options
	kinds, err := concerned(t.catalog, t.request.Kinds, t.policies, options.AddMissing)
	if err != nil {
		return err
	}
	order, cycles := kindOrder(kinds, t.policies)
	for _, c := range cycles {
		t.warn(Warning{Code: WarnCyclicKinds, Names: c, Text: "items of " + named(c) + " need each other: what a new item needs may not be there yet when it arrives", Mend: "run the sync a second time"})
	}
	if t.src, err = t.readSource(v, kinds); err != nil {
		return err
	}
	t.src.skipGone = options.SkipGone
	if err := t.src.restrict(t.request.Fields); err != nil {
		return err
	}
	if err := t.resolveSince(v); err != nil {
		return err
	}
	picked, err := t.src.choose(t.request.Kinds)
	if err != nil {
		return err
	}
	epoch, err := v.HubEpoch()
	if err != nil {
		return err
	}
	t.plan.HubEpoch = epoch.Epoch
	options.NoAdopt = options.NoAdopt || t.settings.NoAdopt
	t.cutting = &cutting{src: t.src, order: order, chosen: picked, options: options.Options, epoch: epoch.Epoch}
	if err := t.addMissing(v, t.cutting, t.plan.Stores); err != nil {
		return err
	}
	if err := t.encode(); err != nil {
		return err
	}
	return t.cutOnly(v)
}

func (t *test) readSource(v *store.View, kinds []catalog.Kind) (*source, error) {
	in, err := v.In(t.parties.source.ID)
	if err != nil {
		return nil, err
	}
	var known []store.Alias
	for _, k := range kinds {
		list, err := v.Aliases(t.network.ID, k.Name)
		if err != nil {
			return nil, err
		}
		known = append(known, list...)
	}
	keep := func(kind string) bool {
		return t.request.Options.AddMissing || slices.ContainsFunc(t.request.Kinds, func(s Selection) bool { return s.Kind == kind })
	}
	return readSource(copyOf{in}, t.parties.source.ID, kinds, t.policies, keep, newAliases(known))
}

// encode stores the payload's bytes, compressed once for all receivers.
func (t *test) encode() (err error) {
	t.plan.Items = len(t.cutting.payload.Items)
	t.plan.Payload, t.plan.Size, err = t.keepPayload(t.cutting)
	return err
}

func (t *test) keepPayload(c *cutting) (hash string, size int, err error) {
	lines, hash, err := wire.EncodePayload(c.payload)
	if err != nil {
		return "", 0, refuse("%w", err)
	}
	body := wire.Compress(nil, lines)
	t.keep(stored{hash, body})
	return hash, len(body), nil
}

func (t *test) keep(p stored) {
	t.pieces = append(t.pieces, p)
	t.held += len(p.body)
}

// part reads a receiver and decides the part of the job that is its alone.
func (t *test) part(held holder, id string, profile wire.Profile) (*receiver, wire.Own, error) {
	r, own, err := t.read(held, id, profile)
	if err != nil || len(t.request.ResetFields) == 0 {
		return r, own, err
	}
	named, err := r.named(&t.cutFor(id).payload, own, t.request.ResetFields)
	if err != nil {
		return nil, own, err
	}
	// The first look has written over what it read.
	r, own, err = t.read(held, id, profile)
	own.Reset = named
	return r, own, err
}

func (t *test) read(held holder, id string, profile wire.Profile) (*receiver, wire.Own, error) {
	r, err := readReceiver(held, id, profile, t.cutFor(id).payload.Kinds)
	if err != nil {
		return nil, wire.Own{}, err
	}
	own, err := t.own(held, r)
	return r, own, err
}

// checkOwn holds decisions and resets to what the sync brings and to whom.
func (t *test) checkOwn() error {
	uids := make(map[string]bool, len(t.cutting.payload.Items))
	for _, it := range t.cutting.payload.Items {
		uids[it.UID] = true
	}
	if t.request.AgainOf != "" { // what was decided of items that are gone decides nothing
		return nil
	}
	known := func(storeID, uid string) error {
		switch {
		case !slices.ContainsFunc(t.plan.Stores, func(s StorePlan) bool { return s.ID == storeID }):
			return refuse("something is decided for store %.40q, which does not receive this sync", storeID)
		case !uids[uid]:
			return refuse("something is decided for the item %.60q, which this sync does not bring", uid)
		}
		return nil
	}
	for storeID, list := range t.request.Decisions {
		for uid := range list {
			if err := known(storeID, uid); err != nil {
				return err
			}
		}
	}
	for storeID, list := range t.request.Reset {
		for uid := range list {
			if err := known(storeID, uid); err != nil {
				return err
			}
		}
	}
	return nil
}

// receiver predicts one receiver's part, in one snapshot.
func (t *test) receiver(ctx context.Context, at *StorePlan) error {
	if at.Blocked != "" {
		return nil
	}
	err := t.service.db.ViewStore(ctx, at.ID, func(v *store.StoreView) error { return t.predict(v, at) })
	if err != nil {
		return err
	}
	return t.flush(ctx, flushBytes)
}

func (t *test) predict(v *store.StoreView, at *StorePlan) error {
	profile, err := v.Profile()
	if err != nil {
		return err
	}
	r, own, err := t.part(copyOf{v}, at.ID, profile)
	if err != nil {
		return err
	}
	stay := t.goneAt(r)
	sums := newTally(t.catalog, profile)
	detail := StoreDetail{Store: at.StoreName}
	payload := &t.cutFor(at.ID).payload
	common := len(payload.Items)
	detail.Prediction, err = r.predict(payload, own, func(p merge.ItemPlan) {
		sums.plan(p)
		detail.Resets = append(detail.Resets, lost(p)...)
		if p.N >= common {
			detail.Deletes = append(detail.Deletes, Deletion{p.Kind, p.Local.Key, p.UID, p.Name, string(p.Action), p.Why})
		}
	})
	if err != nil {
		return err
	}
	if t.request.Options.OnlyLinked && detail.Counts == (wire.Counts{Skipped: detail.Counts.Skipped}) {
		at.Blocked = "it has nothing of this that is linked"
		return nil
	}
	at.Warnings = append(append(at.Warnings, sums.warnings()...), stay...)
	return t.note(at, detail, own)
}

// own is the part of the job that is this receiver's alone.
func (t *test) own(held holder, r *receiver) (own wire.Own, err error) {
	own.Decisions, own.Reset = t.request.Decisions[r.store], t.request.Reset[r.store]
	if t.deletes == nil || t.only[r.store] != nil {
		return own, nil
	}
	var targets []item.ID
	if own.Items, targets, err = t.deletes.of(held, r, own.Decisions); err != nil || len(targets) == 0 {
		return own, err
	}
	r.refs, err = readReferrers(held, t.catalog, r.profile, targets)
	return own, err
}

// note puts a receiver's outcome into the plan and keeps its pieces.
func (t *test) note(at *StorePlan, d StoreDetail, own wire.Own) error {
	at.Counts, at.Outcome = d.Counts, d.Prediction.Digest
	at.Exceptions, at.Deletes = len(d.Exceptions)+d.More, len(d.Deletes)
	_, brings := t.plan.content(*at)
	at.Items = brings + len(own.Items)
	at.Resets, at.Loses = len(own.Items) > 0 || len(own.Reset) > 0, len(d.Resets)
	if len(own.Decisions)+len(own.Reset)+len(own.Items) > 0 {
		lines, hash, err := wire.EncodeOwn(own)
		if err != nil {
			return refuse("%w", err)
		}
		at.Own = hash
		t.keep(stored{hash, wire.Compress(nil, lines)})
	}
	piece, err := storedJSON(d)
	if err != nil {
		return err
	}
	at.Detail = piece.digest
	t.keep(piece)
	addCounts(&t.plan.Counts, at.Counts)
	t.plan.Deletes += at.Deletes
	t.plan.Resets += at.Loses
	return nil
}

// flushBytes is how much of a Test waits in memory to be written.
const flushBytes = 4 << 20

// flush writes pieces once there are more than so many bytes of them.
func (t *test) flush(ctx context.Context, above int) error {
	if t.held <= above {
		return nil
	}
	err := t.service.db.WithNetwork(ctx, t.network.ID, func(tx *store.NetworkTx) error {
		for _, p := range t.pieces {
			if err := tx.AddPlan(store.Plan{Digest: p.digest, Body: p.body, By: t.request.By, Expires: t.plan.Expires}); err != nil {
				return err
			}
		}
		return nil
	})
	t.pieces, t.held = nil, 0
	return err
}

// finish names the Test and keeps it.
func (t *test) finish(ctx context.Context) error {
	t.plan.State = t.plan.state()
	sum := sha256.Sum256([]byte("plait test\x00" + t.plan.State + "\x00" + store.NewID()))
	t.plan.Digest = hex.EncodeToString(sum[:])
	root, err := storedJSON(t.plan)
	if err != nil {
		return err
	}
	t.keep(stored{t.plan.Digest, root.body})
	return t.flush(ctx, 0)
}

// state is the digest of all that would happen.
func (p Plan) state() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n", p.Payload)
	for _, s := range p.Stores {
		fmt.Fprintf(sum, "%s %t %s %s %s\n", s.ID, s.Blocked == "", s.Payload, s.Own, s.Outcome)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
