package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// EnvPrefix begins the names of the agent's environment variables.
const EnvPrefix = "PLAIT_AGENT_"

// ConfigEnv names the configuration file, like --config.
const ConfigEnv = EnvPrefix + "CONFIG"

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

// AddFlags defines a flag for each of these settings, for all if none is named.
func AddFlags(flags *pflag.FlagSet, paths ...string) {
	for _, k := range Keys {
		if len(paths) == 0 || slices.Contains(paths, k.Path) {
			flags.String(k.flag(), k.Default, k.Help)
		}
	}
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
	return build(k, file, from)
}

// build gives every setting's text to what reads it.
func build(k *koanf.Koanf, file string, from origins) (Config, error) {
	c := Config{File: file}
	var errs []error
	for _, key := range Keys {
		value := k.String(key.Path)
		if key.isPath {
			value = fullPath(value)
		}
		if err := key.set(&c, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", from.where(key.Path), err))
		}
	}
	if len(errs) == 0 && c.Retry.First > c.Retry.Longest {
		errs = append(errs, fmt.Errorf("%s: %v is longer than retry.longest (%v)", from.where("retry.first"), c.Retry.First, c.Retry.Longest))
	}
	return c, errors.Join(errs...)
}

// fullPath leaves an empty path empty; those of the file are full already.
func fullPath(path string) string {
	if path == "" {
		return ""
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path // the working folder is gone; what uses the path will say so
}

// where names the place in which a setting was written.
func (o origins) where(path string) string {
	if at, ok := o[path]; ok {
		return at
	}
	return path
}

// loadFile returns the full path of the file that was read, "" if there is none.
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
	values, err := parseFile(path, data, from)
	if err != nil {
		return "", err
	}
	if err := k.Load(confmap.Provider(values, "."), nil); err != nil {
		return "", fmt.Errorf("cannot read the configuration %s: %w", path, err)
	}
	return fullPath(path), nil
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
			if name == ConfigEnv {
				return "", nil
			}
			i := slices.IndexFunc(Keys, func(key Key) bool { return key.variable() == name })
			if i < 0 {
				errs = append(errs, fmt.Errorf("%s: there is no such setting%s", name, didYouMean(name, names(Key.variable))))
				return "", nil
			}
			from[Keys[i].Path] = name
			return Keys[i].Path, value
		},
	})
	return errors.Join(append([]error{k.Load(provider, nil)}, errs...)...)
}

func loadFlags(k *koanf.Koanf, flags *pflag.FlagSet, from origins) error {
	if flags == nil {
		return nil
	}
	return k.Load(posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
		i := slices.IndexFunc(Keys, func(key Key) bool { return key.flag() == f.Name })
		if i < 0 || !f.Changed {
			return "", nil
		}
		from[Keys[i].Path] = "--" + f.Name
		return Keys[i].Path, f.Value.String()
	}), nil)
}
