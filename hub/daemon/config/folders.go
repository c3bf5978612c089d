package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// CheckFolders refuses a configuration or a data folder that anybody on the
// machine could change: they could choose what the hub trusts. It names the
// mend. A data folder that is absent is no error. On Windows the folders' access
// lists decide, which the installer sets.
func (c Config) CheckFolders() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	errs := []error{private("the data folder", c.Data)}
	if c.File != "" {
		errs = append(errs, private("the configuration", c.File),
			private("the folder of the configuration", filepath.Dir(c.File)))
	}
	return errors.Join(errs...)
}

func private(what, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot check %s: %w", what, err)
	}
	if mode := info.Mode().Perm(); mode&0o002 != 0 {
		return fmt.Errorf("cannot use %s %s: everybody may change it (mode %#o): run chmod o-w on it", what, path, mode)
	}
	return nil
}
