package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"plait/agent/daemon"
	"plait/agent/daemon/config"
	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/pos"

	"github.com/spf13/cobra"
)

func (a *App) enroll() *cobra.Command {
	replace := false
	c := &cobra.Command{
		Use: "enroll URL CODE", Short: "make this PC a store of a network, with a code from the hub", Args: between(2, 12),
		Long: "Enroll redeems an enrolment code at the hub and keeps this store's credential in the data folder.\n" +
			"CODE may be typed in groups; - reads it from the standard input, which keeps it out of the shell's history.\n" +
			"After a lost answer, or any other failure on the way, run the same command again.\n" +
			"With --replace the record of what this PC was is set aside, and never sent as the new store's.",
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := a.settings(c)
			if err != nil {
				return err
			}
			code, err := a.code(strings.Join(args[1:], " "))
			if err != nil {
				return err
			}
			return a.enrollAt(c.Context(), settings, args[0], code, replace)
		},
	}
	c.Flags().BoolVar(&replace, "replace", false, "make a PC that is enrolled already another store, or the same one anew; stop the agent first")
	return c
}

func (a *App) code(typed string) (string, error) {
	if typed != "-" {
		return typed, nil
	}
	line, err := bufio.NewReader(io.LimitReader(a.In, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("cannot read the code: %w", err)
	}
	return strings.TrimSpace(line), nil
}

func (a *App) enrollAt(ctx context.Context, settings config.Config, hub, code string, replace bool) error {
	if err := errors.Join(settings.CheckFolders(), datafolder.Prepare(settings.Data)); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "" // it is for people alone
	}
	o := enrol.Options{Path: settings.Credential(), Hub: hub, Code: code, Host: host, Now: a.Now, Replace: replace}
	result, err := daemon.Enroll(ctx, daemon.Options{Config: settings, Version: a.Version, Log: quiet(), Now: a.Now}, o)
	if err != nil {
		return err
	}
	a.showEnrolment(settings, result)
	return nil
}

// enrolment is what enroll --json prints. The credential is not in it.
type enrolment struct {
	Hub          string `json:"hub"`
	Network      string `json:"network"`
	Store        string `json:"store"`
	StoreName    string `json:"store_name"`
	Role         string `json:"role"`
	Installation string `json:"installation"`
	Repeated     bool   `json:"repeated"`
	Catalog      string `json:"catalog,omitempty"` // why it could not be fetched yet
	Mapping      string `json:"mapping,omitempty"` // what is wrong with it
}

func (a *App) showEnrolment(settings config.Config, r enrol.Result) {
	c := r.Credential
	mapping := mappingTrouble(settings.Mapping, r)
	if a.json {
		a.print(enrolment{c.Hub, c.Network, c.Store, c.StoreName, c.Role, c.Installation, r.Repeated, textOf(r.CatalogErr), textOf(mapping)})
		return
	}
	a.say("This PC is store %s (%s) at %s.", clean(c.StoreName), clean(c.Role), c.Hub)
	if r.CatalogErr != nil {
		a.say("The network's catalogue could not be fetched yet; the agent does it when it starts: %v", r.CatalogErr)
	}
	switch {
	case errors.Is(mapping, fs.ErrNotExist):
		a.say("Next: write the mapping %s; plait-agent discover DATABASE --skeleton writes a first one. Then start the agent: plait-agent service start", settings.Mapping)
	case mapping != nil:
		a.say("%v\nNext: mend the mapping, then start the agent: plait-agent service start", mapping)
	default:
		a.say("The mapping %s fits the network's catalogue.\nNext: start the agent (plait-agent service start), and see: plait-agent status", settings.Mapping)
	}
}

// mappingTrouble holds the mapping against the network's catalogue.
func mappingTrouble(path string, r enrol.Result) error {
	mapping, err := pos.LoadMapping(path)
	if err != nil || r.CatalogErr != nil {
		return err
	}
	return mapping.Validate(r.Catalog)
}
