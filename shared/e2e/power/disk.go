package power

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Disk is what the files below one folder hold, and what of it is durable. It
// is used by one goroutine.
type Disk struct {
	root    string
	skip    func(path string) bool
	names   map[string]*file // as programs see them
	durable map[string]*file // as the platter has them
	acts    []act            // on names, not durable yet, in their order
	settled int              // how many acts before those are durable
	running map[int]*running // by call
}

// file is what a name stands for, whatever its name.
type file struct {
	synced  []byte
	pending []*change // since the last fsync that covered them, in their order
}

// change is a write, or a truncation to size where data is nil.
type change struct {
	data  []byte
	at    int64 // offset, or new size
	whole bool  // the call has ended
}

// act makes a name stand for a file, or for nothing.
type act struct {
	name string
	is   *file // nil: the name is gone
	// done with the act before it: a rename takes one name and gives another.
	tied bool
}

// running is a call that has begun.
type running struct {
	file   *file
	change *change
	// covers are the changes that this fsync makes durable, settles how many acts of
	// all that there were.
	covers  []*change
	settles int
}

// NewDisk makes an empty disk, on which everything below root is watched save the
// files that skip names: those are of no interest. skip may be nil.
func NewDisk(root string, skip func(path string) bool) *Disk {
	if skip == nil {
		skip = func(string) bool { return false }
	}
	return &Disk{
		root: path.Clean(root), skip: skip,
		names: map[string]*file{}, durable: map[string]*file{}, running: map[int]*running{},
	}
}

// below reports whether a path is the disk's.
func (d *Disk) below(name string) bool {
	return strings.HasPrefix(name, d.root+"/") && !d.skip(name)
}

// Play plays the next event.
func (d *Disk) Play(e Event) error {
	switch {
	case d.below(e.Path), e.Sort == Rename && d.below(e.To):
	case e.Sort == Sync && (e.Path == d.root || strings.HasPrefix(e.Path, d.root+"/")): // a folder
	default:
		return nil
	}
	if e.Begin {
		return d.begin(e)
	}
	return d.end(e)
}

// begin: data may reach the platter from the moment in which a write begins.
func (d *Disk) begin(e Event) error {
	f, r := d.names[e.Path], &running{}
	switch e.Sort {
	case Write, Truncate:
		if f == nil {
			if strings.HasSuffix(e.Path, "(deleted)") {
				return nil // nobody can open it again
			}
			return fmt.Errorf("cannot play a write to %s: it was never made", e.Path)
		}
		r.file, r.change = f, &change{data: e.Data, at: e.Offset}
		f.pending = append(f.pending, r.change)
	case Sync:
		if f == nil {
			r.settles = d.settled + d.actsIn(e.Path)
			break
		}
		r.file = f
		for _, c := range f.pending {
			if c.whole {
				r.covers = append(r.covers, c)
			}
		}
	}
	d.running[e.Call] = r
	return nil
}

// end: a call in which its thread was killed counts as done, for the system does
// most such calls to their end, and whoever comes next writes over what is half
// done; an fsync of which nobody learnt counts for nothing.
func (d *Disk) end(e Event) error {
	r := d.running[e.Call]
	delete(d.running, e.Call)
	if r == nil {
		return nil
	}
	killed := e.Result == Unknown
	if killed && e.Sort == Sync {
		return nil
	}
	if killed {
		e.Result = int64(len(e.Data))
	}
	if e.Result < 0 {
		if r.change != nil {
			r.file.drop(r.change)
		}
		return nil
	}
	switch e.Sort {
	case Write:
		r.change.data, r.change.whole = r.change.data[:e.Result], true
	case Truncate:
		r.change.whole = true
	case Sync:
		d.synced(r)
	case Open:
		d.opened(e)
	case Unlink:
		d.act(act{name: e.Path})
	case Rename:
		f := d.names[e.Path]
		if f == nil {
			return nil // a folder, or a file of no interest
		}
		d.act(act{name: e.Path})
		d.act(act{name: e.To, is: f, tied: true})
	}
	return nil
}

func (d *Disk) opened(e Event) {
	f := d.names[e.Path]
	if f == nil && e.Create {
		f = &file{}
		d.act(act{name: e.Path, is: f})
	}
	if f != nil && e.Clear {
		f.pending = append(f.pending, &change{whole: true})
	}
}

func (d *Disk) act(a act) {
	a.do(d.names)
	d.acts = append(d.acts, a)
}

func (a act) do(names map[string]*file) {
	if a.is == nil {
		delete(names, a.name)
		return
	}
	names[a.name] = a.is
}

// actsIn counts the acts up to the last one on a name in a folder. A journal keeps
// their order, so that an fsync of the folder covers those before it, too.
func (d *Disk) actsIn(folder string) int {
	for i, a := range slices.Backward(d.acts) {
		if path.Dir(a.name) == folder {
			return i + 1
		}
	}
	return 0
}

// synced makes durable what an fsync covered, where another has not done so.
func (d *Disk) synced(r *running) {
	for _, c := range r.covers {
		if i := slices.Index(r.file.pending, c); i >= 0 {
			r.file.synced = c.apply(r.file.synced)
			r.file.pending = slices.Delete(r.file.pending, i, i+1)
		}
	}
	for d.settled < r.settles {
		d.acts[0].do(d.durable)
		d.acts = d.acts[1:]
		d.settled++
	}
}

func (f *file) drop(c *change) {
	if i := slices.Index(f.pending, c); i >= 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
	}
}

// apply makes a change to a file's content.
func (c *change) apply(content []byte) []byte {
	if c.data == nil {
		return resize(content, c.at)
	}
	if end := c.at + int64(len(c.data)); end > int64(len(content)) {
		content = resize(content, end)
	}
	copy(content[c.at:], c.data)
	return content
}

func resize(content []byte, size int64) []byte {
	if size <= int64(len(content)) {
		return content[:size]
	}
	return append(content, make([]byte, size-int64(len(content)))...)
}
