package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"plait/hub/daemon/config"
)

const example = "../../../configs/" + config.Example

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hub.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, file string, environ []string, args ...string) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Sources{File: file, Environ: environ, Flags: flags})
}

func TestExampleSaysTheDefaults(t *testing.T) {
	got, err := load(t, example, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := load(t, write(t, "# nothing\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want.File, want.Names = got.File, []string{"hub.example.com"}
	if runtime.GOOS == "windows" {
		want.Data = got.Data // the example shows Linux's folder
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	file := write(t, "listen: 127.0.0.1:1\nnames: a.example\nlog:\n  level: warn\ncontact: {grace: 30m}\n")
	c, err := load(t, file, []string{"PLAIT_HUB_LISTEN=127.0.0.1:2", "PLAIT_HUB_NAMES=b.example, 192.0.2.1", "PLAIT_HUB_TLS_OFF=true",
		"PLAIT_HUB_URL=https://hub.example", "PATH=/bin"}, "--listen", "127.0.0.1:3", "--data", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || !reflect.DeepEqual(c.Names, []string{"b.example", "192.0.2.1"}) || !c.TLS.Off ||
		c.Log.Level != "warn" || c.Contact.Grace != 30*time.Minute || c.File != file {
		t.Errorf("got %+v", c)
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	for text, want := range map[string][]string{
		"data: /srv/hub\nlisen: :1\n":                    {`hub.yaml:2: there is no setting "lisen"; did you mean "listen"?`},
		"tls:\n  cret: x\nlog:\n  level: loud\n":         {`hub.yaml:2: there is no setting "tls.cret"; did you mean "tls.cert"?`},
		"log:\n  level: loud\n":                          {`hub.yaml:2: log.level: "loud" is not one of debug, info, warn, error`},
		"tls:\n  off: true\n":                            {`hub.yaml:2: tls.off: TLS can be switched off on a loopback address only`},
		"names:\n  - https://hub.example\n":              {`hub.yaml:1: names: "https://hub.example" is not a name`},
		"contact:\n\n  grace: soon\nenrol:\n valid: 9\n": {`hub.yaml:3: contact.grace: "soon" is not a time span`, `hub.yaml:5: enrol.valid`},
		"data: hub\nlisten: 8443\n":                      {`hub.yaml:1: data: "hub" is not a full path`, `hub.yaml:2: listen: "8443" is not an address`},
		"listen: :1\ntime_zone: Mars/Olympus\n":          {`hub.yaml:2: time_zone: "Mars/Olympus" is no time zone`},
		"tls:\n  cert: /x.pem\n":                         {`hub.yaml:2: tls.cert: tls.cert and tls.key are given together`},
	} {
		_, err := load(t, write(t, text), nil)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: got %v, want %s", text, err, part)
			}
		}
	}
	if _, err := load(t, write(t, ""), []string{"PLAIT_HUB_LISTN=:1"}); err == nil || !strings.Contains(err.Error(), `did you mean "PLAIT_HUB_LISTEN"?`) {
		t.Errorf("an unknown variable: %v", err)
	}
	if _, err := load(t, write(t, ""), []string{"PLAIT_HUB_ENROL_VALID=1s"}); err == nil || !strings.HasPrefix(err.Error(), "PLAIT_HUB_ENROL_VALID: ") {
		t.Errorf("a bad variable: %v", err)
	}
	if _, err := load(t, write(t, ""), nil, "--log-format", "xml"); err == nil || !strings.HasPrefix(err.Error(), "--log-format: ") {
		t.Errorf("a bad flag: %v", err)
	}
}

func TestWorldWritableFoldersAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows keeps access lists instead of modes; nothing to check here")
		return
	}
	data, file := t.TempDir(), write(t, "")
	c := config.Config{Data: data, File: file}
	if err := c.CheckFolders(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{data, file, filepath.Dir(file)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, info.Mode().Perm()|0o002); err != nil {
			t.Fatal(err)
		}
		if err := c.CheckFolders(); err == nil || !strings.Contains(err.Error(), "run chmod o-w on it") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
		if err := os.Chmod(path, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	if err := (config.Config{Data: filepath.Join(data, "absent")}).CheckFolders(); err != nil {
		t.Error(err)
	}
}
