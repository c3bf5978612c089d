package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/shared/wire"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const goldenBatch = `plait-batch 1 epoch-1 7 pos-1 42 -9
p 100 {"f":{"name":"Cut"},"g":1,"i":"7","k":"service"}
g 101 {"f":{},"g":1,"i":"8","k":"service","x":true}
r 102 {"job":"j1","hub_epoch":"","number":1,"done":true}
b 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 aGVsbG8=
end 4
`

var goldenHeader = wire.BatchHeader{AgentEpoch: "epoch-1", Number: 7, Mark: wire.Mark{POSEpoch: "pos-1", Seq: 42, Nonce: -9}}

var goldenEntries = []wire.Entry{
	{Op: 'p', Revision: 100, Body: []byte(`{"f":{"name":"Cut"},"g":1,"i":"7","k":"service"}`)},
	{Op: 'g', Revision: 101, Body: []byte(`{"f":{},"g":1,"i":"8","k":"service","x":true}`)},
	{Op: 'r', Revision: 102, Body: []byte(`{"job":"j1","hub_epoch":"","number":1,"done":true}`)},
	{Op: 'b', Body: []byte("hello"), Hash: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
}

func write(w *wire.BatchWriter, e wire.Entry) error {
	switch e.Op {
	case wire.EntryPut:
		return w.Put(e.Revision, e.Body)
	case wire.EntryGone:
		return w.Gone(e.Revision, e.Body)
	case wire.EntryResult:
		return w.Result(e.Revision, e.Body)
	default:
		return w.Body(e.Body)
	}
}

func TestBatchHasTheseBytes(t *testing.T) {
	w, err := wire.NewBatch(goldenHeader)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range goldenEntries {
		if err := write(w, e); err != nil {
			t.Fatal(err)
		}
	}
	if w.Len() != 4 || w.Bytes() != len(goldenBatch)-len("end 4\n") {
		t.Errorf("%d entries, %d bytes", w.Len(), w.Bytes())
	}
	lines, digest := w.Finish()
	if diff := cmp.Diff(goldenBatch, string(lines)); diff != "" {
		t.Error(diff)
	}
	if digest != wire.Sum([]byte(goldenBatch)) {
		t.Errorf("digest %s", digest)
	}
	if err := w.Put(1, []byte("{}")); !errors.Is(err, wire.ErrFull) {
		t.Errorf("an entry after the end: %v", err)
	}
}

func TestReadBatchGivesWhatWasWritten(t *testing.T) {
	var got []wire.Entry
	h, err := wire.ReadBatch([]byte(goldenBatch), func(e wire.Entry) error { got = append(got, e); return nil })
	if err != nil || h != goldenHeader {
		t.Fatalf("%+v, %v", h, err)
	}
	if diff := cmp.Diff(goldenEntries, got); diff != "" {
		t.Error(diff)
	}
	if h, err := wire.ReadBatchHeader([]byte(goldenBatch)); err != nil || h != goldenHeader {
		t.Errorf("the header alone: %+v, %v", h, err)
	}
	stop := errors.New("enough")
	if _, err := wire.ReadBatch([]byte(goldenBatch), func(wire.Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error came back as %v", err)
	}
}

func TestReadBatchNamesTheLine(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(goldenBatch, old, new, 1) }
	for name, c := range map[string]struct{ in, want string }{
		"nothing":            {"", "line 1"},
		"another form":       {change("plait-batch", "plait-chunk"), "line 1"},
		"another version":    {change("batch 1", "batch 2"), "line 1"},
		"a word missing":     {change(" -9\n", "\n"), "line 1"},
		"two spaces":         {change("1 epoch-1", "1  epoch-1"), "line 1"},
		"number 07":          {change("epoch-1 7", "epoch-1 07"), "line 1"},
		"number 2^63":        {change("epoch-1 7", "epoch-1 9223372036854775808"), "line 1"},
		"number 0":           {change("epoch-1 7", "epoch-1 0"), "batch number"},
		"nonce -0":           {change("-9", "-0"), "line 1"},
		"epoch with a quote": {change("epoch-1", `epoch"1`), "agent epoch"},
		"an unknown entry":   {change("g 101", "h 101"), "line 3"},
		"a long op":          {change("g 101", "gg 101"), "line 3"},
		"no revision":        {change("g 101 ", "g "), "line 3"},
		"revision 0":         {change("g 101", "g 0"), "line 3"},
		"revision +1":        {change("g 101", "g +1"), "line 3"},
		"no body":            {change(`{"f":{"name":"Cut"},"g":1,"i":"7","k":"service"}`, ""), "line 2"},
		"an empty line":      {change("g 101", "\ng 101"), "line 3"},
		"bad base64":         {change("aGVsbG8=", "aGVsbG9="), "line 5"},
		"another body":       {change("aGVsbG8=", "aGVsbG9v"), "line 5"},
		"a wrong count":      {change("end 4", "end 3"), "line 6"},
		"count 04":           {change("end 4", "end 04"), "line 6"},
		"no count":           {change("end 4", "end "), "line 6"},
		"no end":             {change("end 4\n", ""), "line 6"},
		"no line break":      {strings.TrimSuffix(goldenBatch, "\n"), "line 6"},
		"more after it":      {goldenBatch + "\n", "line 6"},
	} {
		_, err := wire.ReadBatch([]byte(c.in), func(wire.Entry) error { return nil })
		if codeOf(err) != wire.CodeBadRequest || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestChunkHasTheSameFraming(t *testing.T) {
	w, err := wire.NewChunk(wire.ChunkHeader{Upload: "u1", Number: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Put(5, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Result(6, []byte(`{}`)); err == nil || errors.Is(err, wire.ErrFull) {
		t.Errorf("a result in a chunk: %v", err)
	}
	lines, _ := w.Finish()
	if string(lines) != "plait-chunk 1 u1 3\np 5 {}\nend 1\n" {
		t.Errorf("%q", lines)
	}
	n := 0
	h, err := wire.ReadChunk(lines, func(wire.Entry) error { n++; return nil })
	if err != nil || h != (wire.ChunkHeader{Upload: "u1", Number: 3}) || n != 1 {
		t.Errorf("%+v, %d, %v", h, n, err)
	}
	for _, bad := range []string{"plait-chunk 1 u1\nend 0\n", "plait-chunk 1 u1 0\nend 0\n", "plait-chunk 1 u1 1\nr 1 {}\nend 1\n", goldenBatch} {
		if _, err := wire.ReadChunk([]byte(bad), func(wire.Entry) error { return nil }); codeOf(err) != wire.CodeBadRequest {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestBatchHoldsToItsLimits(t *testing.T) {
	w, _ := wire.NewBatch(wire.BatchHeader{AgentEpoch: "e", Number: 1})
	for range wire.MaxBatchEntries {
		if err := w.Put(1, []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Put(1, []byte("{}")); !errors.Is(err, wire.ErrFull) {
		t.Errorf("entry %d: %v", wire.MaxBatchEntries+1, err)
	}
	lines, _ := w.Finish()
	if _, err := wire.ReadBatch(lines, func(wire.Entry) error { return nil }); err != nil {
		t.Errorf("a full batch: %v", err)
	}
	more := bytes.Replace(lines, []byte("p 1 {}\n"), []byte("p 1 {}\np 1 {}\n"), 1)
	if _, err := wire.ReadBatch(more, func(wire.Entry) error { return nil }); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("an entry too many: %v", err)
	}
	if _, err := wire.ReadBatch(make([]byte, wire.MaxBatchBytes+1), nil); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("a byte too many: %v", err)
	}

	w, _ = wire.NewBatch(wire.BatchHeader{AgentEpoch: "e", Number: 1})
	big, err := make([]byte, wire.MaxBodyBytes), error(nil)
	for n := 0; err == nil && n < 3; n++ {
		err = w.Body(big)
	}
	if lines, _ := w.Finish(); !errors.Is(err, wire.ErrFull) || len(lines) > wire.MaxBatchBytes || w.Len() != 1 {
		t.Errorf("%d bodies in %d bytes, %v", w.Len(), len(lines), err)
	}
	if err := w.Body(append(big, 0)); err == nil || errors.Is(err, wire.ErrFull) {
		t.Errorf("a body over the limit: %v", err)
	}
}

func TestBatchWriterRefusesWhatCouldNotBeRead(t *testing.T) {
	for _, h := range []wire.BatchHeader{{}, {AgentEpoch: "e"}, {AgentEpoch: "e e", Number: 1}, {AgentEpoch: "-", Number: 1}, {AgentEpoch: "e", Number: 1, Mark: wire.Mark{POSEpoch: "\n"}}, {AgentEpoch: "e", Number: 1, Mark: wire.Mark{Seq: -1}}} {
		if _, err := wire.NewBatch(h); err == nil {
			t.Errorf("%+v was taken", h)
		}
	}
	w, _ := wire.NewBatch(wire.BatchHeader{AgentEpoch: "e", Number: 1})
	for _, err := range []error{w.Put(0, []byte("{}")), w.Put(1, nil), w.Put(1, []byte("{\n}"))} {
		if err == nil || errors.Is(err, wire.ErrFull) {
			t.Errorf("a bad entry: %v", err)
		}
	}
}

func TestBatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := wire.BatchHeader{
			AgentEpoch: rapid.StringMatching(`[a-z0-9]{1,8}`).Draw(t, "agent"), Number: rapid.Int64Min(1).Draw(t, "number"),
			Mark: wire.Mark{POSEpoch: rapid.StringMatching(`[a-z0-9]{0,8}`).Draw(t, "pos"), Seq: rapid.Int64Min(0).Draw(t, "seq"), Nonce: rapid.Int64Min(-1<<62).Draw(t, "nonce")},
		}
		w, err := wire.NewBatch(h)
		if err != nil {
			t.Fatal(err)
		}
		entries := rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries")
		for _, e := range entries {
			if err := write(w, e); err != nil {
				t.Fatal(err)
			}
		}
		lines, _ := w.Finish()
		n := 0
		got, err := wire.ReadBatch(lines, func(e wire.Entry) error {
			want := entries[n]
			n++
			if e.Op != want.Op || e.Revision != want.Revision || !bytes.Equal(e.Body, want.Body) {
				return fmt.Errorf("got %c %d %q, want %c %d %q", e.Op, e.Revision, e.Body, want.Op, want.Revision, want.Body)
			}
			return nil
		})
		if err != nil || got != h || n != len(entries) {
			t.Fatalf("%+v, %d of %d entries, %v", got, n, len(entries), err)
		}
	})
}

func drawEntry(t *rapid.T) wire.Entry {
	e := wire.Entry{Op: rapid.SampledFrom([]byte("pgrb")).Draw(t, "op")}
	if e.Op == wire.EntryBody {
		e.Body = rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		return e
	}
	e.Revision = rapid.Int64Min(1).Draw(t, "revision")
	e.Body = []byte(rapid.StringMatching(`[^\n]{1,60}`).Draw(t, "line"))
	return e
}

func FuzzReadBatch(f *testing.F) {
	f.Add([]byte(goldenBatch))
	f.Add([]byte("plait-batch 1 e 1 - 0 0\nend 0\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var entries []wire.Entry
		h, err := wire.ReadBatch(in, func(e wire.Entry) error { entries = append(entries, e); return nil })
		if err != nil {
			return
		}
		w, err := wire.NewBatch(h)
		if err != nil {
			t.Fatalf("%+v was read: %v", h, err)
		}
		for _, e := range entries {
			if err := write(w, e); err != nil {
				t.Fatalf("%+v was read: %v", e, err)
			}
		}
		if out, _ := w.Finish(); !bytes.Equal(out, in) {
			t.Errorf("%q was read, %q written", in, out)
		}
	})
}

func BenchmarkBatch(b *testing.B) {
	body := []byte(`{"f":{"name":"` + strings.Repeat("x", 350) + `"},"g":1,"i":"7","k":"service"}`)
	b.Run("write 1000 of 400 bytes", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			w, _ := wire.NewBatch(wire.BatchHeader{AgentEpoch: "e", Number: 1})
			for i := range 1000 {
				_ = w.Put(int64(i+1), body)
			}
			w.Finish()
		}
	})
	w, _ := wire.NewBatch(wire.BatchHeader{AgentEpoch: "e", Number: 1})
	for i := range 1000 {
		_ = w.Put(int64(i+1), body)
	}
	lines, _ := w.Finish()
	b.Run("read 1000 of 400 bytes", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := wire.ReadBatch(lines, func(wire.Entry) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compress and decompress", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := wire.Decompress(wire.Compress(nil, lines), wire.MaxBatchBytes); err != nil {
				b.Fatal(err)
			}
		}
	})
}
