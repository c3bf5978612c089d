package storesync

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"plait/hub/store"
)

// since is where the changes that a selection brings begin. The zero value lets
// everything pass.
type since struct {
	rev  int64     // items with a higher sync_rev pass
	at   time.Time // and of these, the ones whose sync_rev was given at that time or later
	text string    // for people; "" if the selection asks for no changes
}

func (s since) passes(r *row) bool {
	return (s.rev == 0 || r.syncRev > s.rev) && !r.syncAt.Before(s.at)
}

// The forms of a time in a request. Those without a zone are in the hub's.
var timeForms = []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339}

// parseTime reads a date or a time; what says no zone is in the hub's.
func parseTime(text string, zone *time.Location) (time.Time, error) {
	for _, form := range timeForms {
		if at, err := time.ParseInLocation(form, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, refuse("%.40q is no date or time: write it as 2006-01-02, 2006-01-02 15:04, or 2006-01-02T15:04:05Z", text)
}

// resolveSince finds where the changes begin that each selection asks for. Only
// the hub's own counters and times decide: what a PC's clock said does not
// (rule 16).
func (t *test) resolveSince(v *store.View) error {
	for _, sel := range t.request.Kinds {
		from, err := t.sinceOf(v, sel)
		if err != nil {
			return err
		}
		t.src.kinds[sel.Kind].from = from
	}
	return nil
}

func (t *test) sinceOf(v *store.View, sel Selection) (since, error) {
	rev, counted := strings.CutPrefix(sel.ChangedSince, "rev:")
	switch {
	case sel.ChangedSince == "":
		return since{}, nil
	case sel.ChangedSince == SinceLast:
		return t.sinceLast(v, sel.Kind)
	case counted:
		n, err := strconv.ParseInt(rev, 10, 64)
		if err != nil || n < 0 {
			return since{}, refuse("%s: %.40q names no sync_rev", sel.Kind, sel.ChangedSince)
		}
		return since{rev: n, text: "changed after " + rev}, nil
	}
	at, err := parseTime(sel.ChangedSince, t.service.Zone)
	if err != nil {
		return since{}, err
	}
	return since{at: at, text: "changed since " + at.In(t.service.Zone).Format(minute)}, nil
}

// sinceLast begins where the receivers have been given everything: the source's
// sync_rev up to which each of them has jobs, applied or open, that brought every
// change of the kind. The store that lacks most decides, so that none misses a
// change that a sync left it out of, or whose job was cancelled or lost.
func (t *test) sinceLast(v *store.View, kind string) (since, error) {
	given, err := v.Given(t.network.ID, t.parties.source.ID, kind)
	if err != nil {
		return since{}, err
	}
	out := since{rev: -1, text: "changed since the last sync"}
	for _, at := range t.plan.Stores {
		if at.Blocked == "" && (out.rev < 0 || given[at.ID] < out.rev) {
			out.rev = given[at.ID]
			if out.rev == 0 {
				out.text = "all, for store " + quoted(at.Name) + " was never given all of it"
			}
		}
	}
	out.rev = max(out.rev, 0)
	return out, nil
}

// covers reports whether the selection brings every change of its kind since its
// beginning: what the next "since the last sync" can begin from.
func (s Selection) covers(o Options) bool {
	counted := s.ChangedSince == "" || s.ChangedSince == SinceLast || strings.HasPrefix(s.ChangedSince, "rev:")
	listed := len(s.Keys) + len(s.UIDs) + len(s.Names)
	return listed == 0 && s.Search == "" && s.Category == "" && s.Active == "" && counted && !o.narrows()
}

// describeSince says of a kind that is selected what of it the sync brings.
func (t *test) describeSince(v *store.View, at *PlanKind) error {
	i := slices.IndexFunc(t.request.Kinds, func(s Selection) bool { return s.Kind == at.Kind })
	if i < 0 {
		return nil
	}
	from := t.src.kinds[at.Kind].from
	at.Since, at.After = from.text, from.rev
	if !t.request.Kinds[i].covers(t.request.Options) || len(t.request.Fields) > 0 {
		return nil
	}
	in, err := v.In(t.parties.source.ID)
	if err == nil {
		at.Upto, err = in.SyncRev(at.Kind)
	}
	return err
}
