package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "plait"

// A node is one package as `go list -json` describes it.
type node struct {
	ImportPath   string
	Dir          string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// A graph holds the module's packages by import path.
type graph map[string]node

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		packages := loadGraph(t, goos)
		if len(packages) < 5 {
			t.Fatalf("%s: go list found only %d packages", goos, len(packages))
		}
		for _, breach := range packages.breaches(rules) {
			t.Errorf("%s: %s", goos, breach)
		}
	}
}

// A rule for a room that was renamed would hold for ever, and mean nothing.
func TestRulesNameRoomsThatExist(t *testing.T) {
	packages := loadGraph(t, "linux")
	for _, r := range rules {
		for _, room := range slices.Concat(r.rooms, r.forbidden, r.except) {
			if !packages.hasRoom(room) {
				t.Errorf("the rule %q names %s, which has no package", r.why, room)
			}
		}
	}
}

func loadGraph(t *testing.T, goos string) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = repositoryRoot
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot list packages: %v\n%s", err, &stderr)
	}
	packages := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var n node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("cannot read go list's answer: %v", err)
		}
		packages[n.ImportPath] = n
	}
}

// breaches returns, in order, a sentence for each forbidden import.
func (g graph) breaches(rules []rule) []string {
	var found []string
	for _, r := range rules {
		for _, path := range slices.Sorted(maps.Keys(g)) {
			if inRooms(path, r.rooms) && !inRooms(path, r.except) {
				found = append(found, g.breachesOf(path, r)...)
			}
		}
	}
	return found
}

// breachesOf follows the imports of one package, breadth first, so that the
// chain it reports is a shortest one.
func (g graph) breachesOf(start string, r rule) []string {
	var found []string
	chain := map[string][]string{start: {start}}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, next := range g.importsOf(at, r.tests && at == start) {
			if _, seen := chain[next]; seen {
				continue
			}
			chain[next] = append(slices.Clone(chain[at]), next)
			if r.forbids(start, at, next) {
				found = append(found, fmt.Sprintf("%s: %s", strings.Join(chain[next], " imports "), r.why))
			} else if _, ours := g[next]; ours {
				queue = append(queue, next)
			}
		}
	}
	return found
}

func (g graph) importsOf(path string, tests bool) []string {
	n := g[path]
	if tests {
		return slices.Concat(n.Imports, n.TestImports, n.XTestImports)
	}
	return n.Imports
}

// forbids reports whether at, which start imports or is, may not import next. A
// room's own packages are never forbidden to it.
func (r rule) forbids(start, at, next string) bool {
	if inRooms(next, r.forbidden) && !inRooms(next, []string{roomOf(start, r.rooms)}) {
		return true
	}
	return (at == start || r.deep) && slices.Contains(r.outside, next)
}

func (g graph) hasRoom(room string) bool {
	for path := range g {
		if inRooms(path, []string{room}) {
			return true
		}
	}
	return false
}

func inRooms(path string, rooms []string) bool { return roomOf(path, rooms) != "" }

// roomOf returns which of the rooms the package lies in, "" if in none.
func roomOf(path string, rooms []string) string {
	for _, room := range rooms {
		if path == module+"/"+room || strings.HasPrefix(path, module+"/"+room+"/") {
			return room
		}
	}
	return ""
}

// The control: made-up modules that break each sort of rule, and some that look
// as if they did. A checker that finds nothing would pass the test above.
func TestCheckerFindsBreaches(t *testing.T) {
	imports := func(paths ...string) node { return node{Imports: paths} }
	for name, test := range map[string]struct {
		graph graph
		rule  rule
		want  []string // the chains of the breaches
	}{
		"direct": {
			graph{"plait/agent/a": imports("plait/hub/b"), "plait/hub/b": {}},
			rule{rooms: []string{"agent"}, forbidden: []string{"hub"}},
			[]string{"plait/agent/a imports plait/hub/b"},
		},
		"by way of a third room": {
			graph{"plait/agent": imports("plait/shared/s"), "plait/shared/s": imports("plait/hub"), "plait/hub": {}},
			rule{rooms: []string{"agent"}, forbidden: []string{"hub"}},
			[]string{"plait/agent imports plait/shared/s imports plait/hub"},
		},
		"in a test": {
			graph{"plait/agent": {XTestImports: []string{"plait/hub"}}, "plait/hub": {}},
			rule{rooms: []string{"agent"}, forbidden: []string{"hub"}, tests: true},
			[]string{"plait/agent imports plait/hub"},
		},
		"a test that may": {
			graph{"plait/hub/api": {TestImports: []string{"database/sql"}}},
			rule{rooms: []string{"hub/api"}, outside: database},
			nil,
		},
		"outside, in a package within the room": {
			graph{"plait/hub/store/sqlite": imports("net/http")},
			rule{rooms: []string{"hub/store"}, outside: netHTTP},
			[]string{"plait/hub/store/sqlite imports net/http"},
		},
		"outside, indirect and allowed": {
			graph{"plait/agent/upload": imports("plait/agent/outbox"), "plait/agent/outbox": imports("database/sql")},
			rule{rooms: []string{"agent/upload"}, outside: database},
			nil,
		},
		"outside, indirect and deep": {
			graph{"plait/shared/merge": imports("plait/shared/item"), "plait/shared/item": imports("net")},
			rule{rooms: []string{"shared/merge"}, outside: network, deep: true},
			[]string{"plait/shared/merge imports plait/shared/item imports net"},
		},
		"a name that only begins alike": {
			graph{"plait/agent": imports("plait/hubbub", "net/http/httptrace"), "plait/hubbub": {}},
			rule{rooms: []string{"agent"}, forbidden: []string{"hub"}, outside: netHTTP},
			nil,
		},
		"its own room among all that are forbidden": {
			graph{"plait/shared/item": imports("plait/shared/item/text", "plait/shared/wire"), "plait/shared/item/text": {}, "plait/shared/wire": {}},
			rule{rooms: []string{"shared/item"}, forbidden: []string{"shared"}},
			[]string{"plait/shared/item imports plait/shared/wire"},
		},
		"an exception": {
			graph{"plait/shared/e2e": imports("plait/hub"), "plait/hub": {}},
			rule{rooms: []string{"shared"}, except: []string{"shared/e2e"}, forbidden: []string{"hub"}},
			nil,
		},
		"a circle of rooms": {
			graph{"plait/agent": imports("plait/shared/a"), "plait/shared/a": imports("plait/shared/b"), "plait/shared/b": imports("plait/shared/a", "plait/hub"), "plait/hub": {}},
			rule{rooms: []string{"agent"}, forbidden: []string{"hub"}},
			[]string{"plait/agent imports plait/shared/a imports plait/shared/b imports plait/hub"},
		},
	} {
		test.rule.why = "why"
		got := test.graph.breaches([]rule{test.rule})
		for i := range test.want {
			test.want[i] += ": why"
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
