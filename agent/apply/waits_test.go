//go:build unix

package apply_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"plait/shared/wire"
)

// How long the POS's own statements wait (P10) while 2,000 new items are applied: a
// sale's worth of single statements, one every two milliseconds, beside the job and
// without it. POS.longest-ms is the longest of all, and no more than 50 are promised.
func BenchmarkPOSWaits(b *testing.B) {
	var alone, beside []time.Duration
	for b.Loop() {
		br := newBranch(b, "INSERT INTO Category (Id, Name) VALUES (900, 'The till')")
		job := benchJob(1, "1.99")
		stop, ended := make(chan struct{}), make(chan []time.Duration)
		go func() { ended <- br.sell(stop, math.MaxInt) }()
		if _, err := br.applier.Job(b.Context(), jobNumber(1), job, wire.Own{}); err != nil {
			b.Fatal(err)
		}
		close(stop)
		with := <-ended
		beside = append(beside, with...)
		alone = append(alone, br.sell(nil, len(with))...)
	}
	for name, list := range map[string][]time.Duration{"POS": beside, "POS-alone": alone} {
		if len(list) < 10 {
			b.Fatalf("%s: %d statements only", name, len(list))
		}
		slices.Sort(list)
		b.ReportMetric(float64(list[len(list)-1].Microseconds())/1000, name+".longest-ms")
		b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, name+".median-ms")
	}
	b.Logf("%d statements beside jobs of %d items, %d alone", len(beside), benchItems, len(alone))
}

// sell runs so many of the POS's statements, or until stop is closed, and tells how
// long each took.
func (b *branch) sell(stop <-chan struct{}, most int) (took []time.Duration) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for len(took) < most {
		select {
		case <-stop:
			return took
		case <-tick.C:
		}
		start := time.Now()
		if _, err := b.db.Exec("UPDATE Category SET Name = Name WHERE Id = 900"); err != nil {
			b.t.Error(err)
			return took
		}
		took = append(took, time.Since(start))
	}
	return took
}
