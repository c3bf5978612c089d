package scenario_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tag is what a script says it shows: [service.delete], [rule9.locked_equals].
var tag = regexp.MustCompile(`\[([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)\]`)

// tags are the scripts' tags, with a script that has each.
func tags(t *testing.T) map[string]string {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	told := map[string]string{}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tag.FindAllStringSubmatch(string(text), -1) {
			told[m[1]] = path
		}
	}
	return told
}

// table reads a table's rows below its heading.
func table(t *testing.T, path string, least int) (rows [][]string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		rows = append(rows, strings.Split(line, "\t"))
	}
	if len(rows) < least {
		t.Fatalf("%s has %d rows, and had %d", path, len(rows), least)
	}
	return rows
}

// operations are what S3 says that a branch can and cannot do with a synced item.
func operations(t *testing.T) (names []string, words map[string]bool) {
	words = map[string]bool{}
	for _, cells := range table(t, "../../../configs/testdata/s3-operations.tsv", 70) {
		names, words[cells[1]] = append(names, cells[0]+"."+cells[1]), true
	}
	return names, words
}

// decisions are what else must be seen: each trouble of S0, kind of S1 and rule of
// S2, the rules that never bend, and what was decided of the merge and of when a
// sync runs.
func decisions(t *testing.T) (names []string) {
	for _, cells := range table(t, "testdata/decisions.tsv", 130) {
		if len(cells) != 2 || !tag.MatchString("["+cells[0]+"]") || len(cells[1]) < 4 || slices.Contains(names, cells[0]) {
			t.Errorf("%q is no decision with a sentence, or is there twice", cells)
		}
		names = append(names, cells[0])
	}
	return names
}

// TestEveryDecisionAndOperationHasAScript: each stands in a script, by its tag, and
// no script has a tag that is neither.
func TestEveryDecisionAndOperationHasAScript(t *testing.T) {
	told := tags(t)
	names, words := operations(t)
	for _, name := range append(names, decisions(t)...) {
		if told[name] == "" {
			t.Errorf("no script tells of [%s]", name)
		}
		delete(told, name)
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if _, operation, _ := strings.Cut(name, "."); !words[operation] {
			t.Errorf("%s tells of [%s], which is neither a decision nor an operation", told[name], name)
		}
	}
}
