package catalog

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"plait/shared/item"
)

// Limits of a catalogue's files.
const (
	MaxFileBytes = 1 << 20
	MaxKinds     = 500
	MaxFields    = 500 // of a kind; columns of a field too
	maxTitle     = 200
	maxHelp      = 1000
)

// Load reads every *.yaml file of a folder, one kind a file, named after its
// kind. Its error is Problems, with everything that is wrong in all files, or an
// error of fsys.
func Load(fsys fs.FS, dir string) (*Catalog, error) { return LoadOver(&Catalog{}, fsys, dir) }

// LoadOver loads a network's own folder over base: its kinds may refer to those
// of base, and take the place of those of the same name. The result holds both.
func LoadOver(base *Catalog, fsys fs.FS, dir string) (*Catalog, error) {
	names, err := kindFiles(fsys, dir)
	if err != nil {
		return nil, err
	}
	l := &loader{}
	own := &Catalog{}
	for _, name := range names {
		if k, ok, err := l.file(fsys, path.Join(dir, name)); err != nil {
			return nil, err
		} else if ok {
			own.Kinds = append(own.Kinds, k)
		}
	}
	out := base.Overlay(own)
	l.refs(out)
	if len(l.problems) > 0 {
		return nil, sorted(l.problems)
	}
	return out, nil
}

func kindFiles(fsys fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogue's folder %s: %w", dir, err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == ".yaml" {
			out = append(out, e.Name())
		}
	}
	switch {
	case len(out) == 0:
		return nil, fmt.Errorf("cannot load a catalogue from %s: it has no *.yaml file", dir)
	case len(out) > MaxKinds:
		return nil, fmt.Errorf("cannot load a catalogue from %s: it has %d files, more than %d", dir, len(out), MaxKinds)
	}
	return out, nil
}

func sorted(p Problems) Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return p
}

// loader collects problems over all files, and where each kind was read.
type loader struct {
	problems Problems
	files    []*kindFile
}

// kindFile is one file of the catalogue, and what was read from it.
type kindFile struct {
	*yamlFile
	kind Kind
}

// file reads and checks one file; ok is false if it names no kind.
func (l *loader) file(fsys fs.FS, name string) (k Kind, ok bool, err error) {
	f := &kindFile{yamlFile: newYAMLFile(name, "kind", &l.problems)}
	root, err := f.open(fsys)
	if err != nil || root == nil {
		return Kind{}, false, err
	}
	f.readKind(root)
	f.named("kind", f.kind.Name)
	checkKind(f.kind, f.report)
	l.files = append(l.files, f)
	return f.kind, f.kind.Name != "", nil
}

// refs checks references once all kinds are known.
func (l *loader) refs(c *Catalog) {
	for _, f := range l.files {
		checkRefs(f.kind, c, f.report)
	}
}

// inherit gives a rows field's columns what they do not say themselves.
func inherit(f *Field) {
	for i := range f.Columns {
		if f.Columns[i].Policy != "" {
			continue
		}
		f.Columns[i].Policy = f.Policy
		if f.Policy == item.Additive { // of a column: the source's elements are its own
			f.Columns[i].Policy = item.Locked
		}
		if f.Columns[i].LockedWhen == "" && f.Columns[i].Policy != item.Locked && slices.Contains(Switches, f.LockedWhen) {
			f.Columns[i].LockedWhen = f.LockedWhen
		}
	}
}
