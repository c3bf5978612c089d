package scenario

import (
	"context"
	"fmt"
	"time"

	"plait/shared/catalog"
	"plait/shared/e2e/rig"
	"plait/shared/e2e/salon"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptWithin bounds one script.
const scriptWithin = 5 * time.Minute

// world is what one script acts on.
type world struct {
	ctx    context.Context
	dir    string
	rig    *rig.Rig
	pos    map[string]*salon.POS
	kinds  *catalog.Catalog
	tested rig.Tested
	synced string                  // the last sync that was run and takes none back
	job    string                  // the first that the last sync queued
	locks  map[string]func() error // by store: what gives its POS's database free again

	between between
}

// Params are what testscript runs the scripts of a folder with.
func Params(folder string) testscript.Params {
	return testscript.Params{
		Dir:                 folder,
		Setup:               setup,
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     false,
	}
}

type worldKey struct{}

func setup(env *testscript.Env) error {
	ctx, cancel := context.WithTimeout(context.Background(), scriptWithin)
	w := &world{ctx: ctx, dir: env.WorkDir, pos: map[string]*salon.POS{}, locks: map[string]func() error{}}
	w.between.owed = map[string]bool{}
	env.Values[worldKey{}] = w
	env.Defer(cancel)
	env.Defer(w.close)
	return nil
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// close ends every process, and so before testscript removes the folder.
func (w *world) close() {
	for _, free := range w.locks {
		free()
	}
	for _, p := range w.pos {
		p.Close()
	}
	if w.rig != nil {
		w.rig.Close() //nolint // a script that failed has said why
	}
}

// open starts a hub, and a store with its agent for each name; "-between" before
// them puts a gate before the hub.
func (w *world) open(names []string) (err error) {
	if w.rig != nil {
		return fmt.Errorf("the network is open already")
	}
	if w.rig, err = rig.New(w.ctx, rig.Options{Dir: w.dir}); err != nil {
		return err
	}
	w.kinds = w.rig.Kinds
	if names[0] == "-between" {
		if w.between.gate, err = w.rig.NewGate(); err != nil {
			return err
		}
		names = names[1:]
	}
	for i, name := range names {
		if err := w.addStore(name, i == 0, uint64(i+1)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) addStore(name string, head bool, seed uint64) error {
	role := "branch"
	if head {
		role = "head_office"
	}
	s, err := w.rig.AddStore(w.ctx, rig.StoreOptions{Name: name, Role: role, Mapping: salon.WholeMapping, Hub: w.hubURL()})
	if err != nil {
		return err
	}
	p, err := salon.Open(s.POS(), name, salon.Options{Seed: seed, Busy: 10_000})
	if err != nil {
		return err
	}
	w.pos[name] = p
	if err := p.CreateWhole(); err != nil {
		return err
	}
	return s.Start(w.ctx)
}

// hubURL is where agents reach the hub.
func (w *world) hubURL() string {
	if w.between.gate != nil {
		return w.between.gate.URL
	}
	return w.rig.Hub.URL
}

// store returns the store of that name.
func (w *world) store(name string) (*rig.Store, error) {
	if w.rig == nil {
		return nil, fmt.Errorf("no network is open: begin with open")
	}
	if s := w.rig.Store(name); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("there is no store %s", name)
}

// uploadAll holds a conversation with each store, and demands that it ended equal.
func (w *world) uploadAll(names ...string) error {
	for _, name := range names {
		s, err := w.store(name)
		if err != nil {
			return err
		}
		report, err := s.Upload(w.ctx)
		if err != nil {
			return err
		}
		if !report.Equal {
			return fmt.Errorf("the upload of %s did not end equal: %+v", name, report)
		}
	}
	return nil
}

// equal holds every POS file against the hub's copy of it.
func (w *world) equal() error {
	for _, s := range w.rig.Stores {
		c, err := s.Compare(w.ctx)
		if err != nil {
			return err
		}
		if len(c.Differ) > 0 {
			return fmt.Errorf("%s: %d differ, the first: %s", s.Name, len(c.Differ), c.Differ[0])
		}
		if c.Total() == 0 {
			return fmt.Errorf("%s has nothing to compare", s.Name)
		}
	}
	return nil
}
