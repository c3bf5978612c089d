package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// PutResult queues a job's result, behind every entry that stands in the outbox
// now: the caller has put what the job wrote. A result of the same job that has
// not been frozen yet is replaced.
func (b *Box) PutResult(ctx context.Context, r wire.Result) error {
	body := wire.EncodeControl(r)
	err := b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		if err := p.result(r.Job, body); err != nil {
			return err
		}
		return p.finish()
	})
	if err != nil {
		return fmt.Errorf("cannot queue the result of job %s: %w", r.Job, err)
	}
	return nil
}

func (p *putter) result(job string, body []byte) error {
	pos := p.next()
	// A result in the frozen batch stays there under its place; the hub takes the
	// later one over it.
	err := p.exec("DELETE FROM outbox WHERE sort = 3 AND pos = (SELECT pos FROM results WHERE job = $1) AND pos > $2", job, p.flying)
	if err != nil {
		return err
	}
	err = p.exec(`INSERT INTO results (job, pos, body, chk) VALUES ($1, $2, $3, $4)
		ON CONFLICT (job) DO UPDATE SET pos = excluded.pos, body = excluded.body, chk = excluded.chk`,
		job, pos, body, checksum([]byte(job), body))
	if err != nil {
		return err
	}
	return p.exec("INSERT INTO outbox (pos, sort, kind, ref, at) SELECT $1, 3, 0, id, $2 FROM results WHERE job = $3", pos, p.now, job)
}

// takeResult adds a result to the batch. A damaged one is dropped: it is rebuilt
// from the job's receipt when the hub asks for it.
func (f *freezer) takeResult(e *entry) error {
	st, err := f.get("SELECT job, pos, body, chk FROM results WHERE id = $1")
	if err != nil {
		return err
	}
	var job string
	var pos, chk int64
	var body []byte
	err = st.QueryRowContext(f.ctx, e.ref).Scan(&job, &pos, &body, &chk)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && (pos != e.pos || chk != checksum([]byte(job), body))) {
		f.drop = append(f.drop, e.pos)
		return nil
	}
	if err != nil {
		return err
	}
	return f.add(e.pos, wire.EntryResult, e.pos, body)
}
