package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plait/shared/e2e/rig"
	"plait/shared/e2e/scenario"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := rig.Clean(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestScenarios(t *testing.T) { testscript.Run(t, scenario.Params("testdata")) }

// operation is what a tag in a script looks like: [service.delete].
var operation = regexp.MustCompile(`\[([a-z_]+\.[a-z_]+)\]`)

// TestEveryOperationHasAScript: what S3 says that a branch can and cannot do with a
// synced item stands in a script, row by row.
func TestEveryOperationHasAScript(t *testing.T) {
	told := map[string]bool{}
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range operation.FindAllStringSubmatch(string(text), -1) {
			told[m[1]] = true
		}
	}
	table, err := os.ReadFile("../../../configs/testdata/s3-operations.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
	if len(rows) < 70 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row, "\t")
		if name := cells[0] + "." + cells[1]; !told[name] {
			t.Errorf("no script tells of [%s]", name)
		} else {
			delete(told, name)
		}
	}
	for name := range told {
		if _, after, _ := strings.Cut(name, "."); !strings.Contains(string(table), "\t"+after+"\t") {
			t.Errorf("a script tells of [%s], which is no operation", name)
		}
	}
}
