package config

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// The folders of an installed hub: below ProgramData, asked of the system, for
// the environment of a service may lack it.
var (
	DefaultData = filepath.Join(programData(), "Plait", "hub")
	DefaultFile = filepath.Join(programData(), "Plait", "hub.yaml")
)

func programData() string {
	path, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return `C:\ProgramData`
	}
	return path
}
