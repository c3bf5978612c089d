// Package configs holds what Plait ships beside its programs: the catalogue of
// kinds and the example configurations. It knows the files, not their meaning.
package configs

import (
	"embed"
	"fmt"
	"sync"

	"plait/shared/catalog"
)

//go:embed catalog/*.yaml
var files embed.FS

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
