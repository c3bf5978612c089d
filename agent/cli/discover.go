package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"plait/agent/pos"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

func (a *App) discover() *cobra.Command {
	skeleton := false
	c := &cobra.Command{
		Use: "discover DATABASE", Short: "list the tables of a POS database, or write a first mapping of it", Args: exactly(1),
		Long: "Discover lists tables, keys, columns and references of a POS database, and changes nothing in it.\n" +
			"With --skeleton it writes a mapping file to the standard output, with DECIDE where a person must.",
		RunE: func(c *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return fmt.Errorf("cannot find %s: %w", args[0], err)
			}
			d, err := pos.Discover(c.Context(), path)
			if err != nil {
				return err
			}
			a.showDiscovery(d, skeleton)
			return nil
		},
	}
	c.Flags().BoolVar(&skeleton, "skeleton", false, "write a mapping file")
	return c
}

// discovery is what discover --json prints.
type discovery struct {
	Engine   string            `json:"engine"`
	Version  string            `json:"version"`
	Path     string            `json:"path"`
	Journal  string            `json:"journal_mode"`
	Tables   []discoveredTable `json:"tables"`
	Skeleton string            `json:"skeleton,omitempty"`
}

type discoveredTable struct {
	Name       string                `json:"name"`
	Rows       int64                 `json:"rows"`
	Key        []string              `json:"key,omitempty"`
	Columns    []discoveredColumn    `json:"columns"`
	References []discoveredReference `json:"references,omitempty"`
	Unusual    string                `json:"unusual,omitempty"` // why it cannot be mapped
}

type discoveredColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"`
}

type discoveredReference struct {
	Columns []string `json:"columns"`
	Table   string   `json:"table"`
}

func (a *App) showDiscovery(d pos.Discovery, skeleton bool) {
	switch {
	case a.json:
		a.print(asJSON(d, skeleton))
	case skeleton:
		// The skeleton is YAML, which escapes names itself.
		fmt.Fprint(a.Out, sanitize(d.Skeleton()))
	default:
		a.writeDiscovery(d)
	}
}

func asJSON(d pos.Discovery, skeleton bool) discovery {
	out := discovery{Engine: d.Engine, Version: d.Version, Path: d.Path, Journal: d.Journal}
	if skeleton {
		out.Skeleton = d.Skeleton()
	}
	for _, t := range d.Tables {
		found := discoveredTable{Name: t.Name, Rows: t.Rows, Key: t.Key, Unusual: t.Unusual}
		for _, c := range t.Columns {
			found.Columns = append(found.Columns, discoveredColumn(c))
		}
		for _, r := range t.References {
			found.References = append(found.References, discoveredReference(r))
		}
		out.Tables = append(out.Tables, found)
	}
	return out
}

func (a *App) writeDiscovery(d pos.Discovery) {
	a.say("%s, journal mode %s: %s.", clean(d.Version), clean(d.Journal), plural(len(d.Tables), "table", "tables"))
	t := plainTable("TABLE", "ROWS", "KEY", "COLUMNS", "REFERS TO")
	for _, found := range d.Tables {
		columns, refers := len(found.Columns), references(found)
		if found.Unusual != "" {
			refers = "cannot be mapped: " + clean(found.Unusual)
		}
		t.AppendRow(table.Row{clean(found.Name), found.Rows, clean(strings.Join(found.Key, ", ")), columns, refers})
	}
	a.say("\n%s", render(t))
	a.say("\nWith --skeleton it writes a first mapping of them.")
}

func references(t pos.TableFound) string {
	var out []string
	for _, r := range t.References {
		out = append(out, clean(r.Table))
	}
	return strings.Join(out, ", ")
}
