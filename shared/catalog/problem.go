package catalog

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a catalogue.
type Problem struct {
	File  string // as given to Load, with its folder; "" if the catalogue came from no file
	Line  int    // from 1; 0 if unknown
	Where string // "field price", "match", "operation delete"; "" for the kind itself
	What  string // a sentence, with the way out
}

// String returns "file.yaml:12: field price: what is wrong".
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Where != "" {
		b.WriteString(p.Where + ": ")
	}
	b.WriteString(p.What)
	return b.String()
}

// Problems is the error of Load and Decode: everything that is wrong, in the
// order of files and lines.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return "cannot use the catalogue:\n" + strings.Join(lines, "\n")
}
