package e2e_test

import (
	"testing"
	"time"

	"plait/agent/upload"
	"plait/shared/e2e/rig"
)

// captureNever: what is measured is one conversation, not what the agent's own
// clock did before it.
const captureNever = time.Hour

const mib = 1 << 20

// cost is what one conversation took.
type cost struct {
	wall       time.Duration
	capturing  time.Duration // of wall: reading what changed in the POS
	comparing  time.Duration // of wall: the comparison of the whole POS before a full upload
	agent, hub time.Duration // CPU
	wire       int64         // bytes both ways, TLS included
}

// measure holds a conversation and tells what it took.
func (s *benchShop) measure(full bool) (upload.Report, cost) {
	s.Helper()
	agent, hub, wire := s.store.Usage(), s.Hub.Usage(), s.tap.Bytes()
	began := time.Now()
	w := stopwatch{last: began}
	report := s.upload(full, w.step)
	c := cost{wall: time.Since(began), capturing: w.capturing, comparing: w.comparing, wire: s.tap.Bytes() - wire}
	c.agent, c.hub = s.store.Usage().CPU-agent.CPU, s.Hub.Usage().CPU-hub.CPU
	return report, c
}

// stopwatch takes the time of capture, and of a full upload's comparison with the
// POS, which ends with the first step of the full upload itself.
type stopwatch struct {
	last                 time.Time
	phase                string
	full                 bool
	capturing, comparing time.Duration
}

func (w *stopwatch) step(s upload.Step) {
	now := time.Now()
	switch {
	case w.phase == upload.PhaseCapture:
		w.capturing += now.Sub(w.last)
	case w.phase == upload.PhaseCompare && !w.full:
		w.comparing += now.Sub(w.last)
	}
	w.last, w.phase = now, s.Phase
	w.full = w.full || s.Phase == upload.PhaseFull
}

// BenchmarkW1 is 100,000 captured rows on the branch until the hub holds all of
// them and has said so: capture, outbox, TLS, ingest. Agent and hub are processes
// of their own, both durable (WAL, synchronous=FULL).
func BenchmarkW1(b *testing.B) {
	var sum cost
	var idle, after, hub rig.Usage
	var raw int64
	for b.Loop() {
		b.StopTimer()
		s := openShop(b)
		s.sell(benchRows)
		idle, raw = s.store.Usage(), s.raw
		b.StartTimer()
		report, c := s.measure(false)
		b.StopTimer()
		s.holds(benchRows)
		if report.RowsUp != benchRows {
			b.Fatalf("%d rows went up", report.RowsUp)
		}
		after, hub = s.store.Usage(), s.Hub.Usage()
		sum = sum.plus(c)
		s.close()
		b.StartTimer()
	}
	n := float64(b.N)
	b.ReportMetric(benchRows*n/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(sum.agent.Seconds()/n, "agent-CPU-s")
	b.ReportMetric(sum.hub.Seconds()/n, "hub-CPU-s")
	b.ReportMetric(float64(sum.wire)/n/float64(raw), "wire/raw")
	b.ReportMetric(float64(after.Peak)/mib, "agent-peak-MiB")
	b.Logf("%d rows of %d bytes of JSON over TLS on the loopback: %v, of that %v capturing; agent %d MiB before, %d after, at most %d; hub at most %d MiB",
		benchRows, raw/benchRows, sum.wall/time.Duration(b.N), sum.capturing/time.Duration(b.N), idle.Resident/mib, after.Resident/mib, after.Peak/mib, hub.Peak/mib)
}

// BenchmarkW6 is a full upload of 100,000 rows of which 100 changed, beside the
// first full upload, which sends everything. Each begins with a comparison of the
// whole POS, row by row; the ratios are given with and without it.
func BenchmarkW6(b *testing.B) {
	var all, few cost
	for b.Loop() {
		b.StopTimer()
		s := openShop(b)
		s.sell(benchRows)
		_, first := s.measure(true)
		_, err := s.pos.Exec("UPDATE sale SET status = 'changed', version = version + 1 WHERE id % 1000 = 500")
		s.must(err)
		b.StartTimer()
		report, second := s.measure(true)
		b.StopTimer()
		s.holds(benchRows)
		if report.RowsUp != benchRows/1000 || !report.Full.Landed || report.Full.Rows != benchRows {
			b.Fatalf("%d rows went up; %+v", report.RowsUp, report.Full)
		}
		all, few = all.plus(first), few.plus(second)
		s.close()
		b.StartTimer()
	}
	b.ReportMetric(100*float64(few.wire)/float64(all.wire), "%bytes")
	b.ReportMetric(100*few.wall.Seconds()/all.wall.Seconds(), "%time")
	b.ReportMetric(100*(few.wall-few.comparing).Seconds()/(all.wall-all.comparing).Seconds(), "%time-uncompared")
	b.ReportMetric(100*few.cpu().Seconds()/all.cpu().Seconds(), "%CPU")
	n := time.Duration(b.N)
	b.Logf("everything: %v, of that %v comparing with the POS, %v of CPU, %d bytes; %d of %d changed: %v, of that %v comparing, %v of CPU, %d bytes",
		all.wall/n, all.comparing/n, all.cpu()/n, all.wire/int64(n),
		benchRows/1000, benchRows, few.wall/n, few.comparing/n, few.cpu()/n, few.wire/int64(n))
}

// cpu is what both ends took of the processors.
func (c cost) cpu() time.Duration { return c.agent + c.hub }

func (c cost) plus(d cost) cost {
	return cost{c.wall + d.wall, c.capturing + d.capturing, c.comparing + d.comparing, c.agent + d.agent, c.hub + d.hub, c.wire + d.wire}
}
