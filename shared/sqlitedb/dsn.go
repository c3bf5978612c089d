package sqlitedb

import (
	"fmt"
	"net/url"
	"time"

	"plait/shared/sqliterows"
)

// journalSizeLimit is the size in bytes that the WAL file is cut back to after
// a checkpoint; otherwise one bulk edit would leave its full size on the disk
// for good.
const journalSizeLimit = 64 << 20

// writerDSN names the connection that may change the file.
func writerDSN(path string, o Options) string {
	return sqliterows.URI(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			busyPragma(o),
			"journal_mode(WAL)",
			"synchronous(" + o.Sync.String() + ")",
			"foreign_keys(1)",
			cachePragma(o),
			fmt.Sprintf("journal_size_limit(%d)", journalSizeLimit),
		},
	})
}

// readerDSN names a connection that reads the live file. It is query_only and
// not mode=ro: a reader must be able to build the WAL's index after a crash.
func readerDSN(path string, o Options) string {
	return sqliterows.URI(path, url.Values{"_pragma": {busyPragma(o), "query_only(1)", cachePragma(o)}})
}

// peekDSN names a connection that cannot change the file's bytes, not even by
// the checkpoint that SQLite makes when the last connection closes.
func peekDSN(path string, o Options) string {
	return sqliterows.URI(path, url.Values{"mode": {"ro"}, "_pragma": {busyPragma(o), "query_only(1)"}})
}

func cachePragma(o Options) string { return fmt.Sprintf("cache_size(%d)", -o.CacheKiB) }

func busyPragma(o Options) string {
	return fmt.Sprintf("busy_timeout(%d)", o.BusyTimeout/time.Millisecond)
}
