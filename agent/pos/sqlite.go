package pos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"plait/shared/sqliterows"

	sqlite3 "modernc.org/sqlite/lib"
)

// sqlite is the dialect of SQLite.
type sqlite struct{}

// reading never creates the file, and sets only what belongs to the connection: the
// POS's journal mode stays as it is. The lock of the POS is never waited for inside
// SQLite; [sqlConnector] tries again in Go.
func (sqlite) reading(path string) (*session, error) {
	return newSession(sqliterows.Open(path, "busy_timeout(0)", cachePragma))
}

// writing: without cache_spill=0 a large transaction would take the exclusive lock of a
// rollback journal long before it commits. What statements that stand or fall
// together need to be undone is kept in memory, not in a file: it is no more than
// the pages that one slice changes.
func (sqlite) writing(path string, m *Mapping) (*session, error) {
	return newSession(sqliterows.OpenToWrite(path, "busy_timeout(0)", cachePragma, "synchronous("+ownSync+")", "recursive_triggers(0)",
		"cache_spill(0)", "temp_store(memory)", "wal_autocheckpoint(0)", fmt.Sprintf("foreign_keys(%t)", m.ForeignKeys)))
}

const cachePragma = "cache_size(-2000)"

func newSession(conn *sqliterows.Conn, err error) (*session, error) {
	if err != nil {
		return nil, err
	}
	return &session{conn}, nil
}

func (sqlite) version(ctx context.Context, s *session) (string, error) {
	var v string
	err := s.row(ctx, "SELECT sqlite_version()", nil, &v)
	return "SQLite, read by " + v, err
}

// quote uses backticks: SQLite takes a name in double quotes that it does not
// know for a text, so that a dropped column would read as its own name.
func (sqlite) quote(ident string) string {
	return "`" + strings.ReplaceAll(ident, "`", "``") + "`"
}

func (sqlite) begin(write bool) string {
	if write {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}

// tables: the POS's own SQLite may be old, and refuses to open a database whose
// schema it cannot read. So there is no WITHOUT ROWID, no STRICT, no partial
// index, and nothing that a trigger's row could violate.
//
// seq is not AUTOINCREMENT, which costs the POS a tenth of each statement: the
// newest row is never removed, so seq rises by itself; and where somebody else
// empties the table, the mark is gone either way.
func (sqlite) tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS plait_meta (k TEXT PRIMARY KEY, v TEXT)`,
		`CREATE TABLE IF NOT EXISTS plait_changes (seq INTEGER PRIMARY KEY, nonce INTEGER, tbl TEXT, op TEXT, key TEXT, new_key TEXT)`,
		`CREATE TABLE IF NOT EXISTS plait_links (kind TEXT, key TEXT, gen INTEGER, dead INTEGER, uid TEXT, link BLOB, PRIMARY KEY (kind, key, gen))`,
		`CREATE INDEX IF NOT EXISTS plait_links_uid ON plait_links (uid)`,
		`CREATE TABLE IF NOT EXISTS plait_receipts (job TEXT, part INTEGER, hub_epoch TEXT, number INTEGER, ord INTEGER, next_item INTEGER, done INTEGER, body BLOB, at TEXT, PRIMARY KEY (job, part))`,
		`CREATE INDEX IF NOT EXISTS plait_receipts_ord ON plait_receipts (ord)`,
	}
}

func (sqlite) ourTables(ctx context.Context, s *session) ([]string, error) {
	return queryTexts(ctx, s, `SELECT name FROM sqlite_master WHERE type = 'table'
		AND name IN ('plait_meta', 'plait_changes', 'plait_links', 'plait_receipts')`)
}

func (sqlite) schemaVersion(ctx context.Context, s *session) (int64, error) {
	var v int64
	err := s.row(ctx, "PRAGMA schema_version", nil, &v)
	return v, err
}

// dataVersion rises when another connection has committed, to whatever table.
func (sqlite) dataVersion(ctx context.Context, s *session) (int64, error) {
	var v int64
	err := s.row(ctx, "PRAGMA data_version", nil, &v)
	return v, err
}

// journal: with a rollback journal an open read makes the POS's commit fail
// with BUSY; in WAL a commit of ours between a POS transaction's read and its
// write fails it with BUSY_SNAPSHOT (both measured).
func (sqlite) journal(ctx context.Context, s *session) (journal, error) {
	var mode string
	if err := s.row(ctx, "PRAGMA journal_mode", nil, &mode); err != nil {
		return journal{}, err
	}
	wal := strings.EqualFold(mode, "wal")
	return journal{mode: strings.ToUpper(mode), readersBlock: !wal, snapshotFails: true}, nil
}

func (sqlite) logged(ctx context.Context, s *session) (int, error) {
	var busy, pages, folded int // -1 without a write-ahead log
	err := s.row(ctx, "PRAGMA wal_checkpoint(NOOP)", nil, &busy, &pages, &folded)
	if err != nil || pages <= folded {
		return 0, err
	}
	return pages, nil
}

func (sqlite) fold(ctx context.Context, s *session) error {
	var busy, pages, folded int
	return s.row(ctx, "PRAGMA wal_checkpoint(PASSIVE)", nil, &busy, &pages, &folded)
}

func (sqlite) classify(err error) error {
	code := sqliteCode(err)
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return ErrUnique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return ErrReference
	case sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		return ErrType
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy
	case sqlite3.SQLITE_CONSTRAINT:
		return ErrConstraint
	case sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return ErrType
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR:
		return ErrDisk
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return ErrUnreachable
	}
	return nil
}

// refused: SQLite answers a COMMIT that meets a lock or a deferred constraint
// before it writes, and the transaction goes on.
func (sqlite) refused(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CONSTRAINT:
		return true
	}
	return false
}

func (sqlite) unknownName(err error) bool { return sqliteCode(err)&0xff == sqlite3.SQLITE_ERROR }

// sqliteCode returns the extended result code within err; 0 if there is none.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqliterows.Error](err); ok {
		return e.Code()
	}
	return 0
}
