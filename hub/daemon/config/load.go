package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// EnvPrefix begins the names of the hub's environment variables.
const EnvPrefix = "PLAIT_HUB_"

// clientEnv are variables with the prefix that are the commands' own.
var clientEnv = []string{"CONFIG", "URL", "TOKEN_FILE", "CA"}

// maxFile bounds the configuration file, in bytes.
const maxFile = 64 << 10

// Sources say where settings come from.
type Sources struct {
	// File is the file to read. "" means DefaultFile, if it is there.
	File string
	// Environ are the environment's variables as os.Environ gives them.
	Environ []string
	// Flags are those that AddFlags defined; nil means none.
	Flags *pflag.FlagSet
}

// AddFlags defines a flag for every setting.
func AddFlags(flags *pflag.FlagSet) {
	for _, k := range Keys {
		switch v := k.Default.(type) {
		case []string:
			flags.StringSlice(k.flag(), v, k.Help)
		case bool:
			flags.Bool(k.flag(), v, k.Help)
		default:
			flags.String(k.flag(), fmt.Sprint(v), k.Help)
		}
	}
}

func (k Key) flag() string { return strings.ReplaceAll(k.Path, ".", "-") }

func (k Key) variable() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
}

// origins say where each setting's value was written, for errors.
type origins map[string]string

// Load reads, merges and checks the settings. Its error joins everything that is
// wrong.
func Load(s Sources) (Config, error) {
	k, from := koanf.New("."), origins{}
	defaults := map[string]any{}
	for _, key := range Keys {
		defaults[key.Path] = key.Default
	}
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return Config{}, fmt.Errorf("cannot load the defaults: %w", err)
	}
	file, fileErr := loadFile(k, s.File, from)
	err := errors.Join(fileErr, loadEnv(k, s.Environ, from), loadFlags(k, s.Flags, from))
	if err != nil {
		return Config{}, err
	}
	if err := check(k, from); err != nil {
		return Config{}, err
	}
	c := Config{File: file}
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("cannot read the settings: %w", err)
	}
	return c, c.validate(from)
}

// loadFile returns the path of the file that was read, "" if there is none.
func loadFile(k *koanf.Koanf, path string, from origins) (string, error) {
	given := path != ""
	if !given {
		path = DefaultFile
	}
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) && !given {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the configuration: %w", err)
	}
	if err := checkFile(path, data, from); err != nil {
		return "", err
	}
	if err := k.Load(rawbytes.Provider(data), yaml.Parser()); err != nil {
		return "", fmt.Errorf("cannot read the configuration %s: %w", path, err)
	}
	return path, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), maxFile)
	}
	return os.ReadFile(path)
}

func loadEnv(k *koanf.Koanf, environ []string, from origins) error {
	var errs []error
	provider := env.Provider(".", env.Opt{
		Prefix:      EnvPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			i := slices.IndexFunc(Keys, func(key Key) bool { return key.variable() == name })
			if i < 0 {
				if !slices.Contains(clientEnv, strings.TrimPrefix(name, EnvPrefix)) {
					errs = append(errs, fmt.Errorf("%s: there is no such setting%s", name, didYouMean(name, variables())))
				}
				return "", nil
			}
			from[Keys[i].Path] = name
			if _, list := Keys[i].Default.([]string); list {
				return Keys[i].Path, splitList(value)
			}
			return Keys[i].Path, value
		},
	})
	return errors.Join(append([]error{k.Load(provider, nil)}, errs...)...)
}

func variables() (all []string) {
	for _, k := range Keys {
		all = append(all, k.variable())
	}
	return all
}

// splitList reads "a, b" as a list of two.
func splitList(value string) []string {
	list := []string{}
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func loadFlags(k *koanf.Koanf, flags *pflag.FlagSet, from origins) error {
	if flags == nil {
		return nil
	}
	provider := posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
		i := slices.IndexFunc(Keys, func(key Key) bool { return key.flag() == f.Name })
		if i < 0 || !f.Changed {
			return "", nil
		}
		from[Keys[i].Path] = "--" + f.Name
		return Keys[i].Path, posflag.FlagVal(flags, f)
	})
	return k.Load(provider, nil)
}
