//go:build !windows

package config

// The places of an agent that was installed as a package.
const (
	DefaultData    = "/var/lib/plait-agent"
	DefaultFile    = "/etc/plait-agent/agent.yaml"
	DefaultMapping = "/etc/plait-agent/mapping.yaml"
)
