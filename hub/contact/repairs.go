package contact

import (
	"context"

	"plait/hub/store"
	"plait/shared/wire"
)

// auditedRepairs bounds the items that one entry of the audit log names.
const auditedRepairs = 20

// Repairs keeps what a store tells of drift that it undid by itself, or that its
// POS refused to have undone, and puts it into the audit log. What was told before
// changes nothing.
func (c *Contacts) Repairs(ctx context.Context, storeID string, m wire.Repairs) error {
	return c.db.WithStore(ctx, storeID, func(tx *store.StoreTx) error {
		var repaired, refused []wire.Repair
		for _, r := range m.List {
			fresh, err := tx.PutRepair(r)
			switch {
			case err != nil:
				return err
			case fresh && r.Refused == "":
				repaired = append(repaired, r)
			case fresh:
				refused = append(refused, r)
			}
		}
		if err := auditRepairs(tx, "drift.repaired", repaired); err != nil {
			return err
		}
		return auditRepairs(tx, "drift.refused", refused)
	})
}

func auditRepairs(tx *store.StoreTx, what string, list []wire.Repair) error {
	if len(list) == 0 {
		return nil
	}
	return tx.Audit("store "+tx.Store.Name, what, map[string]any{"items": len(list), "named": list[:min(len(list), auditedRepairs)]})
}
