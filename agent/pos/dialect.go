package pos

import (
	"context"
	"slices"
)

// dialect is everything in which the engines differ. Each stands in a file of
// its own.
type dialect interface {
	// reading opens the POS database, which must exist, for a session that only reads.
	reading(path string) (*session, error)
	// writing opens it for one that writes. Opening changes nothing.
	writing(path string, m *Mapping) (*session, error)
	// version is the engine's, for people.
	version(ctx context.Context, s *session) (string, error)
	// quote quotes an identifier so that it can never be taken for anything else.
	quote(ident string) string
	// begin is the statement that begins a transaction.
	begin(write bool) string
	// schemaVersion changes with each change of the schema.
	schemaVersion(ctx context.Context, s *session) (int64, error)
	// dataVersion changes with each commit of another connection.
	dataVersion(ctx context.Context, s *session) (int64, error)
	loadSchema(ctx context.Context, s *session) (*schema, error)
	// tables are the CREATE statements of Plait's tables, which pass where the
	// table is there already.
	tables() []string
	// ourTables returns which of Plait's tables exist.
	ourTables(ctx context.Context, s *session) ([]string, error)
	// triggers returns the triggers of one table.
	triggers(spec triggerSpec) []trigger
	// installed returns Plait's triggers as the database has them.
	installed(ctx context.Context, s *session) ([]trigger, error)
	dropTrigger(t trigger) string
	// journal describes how the database commits, for Check.
	journal(ctx context.Context, s *session) (journal, error)
	// logged is how many pages a write-ahead log holds that have yet to be folded into
	// the file; 0 if there is no such log. Commits do not fold it by themselves.
	logged(ctx context.Context, s *session) (int, error)
	// fold does so, as far as nobody reads what was there before.
	fold(ctx context.Context, s *session) error
	// classify returns the error of this package that err is a case of, or nil.
	classify(err error) error
	// refused reports whether a failed COMMIT is known to have changed nothing.
	refused(err error) bool
	// unknownName reports whether a statement named something that is not there.
	unknownName(err error) bool
}

// trigger is one of Plait's triggers.
type trigger struct {
	name  string
	table string // the POS's table that it stands on
	text  string // the whole CREATE statement
}

// triggerSpec says what the triggers of one table must record.
type triggerSpec struct {
	table *table
	key   []*column // its own key, if kinds are mapped on it
	// parents are the tables whose kinds have this one as a child.
	parents []parentSpec
}

type parentSpec struct {
	table   string
	columns []*column // of the child, in the order of the parent's key
}

// journal is how an engine keeps readers and writers apart.
type journal struct {
	mode          string
	readersBlock  bool // an open read of ours makes the POS's commit wait
	snapshotFails bool // a commit of ours fails a POS transaction that read before it writes
}

// engines are the engines that a mapping can name.
func engines() []string { return []string{"sqlite"} }

func dialectOf(engine string) dialect {
	if slices.Contains(engines(), engine) {
		return sqlite{}
	}
	return nil
}
