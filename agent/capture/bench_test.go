package capture_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"plait/agent/capture"
)

// benchRows is W1's number of rows: sales of some 376 bytes of JSON.
const benchRows = 100_000

func sell(b *testing.B, db *sql.DB, rows int) {
	b.Helper()
	tx, err := db.Begin()
	check(b, err)
	insert, err := tx.Prepare("INSERT INTO Sale (Till, No, Total, At, Note) VALUES ('till', ?, ?, '2026-01-02 09:30:00', ?)")
	check(b, err)
	note := strings.Repeat("once upon a sale ", 16)
	for i := range rows {
		_, err := insert.Exec(i, fmt.Sprintf("%d.%02d", i%300, i%100), note)
		check(b, err)
	}
	check(b, tx.Commit())
}

func BenchmarkDrain(b *testing.B) {
	for range b.N {
		b.StopTimer()
		p := newSQLitePOS(b, b.TempDir())
		c := capture.New(p.conn, p.box, capture.Options{})
		sell(b, p.db, benchRows)
		b.StartTimer()
		check(b, c.Drain(context.Background()))
		b.StopTimer()
		n, err := p.box.Live(b.Context(), "sale")
		if check(b, err); n != benchRows {
			b.Fatalf("%d sales were captured, want %d", n, benchRows)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkCompare(b *testing.B) {
	p := newSQLitePOS(b, b.TempDir())
	c := capture.New(p.conn, p.box, capture.Options{})
	sell(b, p.db, benchRows)
	check(b, c.Drain(b.Context()))
	for b.Loop() {
		check(b, c.CompareAll(b.Context(), nil))
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}
