package daemon

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDamagedRecordIsReplacedWhileRunning: nobody looks after a salon's PC, so a
// record that breaks while the agent runs is set aside without a restart.
func TestDamagedRecordIsReplacedWhileRunning(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := newSalon(t).enrolled(t)
	o := s.options()
	o.Config.Capture.Every = 20 * time.Millisecond
	d := New(o)
	if err := d.Start(ctx); err != nil {
		t.Fatal(err)
	}
	first, err := d.ready(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rubbish(t, s.config.Database())
	rubbish(t, s.config.Database()+"-wal")
	for !first.box.Damaged() && ctx.Err() == nil {
		_ = first.box.Shrink(ctx) // pages that are kept in memory are whole
		_, _ = first.box.Parked(ctx, 1)
	}
	for d.coreNow(ctx) == first && ctx.Err() == nil {
	}
	if _, err := d.ready(ctx); err == nil || !strings.Contains(err.Error(), "catalogue") {
		t.Errorf("a fresh record asks the hub for the catalogue; the agent says %v", err)
	}
	d.mu.Lock()
	fresh := d.box
	d.mu.Unlock()
	if fresh == first.box || fresh.Damaged() {
		t.Error("the record was not replaced")
	}
	aside, err := filepath.Glob(s.config.Database() + ".damaged-*")
	if err != nil || len(aside) == 0 {
		t.Errorf("nothing was set aside: %v, %v", aside, err)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}

// coreNow returns the core that runs, once there is news where there is one.
func (d *Daemon) coreNow(ctx context.Context) *core {
	d.mu.Lock()
	c, news := d.core, d.news
	d.mu.Unlock()
	if c == nil {
		return nil
	}
	select {
	case <-news:
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.core
}

// rubbish overwrites a file but for its first page, where SQLite looks whether it
// is a database at all.
func rubbish(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	noise := make([]byte, max(info.Size()-page, 0))
	for i := range noise {
		noise[i] = byte(i*31 + 7)
	}
	if _, err := f.WriteAt(noise, page); err != nil {
		t.Fatal(err)
	}
}
