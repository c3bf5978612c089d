package e2e_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const repositoryRoot = "../.."

var (
	topLevel = []string{"agent", "hub", "shared", "configs", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "CHANGELOG.md"}
	// installer holds the packages for both systems, once there are some; bin
	// and dist are what make builds, and are not kept.
	topLevelToo = []string{"installer", "bin", "dist"}
)

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(repositoryRoot)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	for _, complaint := range layoutComplaints(found) {
		t.Error(complaint)
	}
}

func TestLayoutComplaints(t *testing.T) {
	if got := layoutComplaints(slices.Concat(topLevel, topLevelToo, []string{".git", ".ci"})); got != nil {
		t.Errorf("the intended layout: %q", got)
	}
	extra := append(slices.Clone(topLevel), "staticcheck.conf")
	if got := layoutComplaints(extra); len(got) != 1 || !strings.Contains(got[0], "staticcheck.conf") {
		t.Errorf("one entry too many: %q", got)
	}
	if got := layoutComplaints(topLevel[1:]); len(got) != 1 || !strings.Contains(got[0], "agent") {
		t.Errorf("one entry missing: %q", got)
	}
}

func layoutComplaints(found []string) (complaints []string) {
	for _, name := range found {
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) && !slices.Contains(topLevelToo, name) {
			complaints = append(complaints, name+" does not belong at the top of the tree")
		}
	}
	for _, name := range topLevel {
		if !slices.Contains(found, name) {
			complaints = append(complaints, name+" is missing at the top of the tree")
		}
	}
	return complaints
}
