//go:build !windows

package config

// The folders of a hub that was installed as a package.
const (
	DefaultData = "/var/lib/plait-hub"
	DefaultFile = "/etc/plait-hub/hub.yaml"
)
