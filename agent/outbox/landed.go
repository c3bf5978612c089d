package outbox

import (
	"context"
	"fmt"

	"plait/shared/sqlitedb"
)

// Landed takes the hub's word that a full upload of the record as of a revision
// has landed: what waited up to that revision leaves the outbox, in one
// transaction with the end of the upload's state. What changed later stays.
func (b *Box) Landed(ctx context.Context, revision int64) error {
	err := b.write(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		m.setJSON(metaFull, FullUpload{})
		if m.err != nil {
			return m.err
		}
		for _, text := range []string{
			// Of a key, the newest generation's tombstone stays, as after a batch.
			`DELETE FROM items WHERE dead = 1 AND revision <= $1 AND id IN (SELECT ref FROM outbox WHERE sort IN (1, 2)) AND (gen = 0 OR EXISTS
				(SELECT 1 FROM items j WHERE j.kind = items.kind AND j.key = items.key AND j.gen > items.gen))`,
			"DELETE FROM outbox WHERE sort <> 3 AND ref NOT IN (SELECT id FROM items WHERE revision > $1)",
			`DELETE FROM parked WHERE cause = 'hub' AND EXISTS
				(SELECT 1 FROM items i JOIN kinds k ON k.id = i.kind WHERE k.name = parked.kind AND i.key = parked.key AND i.revision <= $1)`,
			"UPDATE outbox SET sent = NULL, sort = iif(sort = 4, 0, sort) WHERE $1 > 0",
		} {
			if _, err := tx.ExecContext(ctx, text, revision); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot record that the full upload of revision %d landed: %w", revision, err)
	}
	return nil
}
