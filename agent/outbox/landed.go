package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"plait/shared/item"
)

// Landed takes the hub's word that a full upload of the record as of a revision
// has landed: what waited up to that revision leaves the outbox, in one
// transaction with the end of the upload's state. What changed later stays.
func (b *Box) Landed(ctx context.Context, revision int64) error {
	err := b.write(ctx, func(tx *sql.Tx) error {
		m := metaOf(ctx, tx)
		m.setJSON(metaFull, FullUpload{})
		if m.err != nil {
			return m.err
		}
		for _, text := range []string{
			"DELETE FROM outbox WHERE sort < 3 AND ref IN (SELECT id FROM items WHERE revision <= $1)",
			`DELETE FROM parked WHERE cause = 'hub' AND EXISTS
				(SELECT 1 FROM items i JOIN kinds k ON k.id = i.kind WHERE k.name = parked.kind AND i.key = parked.key AND i.revision <= $1)`,
			"UPDATE outbox SET sent = NULL WHERE $1 > 0",
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

// RevisionOf returns the revision of one item; ok is false if the record does not
// hold it. A full upload leaves out what has changed since its own revision.
func (b *Box) RevisionOf(ctx context.Context, id item.ID) (revision int64, ok bool, err error) {
	err = b.Each(ctx, []item.ID{id}, func(r Row) error {
		revision, ok = r.Revision, true
		return nil
	})
	return revision, ok, err
}
