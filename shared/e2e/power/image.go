package power

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// Loss is what becomes of writes that no fsync covered.
type Loss int

// The losses.
const (
	Dropped Loss = iota // all are missing
	Cut                 // in each file the first ones are there; the last of them is torn
	Torn                // each sector of each write is there or not
	Kept                // all are there: the program died, the power stayed
	Losses              // how many there are
)

func (l Loss) String() string {
	return [...]string{"dropped", "cut", "torn", "kept"}[l]
}

// Image is what files hold, by path.
type Image map[string][]byte

// Image makes what the files below a folder may hold if the power fails now.
func (d *Disk) Image(folder string, l Loss, rng *rand.Rand) Image {
	out := Image{}
	names := d.namesAfter(l, rng)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if strings.HasPrefix(name, folder+"/") {
			out[name] = names[name].after(l, rng)
		}
	}
	return out
}

// namesAfter: the first so many acts on names have reached the platter.
func (d *Disk) namesAfter(l Loss, rng *rand.Rand) map[string]*file {
	names := maps.Clone(d.durable)
	n := 0
	switch l {
	case Cut, Torn:
		n = rng.IntN(len(d.acts) + 1)
	case Kept:
		n = len(d.acts)
	}
	if n < len(d.acts) && n > 0 && d.acts[n].tied {
		n--
	}
	for _, a := range d.acts[:n] {
		a.do(names)
	}
	return names
}

func (f *file) after(l Loss, rng *rand.Rand) []byte {
	content := slices.Clone(f.synced)
	n := len(f.pending)
	switch l {
	case Dropped:
		return content
	case Cut:
		n = rng.IntN(n + 1)
	}
	for i, c := range f.pending[:n] {
		switch {
		case l == Torn || (l == Cut && i == n-1):
			content = c.tear(content, rng)
		default:
			content = c.apply(content)
		}
	}
	return content
}

// tear makes some sectors of a change. A sector's old bytes stay whole, and where
// a file has grown nothing but zeros is there.
func (c *change) tear(content []byte, rng *rand.Rand) []byte {
	if c.data == nil {
		if rng.IntN(2) == 0 {
			return content
		}
		return c.apply(content)
	}
	keep := []float64{0.1, 0.5, 0.9}[rng.IntN(3)]
	for from := int64(0); from < int64(len(c.data)); {
		to := min((c.at+from)/sector*sector+sector-c.at, int64(len(c.data)))
		if rng.Float64() < keep {
			part := change{data: c.data[from:to], at: c.at + from}
			content = part.apply(content)
		}
		from = to
	}
	return content
}

// Store writes an image's files into a folder, in which they lie as below from.
func (m Image) Store(from, folder string) error {
	for name, content := range m {
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return fmt.Errorf("cannot store an image: %w", err)
		}
		to := filepath.Join(folder, rel)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, content, 0o600)); err != nil {
			return fmt.Errorf("cannot store an image: %w", err)
		}
	}
	return nil
}

// Verify holds the files as they are now against the disk: whoever wrote them
// without being seen is found out. Everything must have ended.
func (d *Disk) Verify() error {
	for name, f := range d.names {
		want := f.after(Kept, nil)
		got, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is gone, and the trace does not say why", name)
		}
		if err != nil {
			return fmt.Errorf("cannot verify the trace: %w", err)
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s has %d bytes, by the trace %d that differ: it was written without being seen", name, len(got), len(want))
		}
	}
	return nil
}
