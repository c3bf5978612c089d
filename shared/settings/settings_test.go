package settings_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"plait/shared/settings"
)

type told struct {
	Data, Level, Note string
	Names, Program    []string
	Off               bool
	Every             time.Duration
	Share             int
}

func tableOf(c *told) settings.Table {
	return settings.Table{Prefix: "PLAIT_T_", Others: []string{"PLAIT_T_CONFIG"}, File: "no such file.yaml", Keys: []settings.Key{
		{Path: "data", Default: "/srv/t", Form: settings.FilePath, Set: settings.Filled(&c.Data)},
		{Path: "names", Form: settings.Texts, Set: settings.List(&c.Names)},
		{Path: "log.level", Default: "info", Set: settings.OneOf(&c.Level, "info", "warn")},
		{Path: "log.note", Set: settings.Text(&c.Note)},
		{Path: "work.every", Default: "1h", Set: settings.Span(&c.Every, time.Second, 24*time.Hour)},
		{Path: "work.share", Default: "25", Set: settings.Percent(&c.Share, 1, 90)},
		{Path: "work.off", Default: "false", Form: settings.OnOff, Set: settings.Switch(&c.Off)},
		{Path: "program", Form: settings.Command, Set: settings.Argv(&c.Program)},
	}}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, file string, environ []string, args ...string) (told, settings.Loaded, error) {
	t.Helper()
	var c told
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	tableOf(&c).AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	loaded, err := tableOf(&c).Load(settings.Sources{File: file, Environ: environ, Flags: flags})
	return c, loaded, err
}

func full(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	want := told{Data: full(t, "/srv/t"), Level: "info", Names: []string{}, Every: time.Hour, Share: 25}
	for _, file := range []string{"", write(t, ""), write(t, "# nothing\n")} {
		c, loaded, err := load(t, file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c, want) || loaded.File != file || loaded.Where("log.level") != "log.level" {
			t.Errorf("file %q: got %+v of %+v, want %+v", file, c, loaded, want)
		}
	}
}

func TestLaterSourcesWin(t *testing.T) {
	file := write(t, "data: below\nnames: [a.example, b.example]\nlog: {level: warn, note: 007}\nwork:\n  every: 2s\n  share: 10%\n  off: true\n")
	environ := []string{"PLAIT_T_WORK_EVERY=3s", "PLAIT_T_WORK_SHARE=11", "PLAIT_T_CONFIG=x", "PATH=/bin"}
	c, loaded, err := load(t, file, environ, "--work-share", "12")
	want := told{Data: filepath.Join(filepath.Dir(file), "below"), Names: []string{"a.example", "b.example"},
		Level: "warn", Note: "007", Every: 3 * time.Second, Share: 12, Off: true}
	if err != nil || !reflect.DeepEqual(c, want) || loaded.File != file {
		t.Fatalf("got %+v of %+v and %v, want %+v", c, loaded, err, want)
	}
	for path, where := range map[string]string{"data": file + ":1: data", "work.every": "PLAIT_T_WORK_EVERY", "work.share": "--work-share"} {
		if got := loaded.Where(path); got != where {
			t.Errorf("%s was written at %s, want %s", path, got, where)
		}
	}
}

func TestLists(t *testing.T) {
	for _, c := range []struct {
		file string
		env  []string
		args []string
		want []string
	}{
		{file: "names: one\n", want: []string{"one"}},
		{file: "names: []\n", want: []string{}},
		{file: "names:\n  - one\n  - 2\n", want: []string{"one", "2"}},
		{file: "names: one\n", env: []string{"PLAIT_T_NAMES=two, three"}, want: []string{"two", "three"}},
		{file: "names: one\n", args: []string{"--names", "two", "--names", "three,four"}, want: []string{"two", "three", "four"}},
	} {
		got, _, err := load(t, write(t, c.file), c.env, c.args...)
		if err != nil || !reflect.DeepEqual(got.Names, c.want) {
			t.Errorf("%+v: got %q and %v", c, got.Names, err)
		}
	}
}

func TestAddFlagsOfSome(t *testing.T) {
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	tableOf(new(told)).AddFlags(flags, "data", "work.off")
	if flags.Lookup("data") == nil || flags.Lookup("work-off") == nil || flags.Lookup("names") != nil {
		t.Errorf("the flags are\n%s", flags.FlagUsages())
	}
}

func TestErrorsOfTheFileNameTheirLine(t *testing.T) {
	for text, want := range map[string][]string{
		"data: /x\nnmaes: 1\n":               {`t.yaml:2: there is no setting "nmaes"; did you mean "names"?`},
		"work:\n  evrey: 2s\nlgo: {}\n":      {`t.yaml:2: there is no setting "work.evrey"; did you mean "work.every"?`, `t.yaml:3: there is no setting "lgo"; known are data, names, log.level`},
		"data: /x\ndata: /y\n":               {`t.yaml:2: data stands twice`},
		"log: yes\n":                         {`t.yaml:1: settings are written as "key: value"`},
		"- data\n":                           {`t.yaml:1: settings are written as "key: value"`},
		"data: [a, b]\n":                     {`t.yaml:1: data takes one value`},
		"names: {a: b}\n":                    {`t.yaml:1: names takes one value`},
		"names:\n  - a\n  - [b]\n  -\n":      {`t.yaml:3: names is a list of texts`, `t.yaml:4: names is a list of texts`},
		"data:\n":                            {`t.yaml:1: data has no value: leave the line out for the default`},
		"data: &a /x\nnames: *a\n":           {`t.yaml:1: data uses an anchor`, `t.yaml:2: names uses an anchor`},
		"data: \"/x\n":                       {"t.yaml: line"},
		"log:\n\n  level: loud\n":            {`t.yaml:3: log.level: "loud" is not one of info, warn`},
		"data: \"\"\n":                       {`t.yaml:1: data: it is empty`},
		"work:\n  every: soon\n  off: 2\n":   {`t.yaml:2: work.every: "soon" is not a time span`, `t.yaml:3: work.off: "2" is neither true nor false`},
		"work:\n  every: 25h\n  share: 0%\n": {`t.yaml:2: work.every: 25h0m0s is not between 1s and 24h0m0s`, `t.yaml:3: work.share: "0%" is not a number of percent from 1 to 90`},
	} {
		_, _, err := load(t, write(t, text), nil)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, want %s", text, err, part)
			}
		}
	}
}

func TestErrorsNameTheirSource(t *testing.T) {
	nothing := write(t, "")
	for _, c := range []struct {
		file string
		env  []string
		args []string
		want string
	}{
		{nothing, []string{"PLAIT_T_DAAT=x"}, nil, `PLAIT_T_DAAT: there is no such setting; did you mean "PLAIT_T_DATA"?`},
		{nothing, []string{"PLAIT_T_WORK_EVERY=soon"}, nil, `PLAIT_T_WORK_EVERY: "soon" is not`},
		{nothing, nil, []string{"--log-level", "loud"}, `--log-level: "loud" is not`},
		{filepath.Join(t.TempDir(), "absent.yaml"), nil, nil, "cannot read the configuration: "},
		{write(t, strings.Repeat("#", 65<<10)), nil, nil, "cannot read the configuration: "},
	} {
		if _, _, err := load(t, c.file, c.env, c.args...); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s %q %q: got %v, want %s", c.file, c.env, c.args, err, c.want)
		}
	}
}

// A command keeps its arguments whole, whatever they hold, from wherever it comes.
func TestACommandKeepsItsArguments(t *testing.T) {
	program := full(t, "program")
	want := []string{program, "a, b", "-x", "", "c\"d"}
	quoted := strings.ReplaceAll(program, `\`, `\\`)
	text := `["` + quoted + `", "a, b", "-x", "", "c\"d"]`
	for name, c := range map[string]struct {
		file    string
		environ []string
		args    []string
	}{
		"a list in the file": {file: "program:\n  - '" + program + "'\n  - 'a, b'\n  - -x\n  - \"\"\n  - 'c\"d'\n"},
		"the environment":    {environ: []string{"PLAIT_T_PROGRAM=" + text}},
		"a flag":             {args: []string{"--program", text}},
	} {
		got, _, err := load(t, write(t, c.file), c.environ, c.args...)
		if err != nil || !reflect.DeepEqual(got.Program, want) {
			t.Errorf("%s: got %q, %v", name, got.Program, err)
		}
	}
	for text, why := range map[string]string{
		"program: [relative]\n":  "full path",
		"program: refresh now\n": "no list of a program",
		"program: []\n":          "names no program",
		"program: [[a]]\n":       "list of texts",
		"program: [" + strings.Repeat("'/a', ", 51) + "'/a']\n": "more than 50",
	} {
		if _, _, err := load(t, write(t, text), nil); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %s", text, err, why)
		}
	}
}
