package enrol_test

import (
	"context"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/agent/enrol"
	"plait/shared/enrolcode"
)

func options(t *testing.T, h *fakeHub) enrol.Options {
	t.Helper()
	return enrol.Options{Path: filepath.Join(t.TempDir(), "credential.json"), Hub: h.URL, Code: h.code.String(), Host: "front\ndesk", Now: today, Attempts: 1}
}

func TestEnrolled(t *testing.T) {
	h := newHub(t)
	o := options(t, h)
	o.Code = strings.ToLower(strings.ReplaceAll(o.Code, "-", " ")) // as people type it
	o.Hub = strings.TrimPrefix(o.Hub, "https://") + "/"
	got, err := enrol.Enroll(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got.CatalogErr != nil || got.Catalog.Digest() != h.cat.Digest() {
		t.Errorf("the catalogue: %v", got.CatalogErr)
	}
	c, err := enrol.Read(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store != "s1" || c.StoreName != "Lakeside" || c.Hub != h.URL || c.Secret != h.redeemed.Credential || !c.Enrolled.Equal(today()) {
		t.Errorf("kept %+v", c)
	}
	if len(c.Pin) != 64 {
		t.Errorf("the pin kept is %q, not the full one", c.Pin)
	}
	if got := h.redeemed.Host; got != "frontdesk" {
		t.Errorf("the hub was told of host %q", got)
	}
	if info, err := os.Stat(o.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credential.json: %v, %v", info.Mode(), err)
	}
}

func TestLostAnswerIsRepeated(t *testing.T) {
	h := newHub(t)
	o := options(t, h)
	h.lose = true
	if _, err := enrol.Enroll(t.Context(), o); err == nil {
		t.Fatal("the answer was lost, and nothing was said")
	}
	if _, err := enrol.Read(o.Path); !errors.Is(err, enrol.ErrNotEnrolled) {
		t.Errorf("after a lost answer: %v", err)
	}
	if _, err := enrol.Enroll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if len(h.seen) != 2 || h.seen[0] != h.seen[1] {
		t.Errorf("the hub saw %d messages that differ", len(h.seen))
	}
	again, err := enrol.Enroll(t.Context(), o)
	if err != nil || !again.Repeated || len(h.seen) != 2 {
		t.Errorf("the same command once more: %v, repeated %v, %d messages", err, again.Repeated, len(h.seen))
	}
}

func TestSecondStoreNeedsReplace(t *testing.T) {
	first, second := newHub(t), newHub(t)
	o := options(t, first)
	if _, err := enrol.Enroll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	o.Hub, o.Code = second.URL, second.code.String()
	if _, err := enrol.Enroll(t.Context(), o); !errors.Is(err, enrol.ErrEnrolled) || !strings.Contains(err.Error(), "Lakeside") {
		t.Errorf("without --replace: %v", err)
	}
	if c, err := enrol.Read(o.Path); err != nil || c.Hub != first.URL {
		t.Errorf("the credential was touched: %v", err)
	}
	o.Replace = true
	if _, err := enrol.Enroll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if first.redeemed.Credential == second.redeemed.Credential || first.redeemed.Installation == second.redeemed.Installation {
		t.Error("two hubs know one secret or installation")
	}
}

func TestRefusals(t *testing.T) {
	h := newHub(t)
	other, err := enrolcode.NewCode(enrolcode.Pin(strings.Repeat("ab", 32)))
	if err != nil {
		t.Fatal(err)
	}
	spent, err := enrolcode.NewCode(enrolcode.PinOf(caOf(t, h)))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(o *enrol.Options)
		want   string
		is     error
	}{
		"mistyped":         {func(o *enrol.Options) { o.Code = swapTwo(o.Code) }, "mistyped", enrolcode.ErrMistyped},
		"another CA":       {func(o *enrol.Options) { o.Code = other.String() }, "not the pinned hub", enrolcode.ErrWrongHub},
		"clock in 2009":    {func(o *enrol.Options) { o.Now = at(2009) }, "this computer's clock is wrong: it shows 2009-06-01", nil},
		"clock in 2190":    {func(o *enrol.Options) { o.Now = at(2190) }, "clock", nil},
		"a code not known": {func(o *enrol.Options) { o.Code = spent.String() }, "make a new one at the hub", nil},
		"no address":       {func(o *enrol.Options) { o.Hub = "https://" }, "write it as https://host:port", nil},
		"plain http":       {func(o *enrol.Options) { o.Hub = "http://hub.example" }, "must begin with https://", nil},
	} {
		o := options(t, h)
		test.change(&o)
		_, err := enrol.Enroll(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), test.want) || (test.is != nil && !errors.Is(err, test.is)) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if len(h.seen) != 1 {
		t.Errorf("the hub was told %d codes, want only the one that could be meant for it", len(h.seen))
	}
}

// A code in the file would be as good as the code itself.
func TestFileHoldsNoCode(t *testing.T) {
	h := newHub(t)
	o := options(t, h)
	if _, err := enrol.Enroll(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(o.Path)
	if err != nil || strings.Contains(string(data), o.Code) {
		t.Errorf("credential.json says the code, or cannot be read: %v", err)
	}
}

func TestDamagedFileNamesTheWayOut(t *testing.T) {
	h := newHub(t)
	o := options(t, h)
	if err := os.WriteFile(o.Path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := enrol.Enroll(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--replace") {
		t.Errorf("got %v", err)
	}
	o.Replace = true
	if _, err := enrol.Enroll(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	h := newHub(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := enrol.Enroll(ctx, options(t, h)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func at(year int) func() time.Time {
	return func() time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
}

// swapTwo exchanges the first two characters that differ.
func swapTwo(code string) string {
	b := []byte(code)
	for i := 1; i < len(b); i++ {
		if b[i] != b[i-1] && b[i] != '-' && b[i-1] != '-' {
			b[i], b[i-1] = b[i-1], b[i]
			return string(b)
		}
	}
	return code
}

func caOf(t *testing.T, h *fakeHub) *x509.Certificate {
	t.Helper()
	ca, err := x509.ParseCertificate(h.TLS.Certificates[0].Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	return ca
}
