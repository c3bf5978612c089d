package config

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// The places of an installed agent: below ProgramData, asked of the system, for
// the environment of a service may lack it.
var (
	folder         = filepath.Join(programData(), "Plait", "Agent")
	DefaultData    = filepath.Join(folder, "data")
	DefaultFile    = filepath.Join(folder, "agent.yaml")
	DefaultMapping = filepath.Join(folder, "mapping.yaml")
)

func programData() string {
	path, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return `C:\ProgramData`
	}
	return path
}
