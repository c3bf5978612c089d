package rig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/shared/item"
)

// The control of Compare: what differs in any way is named.
func TestCompareNamesEveryDifference(t *testing.T) {
	service := func(key string, gen int64, name string, link *item.Link) item.Item {
		fields, err := item.MakeFields(item.Field{Name: "name", Value: item.MustText(name)})
		if err != nil {
			t.Fatal(err)
		}
		return item.Item{ID: item.ID{Kind: "service", Key: key, Gen: gen}, Fields: fields, Link: link}
	}
	all := func(items ...item.Item) map[string]item.Item {
		m := map[string]item.Item{}
		for _, it := range items {
			m[it.Key] = it
		}
		return m
	}
	linked := &item.Link{UID: "u1", Birth: item.BornNetwork}
	for name, c := range map[string]struct {
		there, held map[string]item.Item
		uploadOnly  bool
		want        string // part of the one difference; "" for none
	}{
		"equal":                 {all(service("1", 1, "Cut", linked)), all(service("1", 1, "Cut", linked)), false, ""},
		"lacking at the hub":    {all(service("1", 1, "Cut", nil)), nil, false, "the hub lacks it"},
		"gone at the POS":       {nil, all(service("1", 1, "Cut", nil)), false, "the POS does not"},
		"another value":         {all(service("1", 1, "Cut", nil)), all(service("1", 1, "Cat", nil)), false, "Cat"},
		"another generation":    {all(service("1", 2, "Cut", nil)), all(service("1", 1, "Cut", nil)), false, "generation 2"},
		"no link at the hub":    {all(service("1", 1, "Cut", linked)), all(service("1", 1, "Cut", nil)), false, "link"},
		"kinds that only go up": {all(service("1", 1, "Cut", nil)), all(service("1", 0, "Cut", nil)), true, ""},
	} {
		differ := compare(c.there, c.held, c.uploadOnly)
		if c.want == "" && len(differ) > 0 || c.want != "" && (len(differ) != 1 || !strings.Contains(differ[0], c.want)) {
			t.Errorf("%s: %q, want one that says %q", name, differ, c.want)
		}
	}
}

func TestSnapshotPutsEveryFileBack(t *testing.T) {
	database := filepath.Join(t.TempDir(), "pos.db")
	write := func(suffix, text string) {
		t.Helper()
		if err := os.WriteFile(database+suffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("", "old")
	write("-shm", "old")
	s, err := TakeSnapshot(database)
	if err != nil {
		t.Fatal(err)
	}
	write("", "new")
	write("-wal", "of the new one")
	if err := s.Restore(); err != nil {
		t.Fatal(err)
	}
	for suffix, want := range map[string]string{"": "old", "-shm": "old"} {
		if got, err := os.ReadFile(database + suffix); err != nil || string(got) != want {
			t.Errorf("pos.db%s is %q, %v, want %q", suffix, got, err, want)
		}
	}
	if _, err := os.Stat(database + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the newer database's -wal is still there: %v", err)
	}
}

func TestUntilIsBounded(t *testing.T) {
	cause := errors.New("not yet")
	if err := Until(t.Context(), 30*time.Millisecond, func() error { return cause }); !errors.Is(err, cause) {
		t.Errorf("it ended with %v, want the last error", err)
	}
	asked := 0
	err := Until(t.Context(), time.Hour, func() error { asked++; return Hopeless(cause) })
	if asked != 1 || !errors.Is(err, cause) {
		t.Errorf("asked %d times, then %v; want one", asked, err)
	}
	tries := 0
	err = Until(t.Context(), time.Hour, func() error {
		if tries++; tries < 3 {
			return cause
		}
		return nil
	})
	if tries != 3 || err != nil {
		t.Errorf("%d tries, %v", tries, err)
	}
}

func TestCommandLinesCanBeTyped(t *testing.T) {
	got := lineOf("/bin/plait-hub", []string{"store", "show", "Main Street", "it's", ""})
	if want := `/bin/plait-hub store show 'Main Street' 'it'\''s' ''`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
