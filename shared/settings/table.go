package settings

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A Form is how a setting is written.
type Form int

// The forms of settings.
const (
	OneText  Form = iota
	FilePath      // one text; a relative path counts from the folder of the file in which it stands
	Texts         // a YAML list, or texts with commas between
	OnOff         // true or false; the flag alone means true
	Command       // a program and its arguments: a YAML list, or a JSON list in one text
)

// A Key is one setting.
type Key struct {
	Path    string // as in the file, parts joined by dots
	Form    Form
	Default string // as it would be written; a list's has commas
	Help    string // one line
	// Set reads the setting's text. Its error says what is wrong with the text;
	// where that was written is added to it.
	Set func(text string) error
}

// A Table is all that one program can be told.
type Table struct {
	Prefix string // begins the names of the program's variables
	// Others are variables with the prefix that are no settings: they are left
	// to the program's commands.
	Others []string
	File   string // is read if none is named and it is there
	Keys   []Key  // in the order in which help lists them
}

// AddFlags defines a flag for each of these settings, for all if none is named.
func (t Table) AddFlags(flags *pflag.FlagSet, paths ...string) {
	for _, k := range t.Keys {
		if len(paths) > 0 && !slices.Contains(paths, k.Path) {
			continue
		}
		switch k.Form {
		case Texts:
			flags.StringSlice(flagOf(k), splitList(k.Default), k.Help)
		case OnOff:
			flags.Bool(flagOf(k), k.Default == "true", k.Help)
		default:
			flags.String(flagOf(k), k.Default, k.Help)
		}
	}
}

func flagOf(k Key) string { return strings.NewReplacer(".", "-", "_", "-").Replace(k.Path) }

func (t Table) variableOf(k Key) string {
	return t.Prefix + strings.ToUpper(strings.ReplaceAll(k.Path, ".", "_"))
}

// key returns the setting for which of gives name.
func (t Table) key(name string, of func(Key) string) (Key, bool) {
	i := slices.IndexFunc(t.Keys, func(k Key) bool { return of(k) == name })
	if i < 0 {
		return Key{}, false
	}
	return t.Keys[i], true
}

func (t Table) names(of func(Key) string) []string {
	all := make([]string, len(t.Keys))
	for i, k := range t.Keys {
		all[i] = of(k)
	}
	return all
}

func pathOf(k Key) string { return k.Path }

// isGroup reports whether path is the beginning of settings ("retry").
func (t Table) isGroup(path string) bool {
	return slices.ContainsFunc(t.Keys, func(k Key) bool { return strings.HasPrefix(k.Path, path+".") })
}
