package enrolcode_test

import (
	"errors"
	"strings"
	"testing"

	"plait/shared/enrolcode"
)

const samplePin enrolcode.Pin = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func newCode(t *testing.T, pin enrolcode.Pin) enrolcode.Code {
	t.Helper()
	code, err := enrolcode.NewCode(pin)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestCodeCarriesThePin(t *testing.T) {
	for pin, want := range map[enrolcode.Pin]enrolcode.Pin{
		samplePin:             samplePin[:20],
		samplePin[:24]:        samplePin[:20],
		enrolcode.SystemRoots: enrolcode.SystemRoots,
	} {
		code := newCode(t, pin)
		parsed, err := enrolcode.ParseCode(code.String())
		if err != nil {
			t.Fatal(err)
		}
		if parsed != code || parsed.Pin() != want {
			t.Errorf("%s came back as %s with pin %q, want %q", code, parsed, parsed.Pin(), want)
		}
	}
	for _, bad := range []enrolcode.Pin{"0011", "xyz", samplePin + "00", samplePin[:21], enrolcode.Pin(strings.Repeat("0", 64))} {
		if _, err := enrolcode.NewCode(bad); err == nil {
			t.Errorf("a code was made for the pin %q", bad)
		}
	}
}

func TestCodesDiffer(t *testing.T) {
	seen := map[enrolcode.Code]bool{}
	for range 1000 {
		seen[newCode(t, samplePin)] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different codes of 1000", len(seen))
	}
}

func TestCodeIsReadAsPeopleTypeIt(t *testing.T) {
	code := newCode(t, samplePin)
	text := code.String()
	if len(text) != 44 || strings.Count(text, "-") != 8 {
		t.Errorf("%s is not nine groups of four", text)
	}
	for name, typed := range map[string]string{
		"lower case":       strings.ToLower(text),
		"no groups":        strings.ReplaceAll(text, "-", ""),
		"spaces":           " " + strings.ReplaceAll(text, "-", "  ") + "\r\n",
		"letters for ones": strings.ReplaceAll(text, "1", "l"),
		"I for one":        strings.ReplaceAll(text, "1", "I"),
		"letter for zero":  strings.ReplaceAll(text, "0", "o"),
	} {
		if got, err := enrolcode.ParseCode(typed); err != nil || got != code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every wrong character and every swap of neighbours in one code is noticed.
func TestTypingErrorsAreNoticed(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	// Worked out by another program: the format of codes is held fixed, too.
	const text = "000G40R40M30E209185GR38E1W8124GKG077"
	if _, err := enrolcode.ParseCode(text); err != nil {
		t.Fatalf("the format of codes has changed: %v", err)
	}
	missed := 0
	check := func(typed string) {
		if typed == text {
			return
		}
		if _, err := enrolcode.ParseCode(typed); err == nil {
			missed++
		} else if !errors.Is(err, enrolcode.ErrMistyped) {
			t.Errorf("%v is no ErrMistyped", err)
		}
	}
	for i := range text {
		for _, c := range alphabet {
			check(text[:i] + string(c) + text[i+1:])
		}
		if i > 0 {
			check(text[:i-1] + text[i:i+1] + text[i-1:i] + text[i+1:])
		}
	}
	if missed != 0 {
		t.Errorf("%d typing errors passed", missed)
	}
	for _, typed := range []string{"", text[1:], text + "0", text[:35] + "U", text[:35] + "é", strings.Repeat(" ", 1000) + text} {
		if _, err := enrolcode.ParseCode(typed); !errors.Is(err, enrolcode.ErrMistyped) {
			t.Errorf("%q: got %v, want ErrMistyped", typed, err)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	code, err := enrolcode.NewCode(samplePin)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(code.String())
	f.Add(strings.ToLower(code.String()))
	f.Add("K7QF-2M0X-VW3D-9RTA-4HNB-E8S1-GZ6C-Y5JP-0QK2")
	f.Add("İıſ\x1b[31m")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := enrolcode.ParseCode(typed)
		if err != nil {
			if !errors.Is(err, enrolcode.ErrMistyped) {
				t.Errorf("%q: %v is no ErrMistyped", typed, err)
			}
			return
		}
		again, err := enrolcode.ParseCode(code.String())
		if err != nil || again != code {
			t.Errorf("%q reads as %s, which reads as %s, %v", typed, code, again, err)
		}
	})
}

func TestSecrets(t *testing.T) {
	one, two := enrolcode.NewSecret(enrolcode.CredentialPrefix), enrolcode.NewSecret(enrolcode.CredentialPrefix)
	if one == two {
		t.Error("the same secret twice")
	}
	if err := enrolcode.CheckSecret(enrolcode.CredentialPrefix, one); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "plait_store_", "plait_token_" + one[12:], one[:len(one)-1], one + "a", one[:len(one)-1] + "\n"} {
		err := enrolcode.CheckSecret(enrolcode.CredentialPrefix, bad)
		if err == nil {
			t.Errorf("%q was accepted", bad)
		} else if len(bad) > 20 && strings.Contains(err.Error(), bad) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}
