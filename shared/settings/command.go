package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// maxCommand bounds a command's arguments.
const maxCommand = 50

// commandText writes a command in one text, so that no argument is cut in two.
func commandText(argv []string) string {
	text, err := json.Marshal(argv)
	if err != nil {
		panic(err) // a list of texts cannot fail
	}
	return string(text)
}

// Argv takes a program, by its full path, with its arguments; an empty text is no
// command. A setting of form Command has it. No shell reads it.
func Argv(dst *[]string) func(string) error {
	return func(text string) error {
		if strings.TrimSpace(text) == "" {
			*dst = nil
			return nil
		}
		var argv []string
		if err := json.Unmarshal([]byte(text), &argv); err != nil {
			return fmt.Errorf("%.60q is no list of a program and its arguments; write it as [/full/path, argument]", text)
		}
		switch {
		case len(argv) == 0:
			return errors.New("it names no program; leave the line out for none")
		case len(argv) > maxCommand:
			return fmt.Errorf("it has %d arguments, more than %d", len(argv), maxCommand)
		case !filepath.IsAbs(argv[0]):
			return fmt.Errorf("the program %.60q must be named by its full path", argv[0])
		}
		*dst = argv
		return nil
	}
}
