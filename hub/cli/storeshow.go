package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
	"plait/hub/storesync"
)

func (a *App) storeShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show STORE",
		Short: "Show how a store stands: switch, contacts, queue, proofs",
		Args:  exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := ask[operator.StoreDetail](cmd, a, http.MethodGet, at("stores", args[0]), nil)
			if err != nil {
				return err
			}
			return a.show(s, func() { a.sayStore(s) })
		},
	}
}

func (a *App) sayStore(s operator.StoreDetail) {
	a.pairs(
		[2]string{"store", s.Network + "/" + s.Name}, [2]string{"id", s.ID}, [2]string{"role", s.Role}, [2]string{"switch", s.Switch},
		[2]string{"state", s.State}, [2]string{"labels", strings.Join(s.Labels, ", ")},
		[2]string{"PC", s.Host}, [2]string{"agent", s.Version}, [2]string{"POS", s.POS},
		[2]string{"last contact", when(s.Contact) + reason(s.Reason)}, [2]string{"next due", when(s.Due)},
		[2]string{"ended well", when(s.Bye)}, [2]string{"proven equal", when(s.EqualAt)}, [2]string{"compared with POS", when(s.Compared)},
		[2]string{"held items", kinds(s.Kinds)}, [2]string{"continuously", coming(s.Coming)}, [2]string{"open jobs", fmt.Sprint(s.OpenJobs)},
	)
	a.sayTroubles(s)
	if len(s.Queue) > 0 {
		a.say("")
		a.sayJobs(s.Queue)
	}
}

func reason(r string) string {
	if r == "" {
		return ""
	}
	return " (" + r + ")"
}

func kinds(list []operator.KindHeld) string {
	var out []string
	for _, k := range list {
		out = append(out, fmt.Sprintf("%d %s", k.Items, k.Kind))
	}
	return orDash(strings.Join(out, ", "))
}

// coming is what comes to a store by continuous sync, and what of that is held.
func coming(list []storesync.Coming) string {
	var out []string
	for _, c := range list {
		text := c.Kind + " from " + c.Source
		if c.Held != "" {
			text += " (held: " + c.Why() + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// sayTroubles says what a person should look at.
func (a *App) sayTroubles(s operator.StoreDetail) {
	if s.POSTrouble != "" {
		a.say("! The agent says: %s", s.POSTrouble)
	}
	if s.Reconcile != "" {
		a.say("! Copy and record must be compared: %s.", s.Reconcile)
	}
	if s.Parked > 0 {
		a.say("! %s wait for a person.", some(s.Parked, "item"))
	}
	if s.Drift > 0 {
		a.say("! %s drifted: see `plait-hub drift \"%s\"`.", some(s.Drift, "linked item"), s.Name)
	}
	if h := s.Held; h != nil {
		a.say("! An older copy of the agent (installation %s) waits since %s. It is let in after %s, unless the newer copy comes; or at once with the code that `plait-hub store release` makes.",
			h.Installation, when(h.Since), when(h.Until))
	}
	if f := s.Full; f != nil {
		a.say("! A full upload, asked for by %s at %s, has not landed yet; %s arrived so far.", f.By, when(f.At), some(int(f.Staged), "row"))
	}
}
