package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

// inNetwork speaks the operators' API about one network.
type inNetwork struct {
	client  *client
	network string // id or name
}

// inNetwork finds the hub, and the network that is named, or the only one there is.
func (a *App) inNetwork(cmd *cobra.Command) (n inNetwork, err error) {
	if n.client, err = a.client(); err == nil {
		n.network, err = n.client.network(cmd.Context(), a.flags.network)
	}
	return n, err
}

func (c *client) network(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	var all []operator.Network
	if err := c.call(ctx, http.MethodGet, "networks", nil, &all); err != nil {
		return "", err
	}
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	switch len(all) {
	case 0:
		return "", errors.New("there is no network yet: add one with `plait-hub network add NAME`")
	case 1:
		return all[0].ID, nil
	}
	return "", usageError{fmt.Errorf("say which network with --network: there are %s", strings.Join(names, ", "))}
}

// call is client's, with a path below the network.
func (n inNetwork) call(ctx context.Context, method, path string, in, out any) error {
	return n.client.call(ctx, method, at("networks", n.network)+"/"+path, in, out)
}

// askIn makes one call below the network and returns its answer.
func askIn[Out any](cmd *cobra.Command, a *App, method, path string, in any) (out Out, err error) {
	n, err := a.inNetwork(cmd)
	if err == nil {
		err = n.call(cmd.Context(), method, path, in, &out)
	}
	return out, err
}
