package wire_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"plait/shared/wire"
)

func codeOf(err error) wire.Code {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestDecodeStrictTakesWhatEncodeControlWrote(t *testing.T) {
	want := wire.Bye{Revision: 7, Kinds: []wire.KindSum{{Kind: "a<b>&\u2028\"", Count: 1 << 60, Sum: "00"}}}
	var got wire.Bye
	b := wire.EncodeControl(want)
	if err := wire.DecodeStrict(strings.NewReader(string(b)+" \n"), wire.MaxControlBytes, &got); err != nil {
		t.Fatal(err)
	}
	if got.Revision != 7 || got.Kinds[0] != want.Kinds[0] {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if strings.Contains(string(b), `\u003c`) {
		t.Errorf("HTML escapes in %s", b)
	}
}

func TestDecodeStrictRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":                `  `,
		"null":                   `null`,
		"another type":           `[1]`,
		"a type inside":          `{"revision":"7"}`,
		"a float":                `{"revision":1.5}`,
		"null for a number":      `{"revision":null}`,
		"two values":             `{} {}`,
		"rubbish after":          `{}x`,
		"an unknown key":         `{"revisions":1}`,
		"another case":           `{"Revision":1}`,
		"a double key":           `{"revision":1,"revision":1}`,
		"a double, escaped":      `{"revision":1,"\u0072evision":2}`,
		"a double deep inside":   `{"kinds":[{"kind":"a"},{"kind":"a","kind":"b"}]}`,
		"an unknown deep inside": `{"kinds":[{"kinder":"a"}]}`,
		"bad UTF-8":              "{\"kinds\":[{\"kind\":\"\xff\"}]}",
		"half a surrogate":       `{"kinds":[{"kind":"\ud800x"}]}`,
		"the other half":         `{"kinds":[{"kind":"\udc00"}]}`,
		"cut short":              `{"revision":1`,
		"cut in a string":        `{"revi`,
		"cut in an escape":       `{"kinds":[{"kind":"\`,
		"a comma too many":       `{"revision":1,}`,
		"no colon":               `{"revision" 1}`,
		"a control character":    "{\"kinds\":[{\"kind\":\"\n\"}]}",
		"deep arrays":            strings.Repeat("[", 10_001),
		"deep objects":           strings.Repeat(`{"kinds":`, 10_001),
		"deep and closed":        `{"kinds":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`,
	} {
		var v wire.Bye
		if err := wire.DecodeStrict(strings.NewReader(in), wire.MaxControlBytes, &v); codeOf(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v, want %s", name, err, wire.CodeBadRequest)
		}
	}
}

func TestDecodeStrictHoldsNestingTo64(t *testing.T) {
	var v map[string]any
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}` }
	if err := wire.UnmarshalStrict([]byte(deep(64)), &v); err != nil {
		t.Errorf("nesting of 64: %v", err)
	}
	if err := wire.UnmarshalStrict([]byte(deep(65)), &v); codeOf(err) != wire.CodeBadRequest {
		t.Errorf("nesting of 65: %v", err)
	}
}

func TestDecodeStrictFindsDoublesAmongManyKeys(t *testing.T) {
	var keys strings.Builder
	for i := range 1000 {
		keys.WriteString(`,"k` + strings.Repeat("x", i%40) + string(rune('a'+i/40)) + `":1`)
	}
	var v map[string]int
	if err := wire.UnmarshalStrict([]byte("{"+keys.String()[1:]+"}"), &v); err != nil || len(v) != 1000 {
		t.Fatalf("%d keys, %v", len(v), err)
	}
	if err := wire.UnmarshalStrict([]byte("{"+keys.String()[1:]+`,"ka":2}`), &v); codeOf(err) != wire.CodeBadRequest {
		t.Errorf("a double among many: %v", err)
	}
}

func TestDecodeStrictIsBounded(t *testing.T) {
	var v wire.Bye
	endless := io.MultiReader(strings.NewReader(`{"revision":`), zeros{})
	if err := wire.DecodeStrict(endless, 1000, &v); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("an endless message: %v", err)
	}
	cause := errors.New("the line is gone")
	if err := wire.DecodeStrict(iotest.ErrReader(cause), 1000, &v); !errors.Is(err, cause) || codeOf(err) != "" {
		t.Errorf("a broken reader: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func FuzzDecodeStrict(f *testing.F) {
	f.Add([]byte(`{"revision":1,"kinds":[{"kind":"a","count":1,"sum":"00"}],"parked":0,"compared":0}`))
	f.Add([]byte(`{"revision":1,"\u0072evision":2}`))
	f.Add([]byte(`{"kinds":[{"kind":"\ud83d\ude00"}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var v, again wire.Bye
		if wire.UnmarshalStrict(in, &v) != nil {
			return
		}
		b := wire.EncodeControl(v)
		if err := wire.UnmarshalStrict(b, &again); err != nil || string(wire.EncodeControl(again)) != string(b) {
			t.Errorf("%q was taken, but %s gives %v", in, b, err)
		}
	})
}
