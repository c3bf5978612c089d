package pos

import (
	"context"
	"fmt"
	"time"
)

// A receipt is the row with part 0, replaced by each slice; its body grows by a
// row of its own a slice, so that a long job does not write its outcomes again
// and again. Only part 0 has an ord.
const sqlReceipts = `SELECT job, hub_epoch, number, ord, next_item, done, at FROM plait_receipts`

func readReceipt(ctx context.Context, s *session, tail string, args ...any) (r Receipt, ok bool, err error) {
	err = s.each(ctx, sqlReceipts+tail, args, func(scan func(...any) error) error {
		var at string
		if err := scan(&r.Job, &r.HubEpoch, &r.Number, &r.Order, &r.NextItem, &r.Done, &at); err != nil {
			return err
		}
		ok = true
		var err error
		if r.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return fmt.Errorf("plait_receipts, job %q: %w", r.Job, err)
		}
		return nil
	})
	return r, ok, err
}

// wholeReceipt reads a job's receipt with its body, part by part.
func wholeReceipt(ctx context.Context, s *session, job string) (r Receipt, ok bool, err error) {
	r, ok, err = readReceipt(ctx, s, " WHERE job = ? AND part = 0", job)
	if err != nil || !ok {
		return r, ok, err
	}
	err = s.each(ctx, `SELECT body FROM plait_receipts WHERE job = ? AND part > 0 ORDER BY part`, []any{job}, func(scan func(...any) error) error {
		var part []byte
		if err := scan(&part); err != nil {
			return err
		}
		r.Body = append(r.Body, part...)
		return nil
	})
	return r, err == nil, err
}

// Receipt returns the job's receipt.
func (c *sqlConnector) Receipt(ctx context.Context, job string) (r Receipt, ok bool, err error) {
	err = c.read(ctx, func(s *session, _ *state) error {
		r, ok, err = wholeReceipt(ctx, s, job)
		return err
	})
	return r, ok, err
}

// Head returns the receipt with the highest Order.
func (c *sqlConnector) Head(ctx context.Context) (r Receipt, ok bool, err error) {
	err = c.read(ctx, func(s *session, _ *state) error {
		r, ok, err = readReceipt(ctx, s, sqlHead)
		return err
	})
	return r, ok, err
}

// Receipts returns the newest finished receipts, the newest first.
func (c *sqlConnector) Receipts(ctx context.Context, limit int) (list []Receipt, err error) {
	err = c.read(ctx, func(s *session, _ *state) error {
		list = nil
		return s.each(ctx, `SELECT job, hub_epoch, number, ord, next_item FROM plait_receipts
			WHERE part = 0 AND done = 1 ORDER BY ord DESC LIMIT ? + 0`, []any{limit}, func(scan func(...any) error) error {
			r := Receipt{Done: true}
			if err := scan(&r.Job, &r.HubEpoch, &r.Number, &r.Order, &r.NextItem); err != nil {
				return err
			}
			list = append(list, r)
			return nil
		})
	})
	return list, err
}

const sqlHead = " WHERE part = 0 ORDER BY ord DESC LIMIT 1"

// Receipt returns the job's receipt.
func (t *sqlTx) Receipt(ctx context.Context, job string) (r Receipt, ok bool, err error) {
	err = t.plain("read", func() error {
		r, ok, err = wholeReceipt(ctx, t.w.s, job)
		return err
	})
	return r, ok, err
}

// Head returns the receipt with the highest Order.
func (t *sqlTx) Head(ctx context.Context) (r Receipt, ok bool, err error) {
	err = t.plain("read", func() error {
		r, ok, err = readReceipt(ctx, t.w.s, sqlHead)
		return err
	})
	return r, ok, err
}

// PutReceipt keeps the order that the job's receipt got when it was begun, and
// appends to its body.
func (t *sqlTx) PutReceipt(ctx context.Context, r Receipt) error {
	at := r.At.UTC().Format(time.RFC3339Nano)
	return t.plain("write a receipt to", func() error {
		_, err := t.w.s.exec(ctx, `INSERT OR REPLACE INTO plait_receipts (job, part, hub_epoch, number, ord, next_item, done, at)
			VALUES (?1, 0, ?2, ?3, coalesce(nullif(?7, 0), (SELECT ord FROM plait_receipts WHERE job = ?1 AND part = 0), (SELECT max(ord) + 1 FROM plait_receipts), 1), ?4, ?5, ?6)`,
			r.Job, r.HubEpoch, r.Number, r.NextItem, r.Done, at, r.Order)
		if err != nil || len(r.Body) == 0 {
			return err
		}
		_, err = t.w.s.exec(ctx, `INSERT INTO plait_receipts (job, part, body, at)
			VALUES (?1, (SELECT max(part) + 1 FROM plait_receipts WHERE job = ?1), ?2, ?3)`, r.Job, r.Body, at)
		return err
	})
}
