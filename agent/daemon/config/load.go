package config

import (
	"fmt"

	"github.com/spf13/pflag"

	"plait/shared/settings"
)

// EnvPrefix begins the names of the agent's environment variables.
const EnvPrefix = "PLAIT_AGENT_"

// ConfigEnv names the configuration file, like --config.
const ConfigEnv = EnvPrefix + "CONFIG"

// Sources say where settings come from; if no file is named, it is DefaultFile.
type Sources = settings.Sources

// table is all that an agent can be told, read into c.
func table(c *Config) settings.Table {
	return settings.Table{Prefix: EnvPrefix, Others: []string{ConfigEnv}, File: DefaultFile, Keys: keys(c)}
}

// AddFlags defines a flag for each of these settings, for all if none is named.
func AddFlags(flags *pflag.FlagSet, paths ...string) { table(new(Config)).AddFlags(flags, paths...) }

// Load reads, merges and checks the settings. Its error joins everything that is
// wrong.
func Load(s Sources) (Config, error) {
	var c Config
	loaded, err := table(&c).Load(s)
	c.File = loaded.File
	if err == nil && c.Retry.First > c.Retry.Longest {
		err = fmt.Errorf("%s: %v is longer than retry.longest (%v)", loaded.Where("retry.first"), c.Retry.First, c.Retry.Longest)
	}
	return c, err
}
