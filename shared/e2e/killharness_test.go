package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"plait/hub/operator"
	"plait/shared/e2e/rig"
	"plait/shared/e2e/salon"
)

// killHarness is a network whose processes are killed and whose files are
// restored at random. Its people go on working in the POSs all the time.
type killHarness struct {
	*liveNetwork
	seed       uint64
	rng        *rand.Rand
	noRestores bool
	// gate is where a store's agent reaches the hub, journal the mode of its POS's
	// database; nil means the hub's own URL, and WAL.
	gate    func(name string) string
	journal map[string]string
	pos     map[string]*salon.POS
	saved   map[string][]rig.Snapshot // by path of the database
	edits   int
	counts  map[string]int // what happened, for the report
}

const killHead = "Head"

var killStores = []string{killHead, "North", "South"}

func (h *killHarness) open() {
	h.rng = rand.New(rand.NewPCG(h.seed, 1))
	h.pos, h.saved, h.counts = map[string]*salon.POS{}, map[string][]rig.Snapshot{}, map[string]int{}
	for i, name := range killStores {
		role := "branch"
		if name == killHead {
			role = "head_office"
		}
		at := rig.StoreOptions{Name: name, Role: role, Mapping: salon.Mapping}
		if h.gate != nil {
			at.Hub = h.gate(name)
		}
		h.addStore(at)
		h.openPOS(name, uint64(i))
		h.must(h.pos[name].Create())
	}
	h.must(h.pos[killHead].Stock())
	for _, name := range killStores {
		h.must(h.Store(name).Start(h.ctx))
		h.upload(name)
	}
}

func (h *killHarness) openPOS(name string, seed uint64) {
	p, err := salon.Open(h.Store(name).POS(), name, salon.Options{Seed: h.seed + seed, Busy: 10_000, Journal: h.journal[name]})
	h.must(err)
	h.pos[name] = p
	h.Cleanup(func() { p.Close() })
}

// rounds runs n rounds, or as many as fit into the time, and returns how many.
// After every tenth and the last, everything is healed and held to the promises.
func (h *killHarness) rounds(n int, within time.Duration) (done int) {
	end := time.Now().Add(within)
	for done = 0; done < n && time.Now().Before(end) && !h.Failed(); {
		h.round()
		if done++; done%10 == 0 {
			h.promises()
		}
	}
	h.promises()
	return done
}

func (h *killHarness) promises() {
	h.Helper()
	h.settle()
	for _, breach := range h.breaches() {
		h.Error(breach)
	}
}

// round lets everybody work at once and cuts some of them off.
func (h *killHarness) round() {
	ctx, cancel := context.WithCancel(h.ctx)
	var busy sync.WaitGroup
	if h.chance(60) {
		h.queueSync()
	}
	for _, name := range killStores {
		h.people(name, 1+h.rng.IntN(6))
		switch pick := h.rng.IntN(100); {
		case pick < 45:
			busy.Go(func() { h.Store(name).Upload(ctx) }) //nolint // it may be cut off
		case pick < 75:
			h.counts["full uploads asked for"]++
			busy.Go(func() { h.Store(name).Upload(ctx, "--full") })
		}
	}
	if h.chance(40) { // a job that is queued while full uploads run
		h.queueSync()
	}
	h.pause(time.Duration(h.rng.IntN(500)) * time.Millisecond)
	killed := h.killSome()
	cancel()
	busy.Wait()
	h.touchFiles(killed)
	h.restart(killed)
}

func (h *killHarness) chance(percent int) bool { return h.rng.IntN(100) < percent }

func (h *killHarness) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.ctx.Done():
		h.Fatal(h.ctx.Err())
	}
}

// queueSync queues what head office has for both branches, as an operator would.
// It fails where the hub is away or nothing has come up yet: that is no breach.
func (h *killHarness) queueSync() {
	kinds := []string{"--kind", "service", "--kind", "product", "--kind", "service_category", "--kind", "product_category", "--kind", "vendor"}
	tested, err := h.Hub.Test(h.ctx, append(kinds, "--all")...)
	if err != nil {
		h.counts["tests that could not be made"]++
		return
	}
	if _, err := h.Hub.Sync(h.ctx, tested); err == nil {
		h.counts["syncs queued"]++
	}
}

// people work at a salon: they sell, edit, add and remove.
func (h *killHarness) people(name string, acts int) {
	p := h.pos[name]
	for range acts {
		h.edits++
		var err error
		switch h.rng.IntN(8) {
		case 0:
			err = p.Exec("UPDATE service SET price = ?, cleanup = ? WHERE id = (SELECT id FROM service ORDER BY (id * 7919 + ?) % 101 LIMIT 1)", h.edits%90+10, h.edits%30, h.edits)
		case 1:
			err = p.Exec("UPDATE service SET description = ? WHERE id = (SELECT id FROM service ORDER BY (id * 104729 + ?) % 103 LIMIT 1)", fmt.Sprint("edit ", h.edits), h.edits)
		case 2:
			err = p.Exec("INSERT INTO product (name, brand, price, stock) VALUES (?, ?, ?, 3)", fmt.Sprintf("%s's own %d", name, h.edits), name, h.edits%50+1)
		case 3:
			err = p.Exec("DELETE FROM product WHERE brand = ? AND id = (SELECT max(id) FROM product)", name)
		case 4:
			err = p.Exec("UPDATE product SET stock = stock + 1, price = price + 1 WHERE id % 5 = ?", h.edits%5)
		default:
			err = p.Sell()
		}
		h.must(err)
	}
}

// killSome ends at least one process with kill -9.
func (h *killHarness) killSome() (killed []string) {
	all := append([]string{"hub"}, killStores...)
	for _, name := range all {
		if h.chance(45) {
			killed = append(killed, name)
		}
	}
	if len(killed) == 0 {
		killed = all[h.rng.IntN(len(all)):][:1]
	}
	for _, name := range killed {
		h.counts["kills"]++
		if name == "hub" {
			h.must(h.Hub.Kill())
		} else {
			h.must(h.Store(name).Kill())
		}
	}
	return killed
}

// touchFiles saves the files of processes that are dead, and now and then copies
// older ones back.
func (h *killHarness) touchFiles(dead []string) {
	if h.noRestores {
		return
	}
	for _, name := range dead {
		if name == "hub" {
			h.touch("hub databases", h.Hub.Database(), nil)
			continue
		}
		s := h.Store(name)
		switch h.rng.IntN(3) {
		case 0:
			h.touch("POS files", s.POS(), func() { h.must(h.pos[name].Close()); h.openPOS(name, uint64(h.edits)) })
		case 1:
			h.touch("agent.dbs", s.Database(), nil)
		default:
			if h.chance(15) {
				h.counts["agent.dbs lost"]++
				for _, suffix := range []string{"", "-wal", "-shm"} {
					if err := os.Remove(s.Database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
						h.Fatal(err)
					}
				}
			}
		}
	}
}

func (h *killHarness) touch(what, database string, reopen func()) {
	list := h.saved[database]
	if len(list) > 0 && h.chance(30) {
		if reopen != nil {
			name := filepath.Base(filepath.Dir(database))
			h.must(h.pos[name].Close())
		}
		h.must(list[h.rng.IntN(len(list))].Restore())
		if reopen != nil {
			reopen()
		}
		h.counts[what+" restored"]++
		return
	}
	if len(list) < 6 && h.chance(50) {
		snap, err := rig.TakeSnapshot(database)
		h.must(err)
		h.saved[database] = append(list, snap)
	}
}

func (h *killHarness) restart(names []string) {
	for _, name := range names {
		if name == "hub" {
			h.must(h.Hub.Start(h.ctx))
		}
	}
	for _, name := range names {
		if name != "hub" {
			h.must(h.Store(name).Start(h.ctx))
		}
	}
}

// settle lets everything heal: every store uploads until it is proven equal, with
// no job open. An older copy that the hub holds is released by code, as a
// technician would.
func (h *killHarness) settle() {
	h.Helper()
	const tries = 12
	for _, name := range killStores {
		var last error
		for try := 0; ; try++ {
			if last = h.level(name); last == nil {
				break
			}
			if try == tries {
				h.Fatalf("%s does not come level after %d uploads: %v", name, tries, last)
			}
		}
	}
}

func (h *killHarness) level(name string) error {
	report, err := h.Store(name).Upload(h.ctx)
	var refusal *rig.CommandError
	if errors.As(err, &refusal) && refusal.Says("older copy") {
		var code operator.Release
		if err := h.Hub.Run(h.ctx, &code, "store", "release", name); err != nil {
			return err
		}
		h.counts["held copies released"]++
		report, err = h.Store(name).Upload(h.ctx, "--release", code.Code)
	}
	switch {
	case err != nil:
		return err
	case !report.Equal || report.OpenJobs > 0:
		return fmt.Errorf("the upload ended with %+v", report)
	}
	return nil
}
