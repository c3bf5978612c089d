package config

import (
	"github.com/spf13/pflag"

	"plait/shared/settings"
)

// EnvPrefix begins the names of the hub's environment variables.
const EnvPrefix = "PLAIT_HUB_"

// clientEnv are variables with the prefix that are the commands' own.
var clientEnv = []string{EnvPrefix + "CONFIG", EnvPrefix + "URL", EnvPrefix + "TOKEN_FILE", EnvPrefix + "CA"}

// Sources say where settings come from; if no file is named, it is DefaultFile.
type Sources = settings.Sources

// table is all that a hub can be told, read into c.
func table(c *Config) settings.Table {
	return settings.Table{Prefix: EnvPrefix, Others: clientEnv, File: DefaultFile, Keys: keys(c)}
}

// AddFlags defines a flag for every setting.
func AddFlags(flags *pflag.FlagSet) { table(new(Config)).AddFlags(flags) }

// Load reads, merges and checks the settings. Its error joins everything that is
// wrong.
func Load(s Sources) (Config, error) {
	var c Config
	loaded, err := table(&c).Load(s)
	c.File = loaded.File
	if err == nil {
		err = c.validate(loaded)
	}
	return c, err
}
