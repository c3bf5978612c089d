package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

// networkSyncFlags are those by which it is settled how a network syncs.
type networkSyncFlags struct {
	continuous string
	usual      []string
	adopt      string
	sources    string
	repair     string
}

func (f *networkSyncFlags) define(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.continuous, "continuous", "", "`KINDS` to sync whenever their source uploads a change: service,product; or off")
	cmd.Flags().StringArrayVar(&f.usual, "usual", nil, "the store that a kind usually comes from, `KIND=STORE`: service=Uptown; service= for head office (repeatable)")
	cmd.Flags().StringVar(&f.sources, "sources", "", "head_office: no other store may be the source of a sync; any: each may")
	cmd.Flags().StringVar(&f.repair, "repair", "", "on: stores undo drift by themselves, at once and without the hub; off: the next sync does")
	cmd.Flags().StringVar(&f.adopt, "adopt", "", "on: a first sync links a branch's own item of equal name or code; off: it is left alone and reported")
}

// read puts the flags into a request, and reports whether any was given.
func (f *networkSyncFlags) read(in *operator.SetNetwork) (given bool, err error) {
	switch f.continuous {
	case "":
	case "off":
		in.Continuous = &[]string{}
	default:
		kinds := strings.Split(f.continuous, ",")
		for i := range kinds {
			kinds[i] = strings.TrimSpace(kinds[i])
		}
		in.Continuous = &kinds
	}
	for _, u := range f.usual {
		kind, store, ok := strings.Cut(u, "=")
		if !ok || kind == "" {
			return false, usageError{fmt.Errorf("--usual %s: write it as kind=STORE", u)}
		}
		if in.Usual == nil {
			in.Usual = map[string]string{}
		}
		in.Usual[kind] = store
	}
	switch f.sources {
	case "":
	case "head_office", "any":
		only := f.sources == "head_office"
		in.HeadOfficeOnly = &only
	default:
		return false, usageError{fmt.Errorf("--sources %s: it is head_office or any", f.sources)}
	}
	if in.Adopt, err = onOrOff("--adopt", f.adopt); err != nil {
		return false, err
	}
	if in.Repair, err = onOrOff("--repair", f.repair); err != nil {
		return false, err
	}
	return in.Continuous != nil || in.Usual != nil || in.Adopt != nil || in.HeadOfficeOnly != nil || in.Repair != nil, nil
}

// onOrOff reads a flag; nil if it was not given.
func onOrOff(flag, value string) (*bool, error) {
	switch value {
	case "":
		return nil, nil
	case "on", "off":
		on := value == "on"
		return &on, nil
	}
	return nil, usageError{fmt.Errorf("%s %s: it is on or off", flag, value)}
}

// sayNetworkSync says how a network syncs, where there is something to say.
func (a *App) sayNetworkSync(n operator.Network) {
	var flows []string
	for _, f := range n.Continuous {
		flows = append(flows, f.String())
	}
	if len(flows) > 0 {
		a.say("Synced continuously: %s.", strings.Join(flows, ", "))
	}
	for _, kind := range slices.Sorted(maps.Keys(n.Usual)) {
		a.say("%s usually comes from %s.", kind, n.Usual[kind])
	}
	for _, name := range slices.Sorted(maps.Keys(n.Policies)) {
		a.say("%s is %s, whatever the preset says.", name, string(n.Policies[name]))
	}
	if n.HeadOfficeOnly {
		a.say("Only head office may be the source of a sync.")
	}
	if n.Repair {
		a.say("Stores undo drift by themselves, at once and without the hub.")
	}
	if !n.Adopt {
		a.say("A branch's own item of equal name or code is left alone and reported.")
	}
}
