package cli

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plait/configs"
	"plait/hub/operator"
)

func (a *App) networks() *cobra.Command {
	return newGroup("network", "The networks of this hub", a.networkAdd(), a.networkList(), a.networkSet())
}

func (a *App) networkAdd() *cobra.Command {
	var f networkFlags
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a network",
		Long:    "Add a network.\n\n" + presetHelp() + "\n\nA network for which none is named has " + configs.DefaultPreset + ".",
		Example: "  plait-hub network add \"Harbour Hair\"\n  plait-hub network add Bella --preset mirror --switch price_sync=on",
		Args:    exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switches, overlay, err := f.read()
			if err != nil {
				return err
			}
			n, err := ask[operator.Network](cmd, a, http.MethodPost, "networks", operator.NewNetwork{Name: args[0], Preset: f.preset, Switches: switches, Overlay: overlay})
			if err != nil {
				return err
			}
			return a.show(n, func() { a.say("Network %q was added.", n.Name); a.sayNetworks([]operator.Network{n}) })
		},
	}
	f.define(cmd)
	return cmd
}

func (a *App) networkSet() *cobra.Command {
	var f networkFlags
	var sync networkSyncFlags
	cmd := &cobra.Command{
		Use:   "set NETWORK",
		Short: "Change a network's switches, its preset, its own kinds, or how it syncs",
		Long: "Change a network's switches, its preset, its own kinds, or how it syncs.\n\n" +
			"Another preset takes the place of the one before with all that it settles:\nwhose fields are, --sources and --adopt.\n\n" +
			"A preset, switch or kinds that would lock or overwrite something that a store has from another are refused\nhere: `plait-hub policy test` with the same flags shows what and where, and `plait-hub policy run` does it.\nWhat is only freed by them is the stores' own from the next sync on.\n\n" + presetHelp(),
		Example: "  plait-hub network set Bella --continuous service,product --usual product=Uptown",
		Args:    exactly("network"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switches, overlay, err := f.read()
			if err != nil {
				return err
			}
			in := operator.SetNetwork{Preset: f.preset, Switches: switches, Overlay: overlay}
			given, err := sync.read(&in)
			if err != nil {
				return err
			}
			if f.preset == "" && switches == nil && overlay == nil && !given {
				return usageError{fmt.Errorf("nothing to change: give --preset, --switch, --catalog, --shipped-kinds, --continuous, --usual, --sources, --repair or --adopt")}
			}
			n, err := ask[operator.Network](cmd, a, http.MethodPatch, at("networks", args[0]), in)
			if err != nil {
				return err
			}
			return a.show(n, func() {
				a.say("Network %q was changed.", n.Name)
				a.sayNetworks([]operator.Network{n})
				a.sayNetworkSync(n)
			})
		},
	}
	f.defineChange(cmd)
	sync.define(cmd)
	return cmd
}

func (a *App) networkList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the networks",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := ask[[]operator.Network](cmd, a, http.MethodGet, "networks", nil)
			if err != nil {
				return err
			}
			return a.show(list, func() { a.sayNetworks(list) })
		},
	}
}

func (a *App) sayNetworks(list []operator.Network) {
	var rows [][]string
	for _, n := range list {
		var on []string
		for _, s := range slices.Sorted(maps.Keys(n.Switches)) {
			if n.Switches[s] {
				on = append(on, s)
			}
		}
		var continuous []string
		for _, f := range n.Continuous {
			continuous = append(continuous, f.Kind)
		}
		rows = append(rows, []string{n.Name, n.Preset, fmt.Sprint(n.Stores), orDash(strings.Join(on, ", ")), orDash(strings.Join(n.Own, ", ")),
			orDash(strings.Join(continuous, ", ")), n.ID})
	}
	a.table("There is no network yet: add one with `plait-hub network add NAME`.",
		[]string{"Network", "Preset", "Stores", "Switches on", "Own kinds", "Continuous", "Id"}, rows)
}
