package wire_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/wire"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const goldenPayload = `plait-payload 1
{"source":"s1","hub_epoch":"h1","options":{"no_adopt":true},"kinds":[{"name":"category","match":{"name":"name"},"fields":[{"name":"name","title":"Name","policy":"locked"}]},{"name":"service","match":{"name":"name","category":"category"},"active":"active","fields":[{"name":"category","title":"Category","policy":"locked"},{"name":"price","title":"Price","policy":"unlocked","columns":[{"name":"amount","policy":"locked"}]}]}]}
{"op":"put","kind":"category","uid":"u1","sync_rev":5,"name":"Hair & <b>","fields":{"name":"Hair & <b>"}}
{"op":"put","kind":"service","uid":"u2","aliases":["u9"],"sync_rev":6,"name":"Cut","ref_names":{"u1":"Hair"},"fields":{"category":{"u":["category","u1"]},"price":{"s":[["a",{"amount":{"d":"12.5"}}]]}}}
{"op":"delete","kind":"service","uid":"u3","sync_rev":7,"name":"Perm","fields":{}}
end 3
`

func goldenPayloadValue(t testing.TB) wire.Payload {
	price, err := item.Rows([]item.Row{{Key: item.MustText("a"), Cols: item.Fields{{Name: "amount", Value: item.MustDecimal("12.50")}}}})
	if err != nil {
		t.Fatal(err)
	}
	return wire.Payload{
		Source: "s1", HubEpoch: "h1", Options: wire.Options{NoAdopt: true},
		Kinds: []wire.PayloadKind{
			{Name: "category", Match: wire.PayloadMatch{Name: "name"}, Fields: []wire.PayloadField{{Name: "name", Title: "Name", Policy: item.Locked}}},
			{Name: "service", Match: wire.PayloadMatch{Name: "name", Category: "category"}, Active: "active", Fields: []wire.PayloadField{
				{Name: "category", Title: "Category", Policy: item.Locked},
				{Name: "price", Title: "Price", Policy: item.Unlocked, Columns: []wire.PayloadColumn{{Name: "amount", Policy: item.Locked}}},
			}},
		},
		Items: []wire.PayloadItem{
			{Op: wire.OpPut, Kind: "category", UID: "u1", SyncRev: 5, Name: "Hair & <b>", Fields: item.Fields{{Name: "name", Value: item.MustText("Hair & <b>")}}},
			{Op: wire.OpPut, Kind: "service", UID: "u2", Aliases: []string{"u9"}, SyncRev: 6, Name: "Cut", RefNames: map[string]string{"u1": "Hair"},
				Fields: item.Fields{{Name: "category", Value: item.UIDRef("category", "u1")}, {Name: "price", Value: price}}},
			{Op: wire.OpDelete, Kind: "service", UID: "u3", SyncRev: 7, Name: "Perm"},
		},
	}
}

func TestPayloadHasTheseBytes(t *testing.T) {
	want := goldenPayloadValue(t)
	lines, hash, err := wire.EncodePayload(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenPayload, string(lines)); diff != "" {
		t.Error(diff)
	}
	if hash != wire.Sum([]byte(goldenPayload)) {
		t.Errorf("hash %s", hash)
	}
	got, err := wire.DecodePayload(lines)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

const goldenOwn = `plait-own 1
{"decisions":{"u1":"","u2":"7"},"reset":{"u2":["price"]}}
{"op":"delete","kind":"service","uid":"u4","sync_rev":0,"name":"Old","fields":{}}
{"op":"revert","kind":"service","uid":"u5","sync_rev":0,"name":"Wax","undo":{"did":"changed","key":"7","gen":1,"wrote":{"name":"0123456789abcdef"}},"fields":{"name":"Wax"},"link":{"b":"network","u":"u5"}}
end 2
`

func TestOwnHasTheseBytes(t *testing.T) {
	name := func(s string) item.Fields { return item.Fields{{Name: "name", Value: item.MustText(s)}} }
	want := wire.Own{
		Decisions: map[string]string{"u2": "7", "u1": ""}, Reset: map[string][]string{"u2": {"price"}},
		Items: []wire.PayloadItem{
			{Op: wire.OpDelete, Kind: "service", UID: "u4", Name: "Old"},
			{Op: wire.OpRevert, Kind: "service", UID: "u5", Name: "Wax", Fields: name("Wax"), Undo: &wire.Undo{
				Did: wire.DidChange, Key: "7", Gen: 1, Wrote: map[string]item.ShortDigest{"name": "0123456789abcdef"},
				Link: &item.Link{UID: "u5", Birth: item.BornNetwork},
			}},
		},
	}
	lines, _, err := wire.EncodeOwn(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenOwn, string(lines)); diff != "" {
		t.Error(diff)
	}
	got, err := wire.DecodeOwn(lines)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodePayloadNamesWhatIsWrong(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(goldenPayload, old, new, 1) }
	for name, c := range map[string]struct{ in, want string }{
		"nothing":             {"", "line 1"},
		"another version":     {change("payload 1", "payload 2"), "line 1"},
		"a receiver's part":   {goldenOwn, "line 1"},
		"no header":           {"plait-payload 1\n", "line 2"},
		"an unknown key":      {change(`"source"`, `"sauce"`), "line 2"},
		"a double key":        {change(`"op":"put"`, `"op":"put","op":"put"`), "line 3"},
		"fields as they like": {change(`"fields":{"name":`, `"fields":{ "name":`), "line 3"},
		"no fields":           {change(`,"fields":{}`, ``), "line 5"},
		"a link":              {change(`"fields":{}`, `"fields":{},"link":{"b":"local","u":"x"}`), "line 5"},
		"an undo":             {change(`"name":"Perm","fields":{}`, `"name":"Perm","undo":{"did":"created","key":"1","gen":1},"fields":{}`), "item 2"},
		"a wrong count":       {change("end 3", "end 2"), "line 6"},
		"cut short":           {change("end 3\n", ""), "line 6"},
		"an unknown op":       {change(`"op":"delete"`, `"op":"drop"`), "item 2"},
		"a revert":            {change(`"op":"delete"`, `"op":"revert"`), "item 2"},
		"a repair":            {change(`"op":"delete"`, `"op":"repair"`), "item 2"},
		"an unknown kind":     {change(`"kind":"category"`, `"kind":"colour"`), "item 0"},
		"kinds out of order":  {change(`"delete","kind":"service"`, `"delete","kind":"category"`), "item 2"},
		"a uid twice":         {change(`"uid":"u3"`, `"uid":"u2"`), "item 2"},
		"no uid":              {change(`"uid":"u3"`, `"uid":""`), "item 2"},
		"an unlisted field":   {change(`"fields":{}`, `"fields":{"colour":1}`), "item 2"},
		"an unknown policy":   {change(`"policy":"locked"`, `"policy":"open"`), "kind category"},
		"a kind twice":        {change(`[{"name":"category"`, `[{"name":"service"`), "kind service"},
		"fields out of order": {change(`{"name":"category","title"`, `{"name":"zebra","title"`), "kind service"},
		"no source":           {change(`"s1"`, `""`), "source"},
		"an unknown leave":    {change(`"title":"Category",`, `"title":"Category","leave":"some",`), "kind service, field category: unknown leave"},
		"prices of nothing":   {change(`"active":"active",`, `"active":"active","prices":{"fields":[],"rows":"price"},`), "prices names no field"},
		"prices not listed":   {change(`"active":"active",`, `"active":"active","prices":{"fields":["cost"],"rows":"price"},`), "prices names the field \"cost\""},
		"prices in no rows":   {change(`"active":"active",`, `"active":"active","prices":{"fields":["price"],"rows":""},`), "prices names the field \"\""},
	} {
		_, err := wire.DecodePayload([]byte(c.in))
		if codeOf(err) != wire.CodeBadRequest || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestPayloadIsBounded(t *testing.T) {
	p := goldenPayloadValue(t)
	p.Items = make([]wire.PayloadItem, wire.MaxPayloadItems+1)
	if _, _, err := wire.EncodePayload(p); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("too many items: %v", err)
	}
	if _, err := wire.DecodePayload(make([]byte, wire.MaxPayloadBytes+1)); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("too many bytes: %v", err)
	}
}

func TestPayloadRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := wire.Payload{Source: "s", HubEpoch: "h", Kinds: []wire.PayloadKind{{Name: "k", Fields: []wire.PayloadField{{Name: "a", Policy: item.Locked}, {Name: "b", Policy: item.Additive}}}}}
		for i := range rapid.IntRange(0, 5).Draw(t, "items") {
			fields, err := item.MakeFields(item.Field{Name: "a", Value: item.MustText(rapid.String().Draw(t, "a"))}, item.Field{Name: "b", Value: item.Integer(rapid.Int64().Draw(t, "b"))})
			if err != nil {
				t.Fatal(err)
			}
			p.Items = append(p.Items, wire.PayloadItem{Op: wire.OpPut, Kind: "k", UID: fmt.Sprint(i), Name: rapid.String().Draw(t, "name"), SyncRev: rapid.Int64Min(0).Draw(t, "rev"), Fields: fields})
		}
		lines, hash, err := wire.EncodePayload(p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.DecodePayload(lines)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("%+v became %+v, %v", p, got, err)
		}
		if _, again, _ := wire.EncodePayload(got); again != hash {
			t.Fatalf("hash %s, then %s", hash, again)
		}
	})
}

func FuzzDecodePayload(f *testing.F) {
	f.Add([]byte(goldenPayload))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := wire.DecodePayload(in)
		if err != nil {
			return
		}
		lines, _, err := wire.EncodePayload(p)
		if err != nil {
			t.Fatalf("%q was read: %v", in, err)
		}
		if _, err := wire.DecodePayload(lines); err != nil {
			t.Errorf("%q was written, and not read: %v", lines, err)
		}
	})
}

func FuzzDecodeOwn(f *testing.F) {
	f.Add([]byte(goldenOwn))
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := wire.DecodeOwn(in)
		if err != nil {
			return
		}
		if _, _, err := wire.EncodeOwn(o); err != nil {
			t.Errorf("%q was read: %v", in, err)
		}
	})
}

func BenchmarkPayload(b *testing.B) {
	p := goldenPayloadValue(b)
	one := p.Items[1]
	p.Items = nil
	for i := range 2000 {
		one.UID = fmt.Sprintf("0190f0f0-0000-7000-8000-%012d", i)
		p.Items = append(p.Items, one)
	}
	b.Run("encode 2000", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, _, err := wire.EncodePayload(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	lines, _, _ := wire.EncodePayload(p)
	b.Run("decode 2000", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := wire.DecodePayload(lines); err != nil {
				b.Fatal(err)
			}
		}
	})
}
