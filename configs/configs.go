// Package configs holds what Plait ships beside its programs: the catalogue of
// kinds, the presets over them and the example configurations. It knows the files,
// not their meaning.
package configs

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"plait/shared/catalog"
)

//go:embed catalog/*.yaml presets/*.yaml
var files embed.FS

// DefaultPreset is the preset of a network that names none.
const DefaultPreset = "flagship"

// Catalog returns the shipped catalogue: the kinds of S1 to S3 with S3's fields
// and policies. A network lays its own files over it with catalog.LoadOver. It
// is read once; nobody may change it.
func Catalog() (*catalog.Catalog, error) { return shipped() }

var shipped = sync.OnceValues(func() (*catalog.Catalog, error) {
	c, err := catalog.Load(files, "catalog")
	if err != nil {
		return nil, fmt.Errorf("cannot load the shipped catalogue: %w", err)
	}
	return c, nil
})

// Presets returns the shipped presets by name. They are read once; nobody may
// change them.
func Presets() ([]catalog.Preset, error) { return presets() }

var presets = sync.OnceValues(func() (out []catalog.Preset, err error) {
	c, err := Catalog()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "presets/*.yaml") // sorted
	for _, name := range names {
		if err == nil {
			var p catalog.Preset
			p, err = catalog.LoadPreset(files, name, c)
			out = append(out, p)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot load the shipped presets: %w", err)
	}
	return out, nil
})
