package wire_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plait/shared/item"
	"plait/shared/wire"
)

func genImage(t *rapid.T) wire.Image {
	m := wire.Image{N: rapid.IntRange(0, 9).Draw(t, "n"), Undo: wire.Undo{
		Did: rapid.SampledFrom([]wire.Did{wire.DidCreate, wire.DidChange, wire.DidDelete}).Draw(t, "did"),
		Key: rapid.StringN(1, 9, -1).Draw(t, "key"), Gen: rapid.Int64Range(1, 3).Draw(t, "gen"),
	}}
	if m.Did == wire.DidCreate {
		m.Whole = item.ShortDigestOf(item.Integer(rapid.Int64().Draw(t, "whole")))
		return m
	}
	m.Wrote = map[string]item.ShortDigest{}
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-d]`), 1, 4, rapid.ID).Draw(t, "fields") {
		v := item.MustText(rapid.String().Draw(t, "value"))
		m.Fields = m.Fields.With(name, v)
		m.Wrote[name] = item.ShortDigestOf(v)
	}
	if rapid.Bool().Draw(t, "linked") {
		m.Link = &item.Link{UID: "u", Birth: item.BornNetwork}
		for _, f := range m.Fields {
			base := rapid.SampledFrom([]item.Value{f.Value, item.Null()}).Draw(t, "base")
			m.Link.Fields = append(m.Link.Fields, item.LinkField{Name: f.Name, Base: base, Policy: item.Locked, From: item.Origin{Store: "s", HubEpoch: "h", SyncRev: 4}})
		}
	}
	return m
}

func TestImagesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want, got []wire.Image
		var lines []byte
		for range rapid.IntRange(0, 5).Draw(t, "images") {
			m := genImage(t)
			want, lines = append(want, m), wire.AppendImage(lines, m)
		}
		err := wire.ReadImages(wire.PackImages(lines), func(m wire.Image) error { got = append(got, m); return nil })
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// TestImagesAreTheirJSON: the line that is written by hand is what the encoder writes.
func TestImagesAreTheirJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genImage(t)
		m.SameKey, m.Unlinked, m.Lost = rapid.Bool().Draw(t, "same key"), rapid.Bool().Draw(t, "unlinked"), rapid.Bool().Draw(t, "lost")
		m.Fields, m.Link = nil, nil
		want := string(wire.EncodeControl(struct {
			N int `json:"n"`
			wire.Undo
			Lost bool `json:"lost,omitempty"`
		}{m.N, m.Undo, m.Lost})) + "\n"
		if got := string(wire.AppendImage(nil, m)); got != want {
			t.Fatalf("got  %swant %s", got, want)
		}
	})
}

func TestReadImagesNamesWhatIsWrong(t *testing.T) {
	good := `{"n":0,"did":"changed","key":"1","gen":1,"fields":{"a":1},"link":{"b":"local","u":"x"}}` + "\n"
	read := func(lines string) error {
		return wire.ReadImages(wire.PackImages([]byte(lines)), func(wire.Image) error { return nil })
	}
	if err := read(good + good); err != nil {
		t.Error(err)
	}
	for name, lines := range map[string]string{
		"cut short":           good + good[:20],
		"an unknown key":      good + strings.Replace(good, `"gen"`, `"gin"`, 1),
		"an unknown act":      good + strings.Replace(good, `changed`, `eaten`, 1),
		"fields as they like": good + strings.Replace(good, `{"a":1}`, `{ "a":1}`, 1),
		"no link":             good + strings.Replace(good, `"local"`, `"abroad"`, 1),
	} {
		if err := read(lines); codeOf(err) != wire.CodeBadRequest || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := wire.ReadImages(wire.Compress(nil, make([]byte, wire.MaxImageBytes+1)), nil); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("too many bytes: %v", err)
	}
}

func FuzzReadImages(f *testing.F) {
	f.Add([]byte(`{"n":0,"did":"changed","key":"1","gen":1,"wrote":{"a":"0123456789abcdef"},"fields":{"a":1},"link":{"b":"local","u":"x"}}` + "\n"))
	f.Add([]byte(`{"n":3,"did":"created","key":"1","gen":2,"whole":"0123456789abcdef","lost":true}` + "\n"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var again []byte
		if wire.ReadImages(wire.PackImages(lines), func(m wire.Image) error { again = wire.AppendImage(again, m); return nil }) != nil {
			return
		}
		var third []byte
		err := wire.ReadImages(wire.PackImages(again), func(m wire.Image) error { third = wire.AppendImage(third, m); return nil })
		if err != nil || string(third) != string(again) {
			t.Fatalf("%q was read and written as %q, and that as %q: %v", lines, again, third, err)
		}
	})
}
