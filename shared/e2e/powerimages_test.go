package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"plait/agent/pos"
	"plait/configs"
	"plait/shared/catalog"
	"plait/shared/e2e/power"
	"plait/shared/e2e/salon"
)

// powerLosses is one recording and what came of cutting it off.
type powerLosses struct {
	dir     string
	seed    uint64
	events  []power.Event
	marks   []int // which events are promises
	kinds   *catalog.Catalog
	mapping *pos.Mapping

	images  int
	losses  map[string]int // images by what became of the writes
	proved  map[string]int // promises that images were held against, by sort
	machine map[string]int // images by machine
}

// readPowerLosses reads a trace, and makes sure that it is whole.
func readPowerLosses(dir string, seed uint64) (*powerLosses, error) {
	l := &powerLosses{dir: dir, seed: seed, losses: map[string]int{}, machine: map[string]int{}, proved: map[string]int{}}
	for _, what := range []promise{sent, acknowledged, landed, queued, begun, applied, captured} {
		l.proved[string(what)] = 0
	}
	var err error
	if l.kinds, err = configs.Catalog(); err != nil {
		return nil, err
	}
	if l.mapping, err = pos.ParseMapping("mapping.yaml", salon.Mapping); err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, powerTrace))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	disk := l.disk()
	err = power.Read(f, func(e power.Event) error {
		if e.Begin && e.Sort == power.Write && e.Path == filepath.Join(dir, powerMarks) {
			l.marks = append(l.marks, len(l.events))
		}
		l.events = append(l.events, e)
		return disk.Play(e)
	})
	if err == nil {
		err = disk.Verify()
	}
	if err == nil && len(l.marks) < 20 {
		err = fmt.Errorf("only %d promises were recorded", len(l.marks))
	}
	return l, err
}

// disk is the network's, of which databases alone are of interest.
func (l *powerLosses) disk() *power.Disk {
	return power.NewDisk(filepath.Join(l.dir, powerNetwork), func(path string) bool {
		return !strings.HasSuffix(path, ".db") && !strings.HasSuffix(path, ".db-wal") && !strings.HasSuffix(path, ".db-journal")
	})
}

func (l *powerLosses) recording() string {
	syncs := 0
	for _, e := range l.events {
		if e.Sort == power.Sync && e.Begin {
			syncs++
		}
	}
	return fmt.Sprintf("%d events recorded, %d fsyncs, %d promises", len(l.events), syncs, len(l.marks))
}

func (l *powerLosses) String() string {
	text := fmt.Sprintf("%d images", l.images)
	for _, counts := range []map[string]int{l.machine, l.losses, l.proved} {
		text += ";"
		for _, what := range sortedKeys(counts) {
			text += fmt.Sprintf(" %d %s", counts[what], what)
		}
	}
	return text
}

// cut is one image, and what had been promised by then.
type cut struct {
	number  int
	machine string // a store's name, or "hub"
	loss    power.Loss
	moment  int // the event before which the power failed
	image   power.Image
	known   known
}

// known are the promises up to a moment.
type known struct {
	queued, begun []string
	at            map[string]promised // by store
}

// promised is what concerns one store.
type promised struct {
	sent, acked mark
	results     []string // jobs whose results were sent
	held        []string // jobs whose results the hub acknowledged
	landed      []string // full uploads
}

// add takes a promise in. Slices only grow, so that a copy of known stays as it was.
func (k *known) add(m mark) {
	p := k.at[m.Store]
	switch m.What {
	case queued:
		k.queued = append(k.queued, m.Jobs...)
		return
	case begun:
		k.begun = append(k.begun, m.Jobs...)
		return
	case landed:
		p.landed = append(p.landed, m.Upload)
	case sent:
		p.sent, p.results = m, append(p.results, m.Jobs...)
	case acknowledged:
		if m.Number > p.acked.Number { // one that was killed may come late
			p.acked = m
		}
		p.held = append(p.held, m.Jobs...)
	}
	k.at[m.Store] = p
}

func (k known) clone() known {
	k.at = maps.Clone(k.at)
	return k
}

// sweep is how many power losses one playing of the recording has: the more of
// them, the fewer are left out where time runs out.
const sweep = 50

// happen lets the power fail n times, or as often as it may within that time, and
// calls each for every loss that was found, until it returns false.
func (l *powerLosses) happen(n int, within time.Duration, each func(loss string) bool) {
	end := time.Now().Add(within)
	for from := 0; from < n && (from == 0 || time.Now().Before(end)); from += sweep {
		if !l.play(from, min(sweep, n-from), each) {
			return
		}
	}
}

// play plays the recording once, with so many power losses.
func (l *powerLosses) play(from, n int, each func(loss string) bool) (going bool) {
	cuts, found := make(chan cut), make(chan found)
	stop := make(chan struct{})
	go func() {
		defer close(cuts)
		l.cuts(from, n, cuts, stop)
	}()
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for c := range cuts {
				found <- l.examine(c)
			}
		})
	}
	go func() { workers.Wait(); close(found) }()
	going = true
	for f := range found {
		if !going {
			continue
		}
		l.count(f)
		for _, loss := range f.losses {
			if going && !each(loss) {
				going = false
				close(stop)
			}
		}
	}
	return going
}

func (l *powerLosses) count(f found) {
	l.images++
	l.losses[f.loss.String()]++
	if f.machine == hubMachine {
		l.machine["of the hub"]++
	} else {
		l.machine["of salons"]++
	}
	for what, n := range f.proved {
		l.proved[string(what)] += n
	}
}

// cuts makes images of n moments: every other one is right behind a promise.
func (l *powerLosses) cuts(from, n int, out chan<- cut, stop <-chan struct{}) {
	rng := rand.New(rand.NewPCG(l.seed, uint64(from)))
	moments := make([]int, n)
	for i := range moments {
		if first := l.marks[0]; i%2 == 0 {
			moments[i] = l.marks[rng.IntN(len(l.marks))] + 1
		} else {
			moments[i] = first + rng.IntN(len(l.events)-first)
		}
	}
	slices.Sort(moments)
	disk, k, next := l.disk(), known{at: map[string]promised{}}, 0
	for i, e := range l.events {
		for ; next < n && moments[next] == i; next++ {
			select {
			case out <- l.cut(from+next, i, disk, k.clone(), rng):
			case <-stop:
				return
			}
		}
		if e.Begin && e.Sort == power.Write && e.Path == filepath.Join(l.dir, powerMarks) {
			var m mark
			if err := json.NewDecoder(bytes.NewReader(e.Data)).Decode(&m); err != nil {
				panic(err) // we wrote it
			}
			k.add(m)
		}
		if err := disk.Play(e); err != nil {
			panic(err) // it was played before
		}
	}
}

const hubMachine = "hub"

func (l *powerLosses) cut(number, moment int, disk *power.Disk, k known, rng *rand.Rand) cut {
	c := cut{number: number, moment: moment, known: k, machine: hubMachine, loss: power.Loss(rng.IntN(int(power.Losses)))}
	if at := rng.IntN(len(killStores) + 2); at < len(killStores) {
		c.machine = killStores[at]
	}
	c.image = disk.Image(l.folder(c.machine), c.loss, rng)
	return c
}

// folder is where a machine's files are.
func (l *powerLosses) folder(machine string) string {
	if machine == hubMachine {
		return filepath.Join(l.dir, powerNetwork, "hub")
	}
	return filepath.Join(l.dir, powerNetwork, "stores", machine)
}
