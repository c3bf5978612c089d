package pos

import (
	"context"
	"fmt"
	"time"
)

const sqlReceipts = `SELECT job, hub_epoch, number, ord, next_item, done, body, at FROM plait_receipts`

func readReceipt(ctx context.Context, s *session, tail string, args ...any) (r Receipt, ok bool, err error) {
	err = s.each(ctx, sqlReceipts+tail, args, func(scan func(...any) error) error {
		var at string
		if err := scan(&r.Job, &r.HubEpoch, &r.Number, &r.Order, &r.NextItem, &r.Done, &r.Body, &at); err != nil {
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

// Receipt returns the job's receipt.
func (c *sqlConnector) Receipt(ctx context.Context, job string) (r Receipt, ok bool, err error) {
	err = c.read(ctx, func(s *session, _ *state) error {
		r, ok, err = readReceipt(ctx, s, " WHERE job = ?", job)
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

const sqlHead = " ORDER BY ord DESC LIMIT 1"

// Receipt returns the job's receipt.
func (t *sqlTx) Receipt(ctx context.Context, job string) (r Receipt, ok bool, err error) {
	err = t.plain("read", func() error {
		r, ok, err = readReceipt(ctx, t.w.s, " WHERE job = ?", job)
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

// PutReceipt keeps the order that the job's receipt got when it was begun.
func (t *sqlTx) PutReceipt(ctx context.Context, r Receipt) error {
	return t.plain("write a receipt to", func() error {
		_, err := t.w.s.exec(ctx, `INSERT OR REPLACE INTO plait_receipts (job, hub_epoch, number, ord, next_item, done, body, at)
			VALUES (?1, ?2, ?3, coalesce((SELECT ord FROM plait_receipts WHERE job = ?1), (SELECT max(ord) + 1 FROM plait_receipts), 1), ?4, ?5, ?6, ?7)`,
			r.Job, r.HubEpoch, r.Number, r.NextItem, r.Done, r.Body, r.At.UTC().Format(time.RFC3339Nano))
		return err
	})
}
