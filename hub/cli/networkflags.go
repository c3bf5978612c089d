package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plait/configs"
	"plait/shared/catalog"
)

// networkFlags are those by which a network's settings are given.
type networkFlags struct {
	preset   string
	catalog  string
	shipped  bool
	switches []string
	stops    int
}

func (f *networkFlags) define(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.preset, "preset", "", "`PRESET` that says whose fields are: "+strings.Join(presetNames(), ", "))
	cmd.Flags().StringVar(&f.catalog, "catalog", "", "`FOLDER` with the network's own kinds (*.yaml)")
	cmd.Flags().StringArrayVar(&f.switches, "switch", nil, "a switch, `NAME=on|off`: price_sync, prices are head office's; shared_number, all stores have one messaging number (repeatable)")
}

// defineChange is define for a network that there is.
func (f *networkFlags) defineChange(cmd *cobra.Command) {
	f.define(cmd)
	cmd.Flags().BoolVar(&f.shipped, "shipped-kinds", false, "take the network's own kinds away again")
}

func (f *networkFlags) read() (switches map[string]bool, overlay json.RawMessage, err error) {
	for _, s := range f.switches {
		name, position, _ := strings.Cut(s, "=")
		if position != "on" && position != "off" {
			return nil, nil, usageError{fmt.Errorf("--switch %s: write it as name=on or name=off; there are %s", s, strings.Join(catalog.Switches, ", "))}
		}
		if switches == nil {
			switches = map[string]bool{}
		}
		switches[name] = position == "on"
	}
	switch {
	case f.catalog != "" && f.shipped:
		return nil, nil, usageError{errors.New("--catalog and --shipped-kinds contradict each other")}
	case f.shipped:
		return switches, json.RawMessage(`{"kinds":[]}`), nil
	case f.catalog == "":
		return switches, nil, nil
	}
	overlay, err = ownKinds(f.catalog)
	return switches, overlay, err
}

// ownKinds reads a folder of kinds over the shipped ones, so that each mistake
// is named here by file and line, and returns those of the folder.
func ownKinds(dir string) (json.RawMessage, error) {
	shipped, err := configs.Catalog()
	if err != nil {
		return nil, err
	}
	whole, err := catalog.LoadOver(shipped, os.DirFS(dir), ".")
	if err != nil {
		return nil, fmt.Errorf("cannot use the kinds in %s: %w", dir, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", dir, err)
	}
	own := catalog.Catalog{Kinds: []catalog.Kind{}}
	for _, file := range files {
		kind, ok := whole.Kind(strings.TrimSuffix(filepath.Base(file), ".yaml"))
		if ok && !slices.ContainsFunc(own.Kinds, func(k catalog.Kind) bool { return k.Name == kind.Name }) {
			own.Kinds = append(own.Kinds, kind)
		}
	}
	return json.Marshal(own)
}

func presetNames() (names []string) {
	all, _ := configs.Presets() // without them the hub does not start
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names
}

// presetHelp says what each preset means; to be the end of a command's help.
func presetHelp() string {
	all, err := configs.Presets()
	if err != nil {
		return "" // the hub does not start without them, and says why
	}
	var b strings.Builder
	b.WriteString("Whose fields are, and which items are linked, begins with a preset:\n")
	for _, p := range all {
		fmt.Fprintf(&b, "\n  %-10s %s", p.Name, p.Help)
	}
	return b.String()
}
