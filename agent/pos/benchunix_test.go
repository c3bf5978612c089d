//go:build unix

package pos_test

import (
	"database/sql"
	"syscall"
	"testing"
	"time"
)

// BenchmarkW4 is the POS's own statements with and without Plait's
// triggers, in turns, as a ratio of CPU time.
func BenchmarkW4(b *testing.B) {
	plain, _ := benchPOS(b, false)
	traced, _ := benchPOS(b, true)
	const rows = 2000
	work := func(db *sql.DB, round int) time.Duration {
		start := cpu()
		insertSales(b, db, 1+round*rows, rows)
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for i := 1 + round*rows; i <= (round+1)*rows; i++ {
			if _, err := tx.Exec("UPDATE Sale SET Status = 'void', Total = Total + 1 WHERE Id = ?", i); err != nil {
				b.Fatal(err)
			}
			if i%4 == 0 {
				if _, err := tx.Exec("DELETE FROM Sale WHERE Id = ?", i); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
		return cpu() - start
	}
	var without, with time.Duration
	round := 0
	for b.Loop() {
		without += work(plain, round)
		with += work(traced, round)
		round++
	}
	b.ReportMetric(float64(with)/float64(without), "CPU-ratio")
	b.Logf("%d rounds of %d inserts, updates and a quarter deletes of 15 columns: %v CPU without triggers, %v with", round, rows, without, with)
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
