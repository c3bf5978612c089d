package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// yamlFile is one file that is read key by key, so that each problem names its
// line.
type yamlFile struct {
	name     string
	holds    string         // "kind", "preset": a file holds one
	lines    map[string]int // by path, as "fields.price.policy"
	spoilt   map[int]bool   // lines that have a problem of their form already
	problems *Problems
}

func newYAMLFile(name, holds string, problems *Problems) *yamlFile {
	return &yamlFile{name: name, holds: holds, lines: map[string]int{}, spoilt: map[int]bool{}, problems: problems}
}

// open reads the file and returns its one mapping; nil after a report.
func (f *yamlFile) open(fsys fs.FS) (*yaml.Node, error) {
	b, err := readFile(fsys, f.name)
	if err != nil {
		return nil, err
	}
	return f.parse(b), nil
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	in, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", name, err)
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, MaxFileBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	case len(b) > MaxFileBytes:
		return nil, Problems{{File: name, What: fmt.Sprintf("the file has more than %d bytes", MaxFileBytes)}}
	}
	return b, nil
}

// named holds a file to the name of what it holds, so that one kind cannot stand
// in two files.
func (f *yamlFile) named(at, name string) {
	if want := strings.TrimSuffix(path.Base(f.name), ".yaml"); name != "" && name != want {
		f.report(at, "", fmt.Sprintf("%s %s must stand in a file named %s.yaml", f.holds, name, name))
	}
}

// report adds a problem on the line of the path, or of the nearest part of it
// that has one.
func (f *yamlFile) report(at, where, what string) {
	if line := f.line(at); !f.spoilt[line] {
		*f.problems = append(*f.problems, Problem{File: f.name, Line: line, Where: where, What: what})
	}
}

func (f *yamlFile) line(at string) int {
	for {
		if n, ok := f.lines[at]; ok {
			return n
		}
		i := strings.LastIndexByte(at, '.')
		if i < 0 {
			return 1
		}
		at = at[:i]
	}
}

func (f *yamlFile) has(at string) bool { _, ok := f.lines[at]; return ok }

// parse returns the file's one mapping, or nil after a report.
func (f *yamlFile) parse(b []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		f.syntax(err)
		return nil
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		f.report("", "", "more than one document: a file holds one "+f.holds)
		return nil
	case !errors.Is(err, io.EOF):
		f.syntax(err)
		return nil
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		f.report("", "", "a "+f.holds+" is a list of \"key: value\" lines")
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// syntax reports an error of the YAML parser, which tells its line only in words.
func (f *yamlFile) syntax(err error) {
	switch m := yamlLine.FindStringSubmatch(err.Error()); {
	case errors.Is(err, io.EOF):
		f.report("", "", "the file is empty")
	case m != nil:
		f.lines["!"], _ = strconv.Atoi(m[1])
		f.report("!", "", "not YAML: "+m[2])
	default:
		f.report("", "", "not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
	}
}
