package item_test

import (
	"errors"
	"strings"
	"testing"

	"plait/shared/item"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestDecimalHasOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"12.50": "12.5", "12.5": "12.5", "0": "0", "-0.00": "0", "+7": "7", "007": "7", ".5": "0.5", "5.": "5",
		"1e2": "100", "1.25E-3": "0.00125", "-1.5e1": "-15", "123456789012345678901234567890.10": "123456789012345678901234567890.1",
	} {
		v, err := item.Decimal(in)
		if err != nil || v.Str() != want {
			t.Errorf("Decimal(%q) = %q, %v, want %q", in, v.Str(), err, want)
		}
	}
	for _, in := range []string{"", "-", ".", "1e", "e5", "1.2.3", "--1", "+-1", "NaN", "1e999", "0x1", "1_000", strings.Repeat("9", 300)} {
		if v, err := item.Decimal(in); err == nil {
			t.Errorf("Decimal(%q) = %q, want an error", in, v.Str())
		}
	}
}

func TestTimeHasOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"2026-01-02": "2026-01-02", "2026-01-02 09:30": "2026-01-02T09:30:00", "2026-01-02T09:30:15.250": "2026-01-02T09:30:15.25",
		"2026-01-02 09:30:00Z": "2026-01-02T09:30:00Z", "2026-01-02T09:30:00+00:00": "2026-01-02T09:30:00Z",
		"2026-01-02T09:30:00+02:00": "2026-01-02T09:30:00+02:00", "09:30": "09:30:00", "0000-00-00": "0000-00-00",
	} {
		v, err := item.Time(in)
		if err != nil || v.Str() != want {
			t.Errorf("Time(%q) = %q, %v, want %q", in, v.Str(), err, want)
		}
	}
	for _, in := range []string{"", "9:30", "2026-13-01", "2026-01-02x", "2026-01-02T25:00", "2026-01-02T10:00+2", "10:00:00."} {
		if v, err := item.Time(in); err == nil {
			t.Errorf("Time(%q) = %q, want an error", in, v.Str())
		}
	}
}

func TestAbsentNullAndEmptyAreThreeThings(t *testing.T) {
	values := []item.Value{{}, item.Null(), item.MustText(""), item.Integer(0), item.Bool(false), item.MustDecimal("0")}
	for i, v := range values {
		for j, w := range values {
			if v.Equal(w) != (i == j) {
				t.Errorf("%s equals %s: %v", v.Type(), w.Type(), v.Equal(w))
			}
		}
	}
}

func TestDecodeRefusesOtherSpellings(t *testing.T) {
	good := `{"f":{"a":"x","b":{"d":"1.5"}},"g":1,"i":"7","k":"service"}`
	if _, err := item.Decode([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		``, `{}`, good + " ", strings.Replace(good, `"g":1`, `"g":01`, 1), strings.Replace(good, `"g":1`, `"g":-1`, 1),
		strings.Replace(good, `"a":"x"`, `"a": "x"`, 1), strings.Replace(good, `"a":"x"`, `"c":"x"`, 1), strings.Replace(good, `"b"`, `"a"`, 1),
		strings.Replace(good, `1.5`, `1.50`, 1), strings.Replace(good, `"x"`, `"\u0041"`, 1), strings.Replace(good, `"x"`, `"\/"`, 1),
		strings.Replace(good, `"x"`, "\"\n\"", 1), strings.Replace(good, `"x"`, "\"\xff\"", 1), strings.Replace(good, `"x"`, `{"b":"AA="}`, 1),
		strings.Replace(good, `"x"`, `{"s":[[2,{}],[1,{}]]}`, 1), strings.Replace(good, `"x"`, `{"s":[[1,{}],[1,{}]]}`, 1),
		strings.Replace(good, `"x"`, `1.5`, 1), strings.Replace(good, `"x"`, `99999999999999999999`, 1), strings.Replace(good, `"i":"7"`, `"i":""`, 1),
		strings.Replace(good, `"x"`, `{"h":["ab",1]}`, 1), strings.Replace(good, `}}`, `}},"x":false`, 1),
	} {
		if _, err := item.Decode([]byte(bad)); !errors.Is(err, item.ErrNotCanonical) {
			t.Errorf("Decode(%s) = %v, want ErrNotCanonical", bad, err)
		}
	}
}

func TestKeyPartsSurviveAnyCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringOf(rapid.RuneFrom([]rune(`/\ab`))), 2, 5).Draw(t, "parts")
		got, ok := item.SplitKey(item.JoinKey(parts...), len(parts))
		if !ok || strings.Join(got, "\x00") != strings.Join(parts, "\x00") {
			t.Fatalf("SplitKey(JoinKey(%q)) = %q, %v", parts, got, ok)
		}
	})
}

func TestNormalName(t *testing.T) {
	for in, want := range map[string]string{
		"Women's  Haircut ": "women's haircut", "STRASSE": "strasse", "straße": "strasse", "ﬁne\tcut": "fine cut",
		"plain name": "plain name", "": "", " x": "x", "Ångström": "ångström", "A\u030Angstro\u0308m": "ångström",
	} {
		if got := item.NormalName(in); got != want {
			t.Errorf("NormalName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLocalUIDDependsOnEveryPart(t *testing.T) {
	id := item.ID{Kind: "service", Key: "7", Gen: 1}
	base := item.LocalUID("s1", id)
	if base != item.LocalUID("s1", id) {
		t.Fatal("the uid is not stable")
	}
	for _, other := range []string{
		item.LocalUID("s2", id), item.LocalUID("s1", item.ID{Kind: "product", Key: "7", Gen: 1}),
		item.LocalUID("s1", item.ID{Kind: "service", Key: "8", Gen: 1}), item.LocalUID("s1", item.ID{Kind: "service", Key: "7", Gen: 2}),
	} {
		if other == base {
			t.Errorf("another item has the uid %s too", base)
		}
	}
	if base != "face5278-0c6e-5974-b509-957cc1a519a1" {
		t.Errorf("the uid is %s: it must never change, hubs hold it", base)
	}
}

// ASCII is folded as the tables of Unicode fold it.
func FuzzNormalName(f *testing.F) {
	for _, s := range []string{"", " Cut  and\tBlow ", "A\x00B\x7f", "Ärmel", "\v\f\r\n", "x\x1cY\x85"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := strings.Join(strings.Fields(norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))), " ")
		if got := item.NormalName(s); got != want {
			t.Errorf("NormalName(%q) = %q, want %q", s, got, want)
		}
	})
}
