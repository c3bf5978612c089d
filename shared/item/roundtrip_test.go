package item_test

import (
	"bytes"
	"reflect"
	"testing"

	"plait/shared/item"

	"pgregory.net/rapid"
)

var genText = rapid.StringOf(rapid.RuneFrom([]rune("aZ \"\\\n\x01é漢😀/\u2028")))

func genValue(depth int) *rapid.Generator[item.Value] {
	return rapid.Custom(func(t *rapid.T) item.Value {
		kinds := 9
		if depth > 0 {
			kinds = 10
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "type") {
		case 0:
			return item.Null()
		case 1:
			return item.Integer(rapid.Int64().Draw(t, "n"))
		case 2:
			return item.Bool(rapid.Bool().Draw(t, "b"))
		case 3:
			v, err := item.Decimal(rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,6})?`).Draw(t, "d"))
			if err != nil {
				t.Fatal(err)
			}
			return v
		case 4:
			return item.Bytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		case 5:
			return item.Ref("kind", "k"+genText.Draw(t, "key"))
		case 6:
			return item.UIDRef("kind", "0190")
		case 7:
			v, err := item.Time("2026-01-02 10:00:00.500")
			if err != nil {
				t.Fatal(err)
			}
			return v
		case 9:
			return genRows(t, depth)
		default:
			return item.MustText(genText.Draw(t, "text"))
		}
	})
}

func genRows(t *rapid.T, depth int) item.Value {
	keys := rapid.SliceOfDistinct(rapid.Int64Range(-5, 20), func(n int64) int64 { return n }).Draw(t, "keys")
	var rows []item.Row
	for _, k := range keys {
		rows = append(rows, item.Row{Key: item.Integer(k), Cols: genFields(depth-1).Draw(t, "cols")})
	}
	v, err := item.Rows(rows)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func genFields(depth int) *rapid.Generator[item.Fields] {
	return rapid.Custom(func(t *rapid.T) item.Fields {
		var f item.Fields
		for _, n := range rapid.SliceOfN(rapid.StringMatching(`[a-d]{1,2}`), 0, 5).Draw(t, "names") {
			f = f.With(n, genValue(depth).Draw(t, "value"))
		}
		return f
	})
}

func genItem() *rapid.Generator[item.Item] {
	return rapid.Custom(func(t *rapid.T) item.Item {
		it := item.Item{
			ID:      item.ID{Kind: "product", Key: "k" + genText.Draw(t, "key"), Gen: rapid.Int64Range(0, 9).Draw(t, "gen")},
			Fields:  genFields(1).Draw(t, "fields"),
			Deleted: rapid.Bool().Draw(t, "deleted"),
		}
		if rapid.Bool().Draw(t, "linked") {
			it.Link = genLink(t, it.Fields)
		}
		return it
	})
}

func genLink(t *rapid.T, fields item.Fields) *item.Link {
	l := &item.Link{UID: "0190-uid", Birth: item.BornNetwork, Adopted: rapid.Bool().Draw(t, "adopted")}
	for _, f := range fields {
		if !rapid.Bool().Draw(t, "has base") {
			continue
		}
		base := f.Value
		if rapid.Bool().Draw(t, "moved") {
			base = item.MustText(genText.Draw(t, "base"))
		}
		l.SetField(item.LinkField{
			Name: f.Name, Base: base, Sent: item.ShortDigestOf(base), Policy: item.Unlocked, Reverted: rapid.Bool().Draw(t, "reverted"),
			From: item.Origin{Store: "s1", HubEpoch: "e1", SyncRev: rapid.Int64Range(1, 3).Draw(t, "rev")},
		})
	}
	return l
}

func TestEncodeThenDecodeIsTheSameItem(t *testing.T) {
	var used item.Decoder // by the items before
	rapid.Check(t, func(t *rapid.T) {
		it := genItem().Draw(t, "item")
		b := item.Append(nil, it)
		got, err := item.Decode(b)
		if err != nil {
			t.Fatalf("cannot decode %s: %v", b, err)
		}
		if same, err := used.Decode(b); err != nil || !reflect.DeepEqual(same, got) {
			t.Fatalf("a decoder that is used again reads %v (%v), not %v", same, err, got)
		}
		if again := item.Append(nil, got); !bytes.Equal(b, again) {
			t.Fatalf("decoded and encoded again:\n%s\n%s", b, again)
		}
		if !got.Fields.Equal(it.Fields) || got.ID != it.ID || got.Deleted != it.Deleted {
			t.Fatalf("got %v, want %v", got, it)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"f":{"a":"x","b":{"d":"1.5"}},"g":1,"i":"7","k":"service"}`))
	f.Add([]byte(`{"f":{"s":{"s":[[1,{}],[{"r":["a","b"]},{"c":null}]]}},"g":1,"i":"7","k":"p","l":{"a":true,"b":"network","f":[{"b":1,"c":{"x":"never"},"n":"s","o":0,"p":"locked","s":"0011223344556677"}],"o":[["s","e",4]],"u":"x"},"x":true}`))
	f.Add([]byte(`{"f":{"t":{"t":"2026-01-02"},"b":{"b":"AAEC"}},"g":0,"i":"\u0001\n","k":"service"}`))
	var d item.Decoder // it has read what came before
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := item.Decode(b)
		if same, errAgain := d.Decode(b); !reflect.DeepEqual(same, it) || (err == nil) != (errAgain == nil) {
			t.Fatalf("a decoder that is used again reads %v (%v), not %v (%v)", same, errAgain, it, err)
		}
		if err != nil {
			return
		}
		if again := item.Append(nil, it); !bytes.Equal(b, again) {
			t.Fatalf("accepted %q, writes %q", b, again)
		}
	})
}

func BenchmarkAppendDecode(b *testing.B) {
	it := item.Item{ID: item.ID{Kind: "sale", Key: "12345", Gen: 0}}
	for _, n := range []string{"cashier", "currency", "customer", "name", "note", "payment", "sku", "status", "store", "till"} {
		it.Fields = it.Fields.With(n, item.MustText("a value of thirty-odd characters"))
	}
	buf := item.Append(nil, it)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = item.Append(buf[:0], it)
		got, err := item.Decode(buf)
		if err != nil || got.Kind != "sale" {
			b.Fatal(err)
		}
		_ = item.DigestOf(buf)
	}
}
