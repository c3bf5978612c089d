package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Sources say where settings come from.
type Sources struct {
	// File is the file to read. "" means the table's, if it is there.
	File string
	// Environ are the environment's variables as os.Environ gives them.
	Environ []string
	// Flags are those that AddFlags defined; nil means none.
	Flags *pflag.FlagSet
}

// Loaded says where settings came from.
type Loaded struct {
	File string // full path of the file that was read, "" if there was none
	from origins
}

// origins say by a setting's path where its value was written.
type origins map[string]string

// Where names the place in which a setting was written, for errors: file and
// line, the variable or the flag. A default's is the setting's path.
func (l Loaded) Where(path string) string {
	if at, ok := l.from[path]; ok {
		return at
	}
	return path
}

// Load merges the sources and hands every setting its text. Its error joins
// everything that is wrong; settings are handed out only if the sources are
// sound.
func (t Table) Load(s Sources) (Loaded, error) {
	k, from := koanf.New("."), origins{}
	defaults := map[string]any{}
	for _, key := range t.Keys {
		defaults[key.Path] = key.Default
	}
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return Loaded{}, fmt.Errorf("cannot load the defaults: %w", err)
	}
	file, fileErr := t.loadFile(k, s.File, from)
	l := Loaded{File: file, from: from}
	if err := errors.Join(fileErr, t.loadEnv(k, s.Environ, from), t.loadFlags(k, s.Flags, from)); err != nil {
		return l, err
	}
	return l, t.set(k, l)
}

// set gives every setting's text to what reads it.
func (t Table) set(k *koanf.Koanf, l Loaded) error {
	var errs []error
	for _, key := range t.Keys {
		text := k.String(key.Path)
		if key.Form == FilePath {
			text = fullPath(text)
		}
		if err := key.Set(text); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", l.Where(key.Path), err))
		}
	}
	return errors.Join(errs...)
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

// loadFile returns the full path of the file that was read, "" if there is none.
func (t Table) loadFile(k *koanf.Koanf, path string, from origins) (string, error) {
	given := path != ""
	if !given {
		path = t.File
	}
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) && !given {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the configuration: %w", err)
	}
	values, err := t.parseFile(path, data, from)
	if err != nil {
		return "", err
	}
	if err := k.Load(confmap.Provider(values, "."), nil); err != nil {
		return "", fmt.Errorf("cannot read the configuration %s: %w", path, err)
	}
	return fullPath(path), nil
}

func (t Table) loadEnv(k *koanf.Koanf, environ []string, from origins) error {
	var errs []error
	provider := env.Provider(".", env.Opt{
		Prefix:      t.Prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, known := t.key(name, t.variableOf)
			switch {
			case known:
				from[key.Path] = name
				return key.Path, value
			case !slices.Contains(t.Others, name):
				errs = append(errs, fmt.Errorf("%s: there is no such setting%s", name, didYouMean(name, t.names(t.variableOf))))
			}
			return "", nil
		},
	})
	return errors.Join(append([]error{k.Load(provider, nil)}, errs...)...)
}

func (t Table) loadFlags(k *koanf.Koanf, flags *pflag.FlagSet, from origins) error {
	if flags == nil {
		return nil
	}
	return k.Load(posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
		key, known := t.key(f.Name, flagOf)
		if !known || !f.Changed {
			return "", nil
		}
		from[key.Path] = "--" + f.Name
		if list, ok := f.Value.(pflag.SliceValue); ok {
			return key.Path, strings.Join(list.GetSlice(), ",")
		}
		return key.Path, f.Value.String()
	}), nil)
}
