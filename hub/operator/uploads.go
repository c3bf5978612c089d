package operator

import (
	"context"
	"fmt"

	"plait/hub/access"
	"plait/hub/queue"
	"plait/hub/store"
)

// AskUpload asks for an upload at the store's next contact. A standard upload is
// what every contact begins with, so asking for one only leaves a note of it. A
// full upload waits for open jobs; the answer names them (rule 5).
func (d *Desk) AskUpload(ctx context.Context, who access.Who, ref string, in AskUpload) (out AskedUpload, err error) {
	act := access.Act{What: "upload.ask", Need: access.Operator, Detail: in}
	err = d.onStore(ctx, who, ref, act, func(tx *store.StoreTx) error {
		if !tx.Store.Revoked.IsZero() || tx.Store.Installation == "" {
			return conflict("store %s has no PC that could upload: enrol one with a new code", tx.Store.Name)
		}
		if in.Full && tx.Store.Full.ID == "" {
			if err := tx.RequestFull(store.FullRequest{ID: store.NewID(), By: who.Name, At: tx.Now()}); err != nil {
				return err
			}
		}
		out, err = d.asked(tx, in.Full)
		return err
	})
	return out, err
}

func (d *Desk) asked(tx *store.StoreTx, full bool) (out AskedUpload, err error) {
	out.Full = full
	if out.Store, err = d.showStore(tx.StoreView); err != nil {
		return out, err
	}
	out.Due = out.Store.Due
	if full {
		if out.Blocking, err = queue.Blocking(tx.StoreView); err != nil {
			return out, err
		}
	}
	out.Says = says(out)
	return out, nil
}

func says(a AskedUpload) string {
	what := "A standard upload"
	if a.Full {
		what = "A full upload"
	}
	when := "when its agent comes for the first time"
	if !a.Due.IsZero() {
		when = "at its next contact"
	}
	text := fmt.Sprintf("%s of store %s runs %s.", what, a.Store.Name, when)
	switch n := len(a.Blocking); {
	case n == 1:
		text += " 1 open job is delivered first."
	case n > 1:
		text += fmt.Sprintf(" %d open jobs are delivered first.", n)
	}
	return text
}
