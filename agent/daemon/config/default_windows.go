package config

import (
	"path/filepath"

	"plait/shared/settings"
)

// The places of an installed agent.
var (
	folder         = filepath.Join(settings.ProgramData(), "Plait", "Agent")
	DefaultData    = filepath.Join(folder, "data")
	DefaultFile    = filepath.Join(folder, "agent.yaml")
	DefaultMapping = filepath.Join(folder, "mapping.yaml")
)
