package cli

import (
	"github.com/spf13/cobra"
)

func (a *App) discover() *cobra.Command { return &cobra.Command{Use: "discover"} }
