package e2e_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// clockless are the rooms whose answers must not depend on when they are asked.
var clockless = []string{"shared/catalog", "shared/merge"}

// clockCalls are what package time offers beyond plain values.
var clockCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}

func TestPureRoomsNeverLookAtTheClock(t *testing.T) {
	for _, room := range clockless {
		files := sources(t, filepath.Join(repositoryRoot, room))
		if len(files) == 0 {
			t.Errorf("%s has no sources", room)
		}
		for _, file := range files {
			uses, err := clockUses(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, use := range uses {
				t.Errorf("%s: %s is pure: no clock", use, room)
			}
		}
	}
}

// The control: sources that look at the clock in every way Go allows.
func TestClockUsesAreFound(t *testing.T) {
	for source, want := range map[string]int{
		`import "time"; var x = time.Now()`:                       1,
		`import "time"; var now = time.Now`:                       1,
		`import clock "time"; func f() { clock.Sleep(1) }`:        1,
		`import . "time"; func f() { Sleep(1) }`:                  1,
		`import "time"; var x = time.Since(time.Unix(0, 0))`:      1,
		`import "time"; var x = time.Duration(1) * time.Second`:   0,
		`import "time"; func f(now func() time.Time) { _ = now }`: 0,
		`import time "example/other"; var x = time.Now()`:         0,
	} {
		uses, err := clockUses("source.go", "package p; "+source)
		if err != nil {
			t.Fatal(err)
		}
		if len(uses) != want {
			t.Errorf("%s: found %q, want %d", source, uses, want)
		}
	}
}

// sources lists the Go files below dir, those of tests left out.
func sources(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// clockUses returns the places in a file that look at the clock or wait for it.
// source is the file's text, or nil to read it.
func clockUses(file string, source any) (uses []string, err error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("cannot parse %s: %w", file, err)
	}
	name := nameOfTime(parsed)
	if name == "." {
		// Bare names could be anyone's: the import itself is the breach.
		return []string{set.Position(parsed.Package).String() + `: import . "time"`}, nil
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok && name != "" {
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == name && slices.Contains(clockCalls, selector.Sel.Name) {
				uses = append(uses, fmt.Sprintf("%s: time.%s", set.Position(selector.Pos()), selector.Sel.Name))
			}
		}
		return true
	})
	return uses, nil
}

// nameOfTime returns by what name a file calls package time, "" if by none.
func nameOfTime(file *ast.File) string {
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err != nil || path != "time" {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return "time"
	}
	return ""
}
