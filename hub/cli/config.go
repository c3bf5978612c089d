package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/daemon/config"
)

func (a *App) config() *cobra.Command {
	return newGroup("config", "The hub's settings", a.configCheck())
}

func (a *App) configCheck() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the settings that serve would use, and name whatever is wrong by file and line",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.loadConfig(cmd, file)
			if err = errors.Join(err, folders(c, err)); err != nil {
				return err
			}
			return a.show(settings(c), func() { a.sayConfig(c) })
		},
	}
	a.configFlags(cmd, &file)
	return cmd
}

// folders checks them only where the settings are sound.
func folders(c config.Config, err error) error {
	if err != nil {
		return nil
	}
	return c.CheckFolders()
}

func settings(c config.Config) map[string]any {
	return map[string]any{
		"file": c.File, "data": c.Data, "listen": c.Listen, "names": c.Names, "time_zone": c.TimeZone,
		"tls.cert": c.TLS.Cert, "tls.key": c.TLS.Key, "tls.off": c.TLS.Off,
		"log.level": c.Log.Level, "log.format": c.Log.Format,
		"contact.grace": c.Contact.Grace.String(), "enrol.valid": c.Enrol.Valid.String(),
	}
}

func (a *App) sayConfig(c config.Config) {
	from := c.File
	if from == "" {
		from = "none; defaults, variables and flags"
	}
	a.say("The settings are right.")
	a.pairs([2]string{"file", from}, [2]string{"data", c.Data}, [2]string{"listen", c.Listen},
		[2]string{"names", strings.Join(c.Names, ", ")})
	if len(c.Names) == 0 {
		a.say("No names are set: the hub's certificate will be good on this machine alone.")
	}
}
