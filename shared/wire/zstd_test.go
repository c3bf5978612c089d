package wire_test

import (
	"bytes"
	"runtime"
	"testing"

	"plait/shared/wire"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

func TestDecompressUndoesCompress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "part"), rapid.IntRange(1, 2000).Draw(t, "times"))
		out, err := wire.Decompress(wire.Compress(nil, in), len(in))
		if err != nil || !bytes.Equal(in, out) {
			t.Fatalf("%d bytes became %d, %v", len(in), len(out), err)
		}
		if _, err := wire.Decompress(wire.Compress(nil, in), len(in)-1); codeOf(err) != wire.CodeTooLarge {
			t.Fatalf("one byte over the limit: %v", err)
		}
	})
}

// bomb is zstd that states no length: what a hostile sender would write.
func bomb(t *testing.T, size int, options ...zstd.EOption) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := zstd.NewWriter(&buf, options...)
	if err != nil {
		t.Fatal(err)
	}
	for range size >> 20 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestDecompressRefusesBombsWithBoundedMemory(t *testing.T) {
	stated := wire.Compress(nil, make([]byte, 256<<20))
	lying := append([]byte(nil), wire.Compress(nil, make([]byte, 4<<20))...)
	lying[5], lying[6], lying[7], lying[8] = 0, 1, 0, 0 // the frame states 256 bytes
	second := append(wire.Compress(nil, []byte("small")), stated...)
	for name, c := range map[string]struct {
		in   []byte
		want wire.Code
	}{
		"stated":       {stated, wire.CodeTooLarge},
		"not stated":   {bomb(t, 256<<20), wire.CodeBadRequest},
		"lying":        {lying, wire.CodeTooLarge},
		"second frame": {second, wire.CodeTooLarge},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := wire.Decompress(c.in, 8<<20)
		runtime.ReadMemStats(&after)
		if codeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}

func TestDecompressRefusesRubbish(t *testing.T) {
	good := wire.Compress(nil, bytes.Repeat([]byte("plait "), 100))
	for name, in := range map[string][]byte{
		"nothing": nil, "text": []byte("plait-batch 1"), "cut short": good[:len(good)-3], "more after it": append(bytes.Clone(good), 1, 2, 3),
		"skippable": {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0},
	} {
		if _, err := wire.Decompress(in, 1<<20); codeOf(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add(wire.Compress(nil, []byte("plait-batch 1 a 1 - 0 0\nend 0\n")))
	f.Fuzz(func(t *testing.T, in []byte) {
		if out, err := wire.Decompress(in, 1<<16); err == nil && len(out) > 1<<16 {
			t.Errorf("%d bytes", len(out))
		}
	})
}
