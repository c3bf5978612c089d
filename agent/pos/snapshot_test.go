package pos_test

import (
	"fmt"
	"testing"
	"time"

	"plait/agent/pos"
)

// ticking is a clock that goes on by as much each time that it is read.
type ticking struct {
	now  time.Time
	tick time.Duration
}

func (c *ticking) Now() time.Time {
	c.now = c.now.Add(c.tick)
	return c.now
}

// TestASnapshotEndsInTime: where reading is slow, a snapshot takes fewer changes
// than it was asked for, rather than keep its transaction open for more than 20 ms
// (decision 14), and all of them arrive.
func TestASnapshotEndsInTime(t *testing.T) {
	const rows = 600 // of each of two kinds, in turns
	for journal, tick := range map[string]time.Duration{"WAL": 2 * time.Millisecond, "DELETE": time.Millisecond} {
		t.Run(journal, func(t *testing.T) {
			s := newSalon(t, journal)
			clock := &ticking{now: time.Unix(0, 0), tick: tick}
			c := s.connect(pos.Options{Now: clock.Now})
			for i := range rows {
				s.sql(fmt.Sprintf(`INSERT INTO Category VALUES (%d, 'x'); INSERT INTO Vendor VALUES ('n%d', 'x')`, 100+i, i))
			}
			most := time.Duration(0)
			found := map[string]int{}
			for n := 1; n > 0; {
				began := clock.now
				snap, err := c.Snapshot(t.Context(), pos.Ask{Limit: 1000})
				if err != nil || c.Done(t.Context(), snap.Changes) != nil {
					t.Fatal(err)
				}
				most = max(most, clock.now.Sub(began))
				for _, f := range snap.Found {
					found[f.Kind] += len(f.Records)
				}
				if n = len(snap.Changes); n == 1000 {
					t.Error("the clock shows no time, so nothing is tested")
				}
			}
			if found["category"] != rows || found["vendor"] != rows {
				t.Errorf("found %v, want %d of each", found, rows)
			}
			if most > 20*time.Millisecond {
				t.Errorf("a snapshot took %v", most)
			}
			t.Logf("the longest took %v", most)
		})
	}
}
