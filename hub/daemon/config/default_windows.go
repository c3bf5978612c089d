package config

import (
	"path/filepath"

	"plait/shared/settings"
)

// The folders of an installed hub.
var (
	DefaultData = filepath.Join(settings.ProgramData(), "Plait", "hub")
	DefaultFile = filepath.Join(settings.ProgramData(), "Plait", "hub.yaml")
)
