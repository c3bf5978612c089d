package power

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hexed is a text as strace -xx writes it.
func hexed(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, `\x%02x`, c)
	}
	return b.String()
}

// tracing puts a trace together. In each line, what stands in ‹› is hexed.
func tracing(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		for {
			before, rest, ok := strings.Cut(line, "‹")
			inner, after, _ := strings.Cut(rest, "›")
			if !ok {
				break
			}
			line = before + hexed(inner) + after
		}
		thread, call, _ := strings.Cut(line, " ")
		fmt.Fprintf(&b, "%-5s 17.%06d %s\n", thread, i, call)
	}
	return b.String()
}

// played plays a trace on a disk below /d.
func played(t *testing.T, lines ...string) *Disk {
	t.Helper()
	d := NewDisk("/d", func(path string) bool { return strings.HasSuffix(path, "-shm") })
	if err := Read(strings.NewReader(tracing(lines...)), d.Play); err != nil {
		t.Fatal(err)
	}
	return d
}

func image(d *Disk, l Loss) map[string]string {
	out := map[string]string{}
	for name, content := range d.Image("/d", l, rand.New(rand.NewPCG(1, 1))) {
		out[name] = string(content)
	}
	return out
}

const (
	makeA   = `1 openat(AT_FDCWD<‹/d›>, "‹a›", O_RDWR|O_CREAT, 0600) = 3<‹/d/a›>`
	syncDir = `1 fsync(4<‹/d›>) = 0`
)

func TestWhatIsInAnImage(t *testing.T) {
	for name, c := range map[string]struct {
		trace         []string
		dropped, kept map[string]string
	}{
		"nothing is durable": {
			[]string{makeA, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`},
			map[string]string{}, map[string]string{"/d/a": "one"}},
		"a name without its content": {
			[]string{makeA, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, syncDir},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"what came before the fsync": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, `1 fdatasync(3<‹/d/a›>) = 0`, `1 pwrite64(3<‹/d/a›>, "‹two›", 3, 3) = 3`},
			map[string]string{"/d/a": "one"}, map[string]string{"/d/a": "onetwo"}},
		"a write that goes on during the fsync": {
			[]string{makeA, syncDir, `2 pwrite64(3<‹/d/a›>, "‹one›", 3, 0 <unfinished ...>`, `1 fsync(3<‹/d/a›>) = 0`, `2 <... pwrite64 resumed>) = 3`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"an fsync that has not ended": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, `1 fsync(3<‹/d/a›> <unfinished ...>`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"an fsync that failed": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, `1 fsync(3<‹/d/a›>) = -1 EIO (Input/output error)`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"a short write and one that failed": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 2`, `1 pwrite64(3<‹/d/a›>, "‹two›", 3, 0) = -1 ENOSPC (No space left on device)`, `1 fsync(3<‹/d/a›>) = 0`},
			map[string]string{"/d/a": "on"}, map[string]string{"/d/a": "on"}},
		"cut short": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, `1 fsync(3<‹/d/a›>) = 0`, `1 ftruncate(3<‹/d/a›>, 1) = 0`},
			map[string]string{"/d/a": "one"}, map[string]string{"/d/a": "o"}},
		"taken away, and made anew": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, `1 fsync(3<‹/d/a›>) = 0`, `1 unlink("‹/d/a›") = 0`, makeA},
			map[string]string{"/d/a": "one"}, map[string]string{"/d/a": ""}},
		"renamed": {
			[]string{makeA, syncDir, `1 renameat(AT_FDCWD<‹/›>, "‹/d/a›", AT_FDCWD<‹/›>, "‹/d/b›") = 0`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/b": ""}},
		"killed in a write, in an fsync, and before a call": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0 <unfinished ...>`, `2 fsync(3<‹/d/a›> <unfinished ...>`, `3 pwrite64(3, 0x7f00, 3, 0 <unfinished ...>`,
				`1 <... pwrite64 resumed>) = ?`, `2 +++ killed by SIGKILL +++`, `3 +++ killed by SIGKILL +++`, `4 ???( <unfinished ...>`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"killed out of sight": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0 <detached ...>`, `1 +++ killed by SIGKILL +++`,
				`2 fsync(3<‹/d/a›> <unfinished ...>`, `2 <... fsync resumed> <detached ...>`, `3 fsync(3, 0x7f00 <detached ...>`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"killed before calls that are told whole": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0) = 3`, `1 pwrite64(3, 0x7f8db6030c20, 3, 3) = ?`, `2 unlink(0x7f8db6030c20) = ? <unavailable>`,
				`3 fsync(3) = ?`, `4 fsync(3 <unfinished ...>`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"a result that is no write's": {
			[]string{makeA, syncDir, `1 pwrite64(3<‹/d/a›>, "‹one›", 3, 0 <unfinished ...>`, `1 <... pwrite64 resumed>) = 35`},
			map[string]string{"/d/a": ""}, map[string]string{"/d/a": "one"}},
		"what is of no interest": {
			[]string{`1 openat(AT_FDCWD<‹/d›>, "‹a-shm›", O_RDWR|O_CREAT, 0600) = 3<‹/d/a-shm›>`, `1 pwrite64(3<‹/d/a-shm›>, "‹x›", 1, 0) = 1`, `1 pwrite64(3<‹/e/a›>, "‹x›", 1, 0) = 1`},
			map[string]string{}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			d := played(t, c.trace...)
			if got := image(d, Dropped); fmt.Sprint(got) != fmt.Sprint(c.dropped) {
				t.Errorf("with all unsynced writes dropped: %q, want %q", got, c.dropped)
			}
			if got := image(d, Kept); fmt.Sprint(got) != fmt.Sprint(c.kept) {
				t.Errorf("with all kept: %q, want %q", got, c.kept)
			}
		})
	}
}

// TestWritesAreTornAtSectors: each sector of an image is as it was or as it was
// to be, and both are met.
func TestWritesAreTornAtSectors(t *testing.T) {
	old, fresh := strings.Repeat("o", 4*sector), strings.Repeat("n", 3*sector)
	d := played(t, makeA, syncDir,
		`1 pwrite64(3<‹/d/a›>, "‹`+old+`›", 2048, 0) = 2048`, `1 fsync(3<‹/d/a›>) = 0`,
		`1 pwrite64(3<‹/d/a›>, "‹`+fresh+`›", 1536, 100) = 1536`)
	whole := old[:100] + fresh + old[100+len(fresh):]
	rng, met := rand.New(rand.NewPCG(3, 3)), map[bool]int{}
	for range 100 {
		got := string(d.Image("/d", Torn, rng)["/d/a"])
		for from := 0; from < len(old); from += sector {
			part := got[from:][:sector]
			if part != old[from:][:sector] && part != whole[from:][:sector] {
				t.Fatalf("sector %d is torn itself", from/sector)
			}
			met[part == whole[from:][:sector]]++
		}
	}
	if met[true] == 0 || met[false] == 0 {
		t.Errorf("sectors that were written and that were not: %v", met)
	}
}

// TestNamesComeInTheirOrder: of the acts on names, an image has the first so many.
func TestNamesComeInTheirOrder(t *testing.T) {
	d := played(t, makeA, `1 rename("‹/d/a›", "‹/d/b›") = 0`, makeA, `1 unlink("‹/d/b›") = 0`)
	want := []string{"[]", "[/d/a]", "[/d/b]", "[/d/a /d/b]"}
	rng := rand.New(rand.NewPCG(5, 5))
	for range 100 {
		names := fmt.Sprint(slices.Sorted(func(yield func(string) bool) {
			for name := range d.Image("/d", Cut, rng) {
				if !yield(name) {
					return
				}
			}
		}))
		if !slices.Contains(want, names) {
			t.Fatalf("an image has %s", names)
		}
	}
}

func TestBadTracesAreRefused(t *testing.T) {
	for name, line := range map[string]string{
		"no call":             `1 nothing`,
		"a call we know not":  `1 pwritev(3<‹/d/a›>, [], 1, 0) = 1`,
		"a text cut short":    `1 pwrite64(3<‹/d/a›>, "‹one›"..., 3000, 0) = 3000`,
		"a text in the clear": `1 pwrite64(3<‹/d/a›>, "once", 4, 0) = 4`,
		"no offset":           `1 pwrite64(3<‹/d/a›>, "‹one›") = 3`,
		"no result":           `1 fsync(3<‹/d/a›>)`,
		"a text unread":       `1 pwrite64(3<‹/d/a›>, 0x7f8db6030c20, 3, 0) = 3`,
		"a file unread":       `1 fsync(3) = 0`,
		"a text half read":    `1 pwrite64(3<‹/d/a›>, "‹one›"..., 3000, 0) = ?`,
		"a file never made":   `1 pwrite64(3<‹/d/b›>, "‹one›", 3, 0) = 3`,
	} {
		t.Run(name, func(t *testing.T) {
			err := Read(strings.NewReader(tracing(makeA, line)), NewDisk("/d", nil).Play)
			if err == nil || !strings.Contains(err.Error(), "line 2") {
				t.Errorf("it gives %v", err)
			}
		})
	}
}

func TestImagesAreStoredAndDisksVerified(t *testing.T) {
	dir := t.TempDir()
	d := NewDisk(dir, nil)
	trace := tracing(`1 openat(AT_FDCWD<‹/›>, "‹`+dir+`/a›", O_RDWR|O_CREAT, 0600) = 3<‹`+dir+`/a›>`, `1 pwrite64(3<‹`+dir+`/a›>, "‹one›", 3, 0) = 3`)
	if err := Read(strings.NewReader(trace), d.Play); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := d.Image(dir, Kept, nil).Store(filepath.Dir(dir), filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || !bytes.Equal(got, []byte("one")) {
		t.Errorf("stored: %q, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(); err == nil || !strings.Contains(err.Error(), "without being seen") {
		t.Errorf("a write that was not seen: %v", err)
	}
}

func TestWithoutStraceThereIsNoRecord(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Record(t.Context(), filepath.Join(t.TempDir(), "trace"), nil, "true")
	if err == nil || !strings.Contains(err.Error(), "make strace") {
		t.Errorf("it gives %v", err)
	}
}
