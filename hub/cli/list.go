package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/masterlist"
	"plait/hub/operator"
	"plait/shared/wire"
)

func (a *App) lists() *cobra.Command {
	cmd := newGroup("list", "Master lists: items that are kept at the hub, as a source of syncs",
		a.listAdd(), a.listList(), a.listImport(), a.listExport())
	cmd.PersistentFlags().StringVar(&a.flags.network, "network", "", "the `NETWORK`, by name or id; not needed if there is only one")
	return cmd
}

func (a *App) listAdd() *cobra.Command {
	return &cobra.Command{
		Use:   "add NAME",
		Short: "Make a master list",
		Args:  exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := askIn[operator.List](cmd, a, http.MethodPost, "lists", operator.NewList{Name: args[0]})
			if err != nil {
				return err
			}
			return a.show(l, func() { a.say("The master list %q was made. Fill it with plait-hub list import.", l.Name) })
		},
	}
}

func (a *App) listList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the master lists, with what they hold",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := askIn[[]operator.List](cmd, a, http.MethodGet, "lists", nil)
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for _, l := range all {
					rows = append(rows, []string{l.Name, kindsHeld(l.Kinds), l.ID})
				}
				a.table("There is no master list yet.", []string{"List", "Holds", "Id"}, rows)
			})
		},
	}
}

func kindsHeld(list []operator.KindHeld) string {
	var out []string
	for _, k := range list {
		out = append(out, fmt.Sprintf("%d %s", k.Items, k.Kind))
	}
	return orDash(strings.Join(out, ", "))
}

func (a *App) listImport() *cobra.Command {
	var add, test bool
	cmd := &cobra.Command{
		Use:   "import LIST KIND FILE",
		Short: "Take a sheet (.csv or .json; - for CSV from standard input) into a master list, whole or not at all",
		Long: "Take a sheet into a master list. In CSV the first row names the fields, by their names or titles; a\n" +
			"column \"key\" gives each item its own number, else its code or name tells which it is. References are\n" +
			"written by name, elements of rows as field[KEY].column. An empty cell says nothing of the field, null\n" +
			"that it has no value. What the list has and the sheet does not is removed, unless --add is given.",
		Example: "  plait-hub list import \"Item Master\" vendor vendors.csv\n" +
			"  plait-hub list import \"Item Master\" product products.csv --test",
		Args: exactly("list", "kind", "file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := a.importSheet(cmd, args[0], args[1], args[2], add, test)
			if err != nil {
				return err
			}
			if err := a.show(out, func() { a.sayImported(out) }); err != nil || len(out.Problems) == 0 {
				return err
			}
			return errors.New("the sheet was refused whole; nothing was changed")
		},
	}
	cmd.Flags().BoolVar(&add, "add", false, "leave in the list what the sheet does not have")
	cmd.Flags().BoolVar(&test, "test", false, "only say what would change")
	return cmd
}

func (a *App) importSheet(cmd *cobra.Command, list, kind, file string, add, test bool) (out operator.Imported, err error) {
	sheet, err := readSheet(cmd.InOrStdin(), file)
	if err != nil {
		return out, err
	}
	c, err := a.client()
	if err != nil {
		return out, err
	}
	q := url.Values{"format": {formatOf(file)}}
	if add {
		q.Set("add", "1")
	}
	if test {
		q.Set("test", "1")
	}
	err = c.send(cmd.Context(), http.MethodPut, at("lists", list, kind)+"?"+q.Encode(), bytes.NewReader(sheet), &out)
	return out, err
}

func readSheet(stdin io.Reader, file string) ([]byte, error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the sheet: %w", err)
		}
		defer f.Close()
		in = f
	}
	sheet, err := wire.ReadBounded(in, wire.MaxBatchBytes)
	if err != nil {
		return nil, fmt.Errorf("cannot read the sheet %s: %w", file, err)
	}
	return sheet, nil
}

func formatOf(file string) string {
	if strings.EqualFold(filepath.Ext(file), ".json") {
		return masterlist.JSON
	}
	return masterlist.CSV
}

func (a *App) sayImported(i operator.Imported) {
	if len(i.Problems) == 0 {
		done := "now holds"
		if i.Test {
			done = "would hold"
		}
		a.say("%s %s the sheet: %d %s added, %d changed, %d equal, %d removed.", i.List, done, i.Added, i.Kind, i.Changed, i.Equal, i.Removed)
		return
	}
	for _, p := range i.Problems {
		a.say("line %d %s: %s", p.Line, orDash(escape(p.Column)), escape(p.Text))
	}
	if i.More > 0 {
		a.say("and %d more", i.More)
	}
}

func (a *App) listExport() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "export LIST KIND",
		Short: "Write a master list as a sheet to standard output",
		Args:  exactly("list", "kind"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := at("lists", args[0], args[1]) + "?" + url.Values{"format": {format}}.Encode()
			out, err := ask[operator.Exported](cmd, a, http.MethodGet, path, nil)
			if err != nil {
				return err
			}
			return a.show(out, func() { fmt.Fprint(a.Out, out.Sheet) })
		},
	}
	cmd.Flags().StringVar(&format, "format", masterlist.CSV, "csv or json")
	return cmd
}
