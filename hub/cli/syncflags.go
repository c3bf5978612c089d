package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

// testFlags are those by which a sync is described.
type testFlags struct {
	file, saved               string
	from, label, applyFrom    string
	kinds, names, keys        []string
	searches, categories      []string
	since, active, reset      []string
	to                        []string
	all                       bool
	noAdopt, onlyNew, without bool
	addMissing                bool
	deleteMissing             string
	prices, restrictions      string
	details                   int
	detail, item              string
}

func (f *testFlags) define(cmd *cobra.Command) {
	g := cmd.Flags()
	g.StringVar(&f.file, "request", "", "`FILE` with the whole request in JSON, in place of the other flags")
	g.StringVar(&f.from, "from", "", "`STORE` to copy from; head office if it is not named")
	g.StringArrayVar(&f.kinds, "kind", nil, "all items of this `KIND` (repeatable)")
	g.StringArrayVar(&f.names, "name", nil, "one item by its name, `KIND=NAME`: \"service=Men's Cut\" (repeatable)")
	g.StringArrayVar(&f.keys, "key", nil, "one item by the source's key, `KIND=KEY`: service=17 (repeatable)")
	g.StringArrayVar(&f.searches, "search", nil, "items whose name contains a text, `KIND=TEXT`: service=cut (repeatable, once a kind)")
	g.StringArrayVar(&f.categories, "category", nil, "items of a category, `KIND=CATEGORY`: service=Hair (repeatable, once a kind)")
	g.StringArrayVar(&f.since, "changed-since", nil, "what the source changed since a date, a time, or the last sync of the kind, `KIND=SINCE`: service=2026-05-01, service=last (repeatable, once a kind)")
	g.StringArrayVar(&f.active, "only", nil, "active or inactive items alone, `KIND=STATE`: discount=active, discount=inactive (repeatable, once a kind)")
	g.StringArrayVar(&f.to, "to", nil, "`STORE|LABEL` that receives (repeatable)")
	g.BoolVar(&f.all, "all", false, "every branch receives")
	g.BoolVar(&f.noAdopt, "no-adopt", false, "leave a branch's own items with an equal name or code alone")
	g.BoolVar(&f.onlyNew, "only-new", false, "create what is missing and change nothing")
	g.BoolVar(&f.without, "without-missing-parts", false, "leave out parts that the receiver lacks, and name them")
	g.BoolVar(&f.addMissing, "add-missing", false, "add what the selected items refer to where a receiver lacks it")
	g.StringVar(&f.deleteMissing, "delete-missing", "no", "delete items not found at the source: no; linked, those that came from it; all, the stores' own too")
	g.StringVar(&f.prices, "prices", "network", "with prices this time: yes, no, or network: as its switch price_sync says")
	g.StringVar(&f.restrictions, "restrictions", "yes", "with what limits an item, as a discount's minimum purchase: yes, or no to leave it to the receiver")
	g.StringArrayVar(&f.reset, "reset", nil, "reset a field to the source at every receiver, though stores changed it, `KIND.FIELD`: service.price (repeatable)")
	g.StringVar(&f.applyFrom, "apply-from", "", "queue it at a `TIME` of the hub's clock: 2026-05-01, \"2026-05-01 08:00\", or 22:00 for the next one; else at once")
	g.StringVar(&f.label, "label", "", "what to call the sync")
}

// defineDetails are the flags that say how much of a Test is shown.
func (f *testFlags) defineDetails(cmd *cobra.Command) {
	g := cmd.Flags()
	g.IntVar(&f.details, "details", 20, "of how many stores to list what is to be looked at")
	g.StringVar(&f.detail, "detail", "", "`STORE` of which to show every item, field by field; sync detail shows the rest")
	g.StringVar(&f.item, "item", "", "with --detail: one `ITEM` by its name, uid or the store's key")
}

// maxRequestFile bounds the file of --request.
const maxRequestFile = 1 << 20

func (f *testFlags) request() (r storesync.Request, err error) {
	if f.file != "" {
		return readRequest(f.file)
	}
	r = storesync.Request{Source: f.from, Receivers: f.to, AllReceivers: f.all, Label: f.label, ResetFields: f.reset, ApplyFrom: f.applyFrom}
	r.Options.NoAdopt, r.Options.OnlyNew, r.Options.WithoutMissingParts = f.noAdopt, f.onlyNew, f.without
	r.Options.AddMissing, r.Options.DeleteMissing = f.addMissing, storesync.DeleteMissing(f.deleteMissing)
	r.Options.Prices, r.Options.NoRestrictions = storesync.Prices(f.prices), f.restrictions == "no"
	if f.restrictions != "yes" && f.restrictions != "no" {
		return r, usageError{fmt.Errorf("--restrictions %s: it is yes or no", f.restrictions)}
	}
	s := selections{}
	for _, kind := range f.kinds {
		s.of(kind).All = true
	}
	err = errors.Join(
		s.each("name", f.names, func(k *storesync.Selection, v string) { k.Names = append(k.Names, v) }),
		s.each("key", f.keys, func(k *storesync.Selection, v string) { k.Keys = append(k.Keys, v) }),
		s.once("search", f.searches, func(k *storesync.Selection) *string { return &k.Search }),
		s.once("category", f.categories, func(k *storesync.Selection) *string { return &k.Category }),
		s.once("changed-since", f.since, func(k *storesync.Selection) *string { return &k.ChangedSince }),
		s.once("only", f.active, func(k *storesync.Selection) *string { return &k.Active }),
	)
	for _, k := range s.list {
		r.Kinds = append(r.Kinds, *k)
	}
	if err == nil && len(r.Kinds) == 0 {
		err = usageError{errors.New("nothing is selected: give --kind, --name, --key, --search, --category, --changed-since or --only")}
	}
	return r, err
}

func readRequest(path string) (r storesync.Request, err error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxRequestFile {
		err = fmt.Errorf("it has %d bytes, more than %d", info.Size(), maxRequestFile)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("cannot read the request in %s: %w", path, err)
	}
	return r, nil
}

// selections gathers one selection for each kind, in the order of the flags.
type selections struct{ list []*storesync.Selection }

func (s *selections) of(kind string) *storesync.Selection {
	for _, k := range s.list {
		if k.Kind == kind {
			return k
		}
	}
	k := &storesync.Selection{Kind: kind}
	s.list = append(s.list, k)
	return k
}

// valueOf says what stands after the kind, where the flag's name does not.
var valueOf = map[string]string{"changed-since": "DATE, or kind=last", "only": "active, or kind=inactive"}

// each reads texts of the form kind=value.
func (s *selections) each(flag string, texts []string, add func(*storesync.Selection, string)) error {
	for _, text := range texts {
		kind, value, ok := strings.Cut(text, "=")
		if !ok || kind == "" || value == "" {
			return usageError{fmt.Errorf("--%s %s: write it as kind=%s", flag, text, cmp.Or(valueOf[flag], flag))}
		}
		add(s.of(kind), value)
	}
	return nil
}

// once is each where a kind has one value: of two, one would be left out without a word.
func (s *selections) once(flag string, texts []string, of func(*storesync.Selection) *string) error {
	var twice error
	err := s.each(flag, texts, func(k *storesync.Selection, v string) {
		to := of(k)
		if *to != "" && *to != v {
			twice = usageError{fmt.Errorf("--%s %s=%s: it was given for %s already (%s), and can be given once a kind", flag, k.Kind, v, k.Kind, *to)}
		}
		*to = v
	})
	return cmp.Or(err, twice)
}
