package pos

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plait/shared/item"
	"plait/shared/sqliterows"
)

// links adds to each record the newest row of plait_links under its key. Kinds
// that only go up have none.
func (r *reader) links(ctx context.Context, records []Record) error {
	if r.p.m.UploadOnly || len(records) == 0 {
		return nil
	}
	at, n := places(records), len(records)
	args := make([]any, 1, 1+2*n)
	args[0] = r.p.m.Kind
	for i := range records {
		args = append(args, records[i].Item.Key)
	}
	text := sqlLinks + " WHERE kind = ? AND key IN (" + repeat("?", padded(n)) + ")"
	return r.s.rows(ctx, text, r.pad(args, n, 1), func(from sqliterows.Row) error {
		i, ok := at[from.Text(4)]
		if !ok { // it is equal only under a collation
			return nil
		}
		row, err := linkRow(from, r.p.m.Kind, records[i].Item.Key)
		if err == nil {
			records[i].take(row)
		}
		return err
	})
}

// take keeps the newest generation.
func (rec *Record) take(row LinkRow) {
	if rec.Row.Key != "" && rec.Row.Gen > row.Gen {
		return
	}
	rec.Row = row
	rec.Item.Gen, rec.Item.Link = row.Gen, nil
	if !row.Dead {
		rec.Item.Link = row.Link
	}
}

const sqlLinks = `SELECT gen, dead, uid, kind, key, link FROM plait_links`

// linkRow is a row of sqlLinks, whose kind and key are known.
func linkRow(from sqliterows.Row, kind, key string) (LinkRow, error) {
	row := LinkRow{ID: item.ID{Kind: kind, Key: key}}
	err := from.Scan(&row.Gen, &row.Dead, &row.UID)
	if link := from.Blob(5); err == nil && len(link) > 0 {
		row.Link, err = item.DecodeLink(link)
	}
	if err != nil {
		return LinkRow{}, fmt.Errorf("plait_links, kind %q, key %q: %w", kind, key, err)
	}
	return row, nil
}

// linkChunk is how many rows of plait_links one statement writes.
const linkChunk = 32

// bytesOfLink is about what a link takes.
const bytesOfLink = 1000

// writeLinks inserts or replaces rows of plait_links. A row nearly always keeps its uid:
// to write that again as well would change an index for nothing.
func writeLinks(ctx context.Context, s *session, rows ...LinkRow) error {
	args := make([]any, 0, 6*len(rows))
	room := make([]byte, 0, bytesOfLink*len(rows))
	for _, row := range rows {
		link := room[len(room):]
		if row.Link != nil {
			link = item.AppendLink(link, row.Link)
			if len(room)+len(link) <= cap(room) {
				room = room[:len(room)+len(link)]
			}
		}
		args = append(args, row.Kind, row.Key, row.Gen, row.Dead, row.UID, link)
	}
	text := `INSERT INTO plait_links (kind, key, gen, dead, uid, link) VALUES ` + repeat("(?,?,?,?,?,?)", len(rows)) +
		` ON CONFLICT (kind, key, gen) DO UPDATE SET dead = excluded.dead, link = excluded.link`
	n, err := s.exec(ctx, text+` WHERE uid = excluded.uid`, args...)
	if err != nil || n == int64(len(rows)) {
		return err
	}
	_, err = s.exec(ctx, text+`, uid = excluded.uid`, args...)
	return err
}

// putLinks writes rows that a job touched.
func putLinks(ctx context.Context, s *session, rows []LinkRow) error {
	if err := writeLinks(ctx, s, rows...); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Dead {
			continue
		}
		if err := endOlder(ctx, s, row); err != nil {
			return err
		}
	}
	return nil
}

// nameLinks writes the change rows of rows of plait_links.
func nameLinks(ctx context.Context, s *session, rows []LinkRow) error {
	for some := range slices.Chunk(rows, linkChunk) {
		args := make([]any, 0, 2*len(some))
		for _, row := range some {
			args = append(args, row.Kind, row.Key)
		}
		text := `INSERT INTO plait_changes (nonce, tbl, op, key) VALUES ` + repeat("(random(),?,'L',?)", len(some))
		if _, err := s.exec(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// endLink marks a generation dead. Whose it was stays known: its row may come back.
func endLink(ctx context.Context, s *session, row LinkRow) error {
	_, err := s.exec(ctx, `INSERT INTO plait_links (kind, key, gen, dead, uid, link) VALUES (?, ?, ?, 1, ?, x'')
		ON CONFLICT (kind, key, gen) DO UPDATE SET dead = 1, link = x''`, row.Kind, row.Key, row.Gen, row.UID)
	return err
}

// endOlder marks the older generations of a living one dead: a key has one living
// generation.
func endOlder(ctx context.Context, s *session, row LinkRow) error {
	if row.Gen < 2 {
		return nil
	}
	_, err := s.exec(ctx, `UPDATE plait_links SET dead = 1, uid = '', link = x'' WHERE kind = ? AND key = ? AND gen < ? AND NOT dead`,
		row.Kind, row.Key, row.Gen)
	return err
}

// settleLink writes what capture found of a generation. It knows nothing of the
// link itself: one that a job has given the living generation meanwhile stays, and
// one of an older generation goes over where capture decided so (LinkOf), as the
// record says. Any other that is left of an older generation ends.
func settleLink(ctx context.Context, s *session, row LinkRow) error {
	switch {
	case row.Dead:
		return endLink(ctx, s, row)
	case row.Link != nil:
		return writeLinks(ctx, s, row)
	}
	_, err := s.exec(ctx, `INSERT INTO plait_links (kind, key, gen, dead, uid, link)
		SELECT kind, key, ?3, 0, uid, link FROM plait_links WHERE kind = ?1 AND key = ?2 AND gen = ?4 AND gen < ?3 AND NOT dead
		ON CONFLICT (kind, key, gen) DO NOTHING`, row.Kind, row.Key, row.Gen, row.LinkOf)
	if err == nil {
		err = endOlder(ctx, s, row)
	}
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO plait_links (kind, key, gen, dead, uid, link) VALUES (?, ?, ?, 0, ?, x'')
		ON CONFLICT (kind, key, gen) DO UPDATE SET dead = 0, uid = excluded.uid, link = excluded.link
		WHERE plait_links.dead OR length(plait_links.link) = 0`, row.Kind, row.Key, row.Gen, row.UID)
	return err
}

// Links returns rows of plait_links after a place that a former call named.
func (c *sqlConnector) Links(ctx context.Context, after string, limit int) (rows []LinkRow, next string, err error) {
	place := [3]any{"", "", int64(0)}
	if after != "" {
		parts, ok := item.SplitKey(after, 3)
		gen, parseErr := strconv.ParseInt(parts[len(parts)-1], 10, 64)
		if !ok || parseErr != nil {
			return nil, "", fmt.Errorf("cannot list links: %.40q is no place in them", after)
		}
		place = [3]any{parts[0], parts[1], gen}
	}
	limit = max(1, min(limit, maxReadRows))
	err = c.read(ctx, func(s *session, _ *state) error {
		rows = rows[:0]
		text := sqlLinks + ` WHERE (kind, key, gen) > (?, ?, ?) ORDER BY kind, key, gen LIMIT ? + 0`
		return s.rows(ctx, text, append(place[:], limit), func(from sqliterows.Row) error {
			row, err := linkRow(from, strings.Clone(from.Text(3)), strings.Clone(from.Text(4)))
			rows = append(rows, row)
			return err
		})
	})
	if err != nil || len(rows) < limit {
		return rows, "", err
	}
	last := rows[len(rows)-1]
	return rows, item.JoinKey(last.Kind, last.Key, strconv.FormatInt(last.Gen, 10)), nil
}
