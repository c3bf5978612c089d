package e2e_test

import "slices"

// A rule says what the packages of some rooms must not import. A room is a
// folder below the module's root, with everything in it.
type rule struct {
	rooms []string
	// forbidden names rooms of ours. Reaching one by way of another room of
	// ours is forbidden as well.
	forbidden []string
	// outside names packages that are not ours. Only a direct import counts,
	// unless deep is set: then no room of ours that is reached may have it.
	outside []string
	deep    bool
	// except names rooms within rooms to which the rule does not apply.
	except []string
	// tests makes the rule hold for test files, too.
	tests bool
	why   string
}

var (
	netHTTP  = []string{"net/http"}
	network  = []string{"net", "net/http", "crypto/tls", "github.com/hashicorp/go-retryablehttp"}
	database = []string{"database/sql", "database/sql/driver", "modernc.org/sqlite", "modernc.org/sqlite/lib"}
	// sqlitedb counts where it is imported directly: the rooms that hold the SQL
	// reach it, and are reached by those that must not.
	sqlitedb = []string{"plait/shared/sqlitedb", "plait/shared/sqliterows"}
)

// The rules are the table of rooms in the architecture's document.
var rules = []rule{
	{rooms: []string{"agent"}, forbidden: []string{"hub"}, tests: true,
		why: "the programs share the protocol and the merge, and nothing else"},
	{rooms: []string{"hub"}, forbidden: []string{"agent"}, tests: true,
		why: "the programs share the protocol and the merge, and nothing else"},
	{rooms: []string{"shared"}, except: []string{"shared/e2e"}, forbidden: []string{"agent", "hub"}, tests: true,
		why: "what both programs use knows neither"},
	{rooms: []string{"agent", "hub", "shared"}, except: []string{"shared/e2e"}, forbidden: []string{"shared/e2e"}, tests: true,
		why: "nothing is built upon the end-to-end tests"},

	{rooms: []string{"shared/catalog", "shared/merge"}, outside: slices.Concat(network, database), deep: true,
		why: "kinds and the merge are pure: the Test and the run must come out the same"},
	{rooms: []string{"shared/item"}, forbidden: []string{"agent", "hub", "shared"},
		why: "values are the bottom of the house"},
	{rooms: []string{"shared/wire"}, outside: netHTTP,
		why: "the protocol is messages; who carries them is another room's business"},
	{rooms: []string{"shared/sqlitedb"}, forbidden: []string{"shared/item", "shared/wire"},
		why: "opening a file needs no knowledge of what is in it"},
	{rooms: []string{"shared/sqliterows"}, forbidden: []string{"agent", "hub", "shared"},
		why: "a row is read without knowing what it is"},
	{rooms: []string{"shared/enrolcode"}, forbidden: []string{"agent", "hub", "shared"}, outside: slices.Concat(netHTTP, database),
		why: "a code and a pin are pure"},
	{rooms: []string{"shared/suggest"}, forbidden: []string{"agent", "hub", "shared"}, outside: slices.Concat(network, database),
		why: "a guess at a word is pure"},
	{rooms: []string{"shared/settings"}, outside: slices.Concat(network, database, sqlitedb),
		why: "what a program is told is read from a file, variables and flags"},

	{rooms: []string{"agent/pos"}, forbidden: []string{"agent/outbox", "agent/hubclient"},
		why: "a connector knows its POS and nothing of what becomes of a change"},
	{rooms: []string{"agent/capture"}, forbidden: []string{"agent/hubclient"},
		why: "capture goes on without a line"},
	{rooms: []string{"agent/outbox"}, forbidden: []string{"agent/pos", "agent/hubclient"}, outside: network,
		why: "the queue knows neither end"},
	{rooms: []string{"agent/hubclient"}, forbidden: []string{"agent/pos", "agent/outbox"},
		why: "the client carries messages; the upload decides which"},
	{rooms: []string{"agent/upload"}, outside: slices.Concat(database, sqlitedb),
		why: "a conversation's steps are no place for SQL; the outbox has it"},
	{rooms: []string{"agent/apply"}, forbidden: []string{"agent/hubclient"},
		why: "applying goes on without a line"},
	{rooms: []string{"agent/service"}, why: "starting and stopping is the same whatever runs", forbidden: []string{
		"agent/pos", "agent/capture", "agent/outbox", "agent/hubclient", "agent/upload", "agent/apply",
		"shared/catalog", "shared/item", "shared/merge", "shared/wire"}},

	{rooms: []string{"hub/store", "hub/ingest", "hub/storesync"}, outside: netHTTP,
		why: "HTTP ends at the API"},
	{rooms: []string{"hub/queue"}, forbidden: []string{"hub/ingest"},
		why: "a job's life does not depend on how results come in"},
	{rooms: []string{"hub/operator", "hub/access"}, outside: slices.Concat(netHTTP, database, sqlitedb),
		why: "an operator's act is the same whoever carries it: a page, the API, the command line"},
	{rooms: []string{"hub/api"}, outside: slices.Concat(database, sqlitedb),
		why: "all SQL of the hub is in hub/store"},
}
