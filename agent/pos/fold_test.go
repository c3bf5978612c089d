package pos_test

import (
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
)

// log is how many pages the write-ahead log holds, and how many of them are in the
// file already.
func (s *salon) log() (pages, folded int) {
	s.t.Helper()
	var busy int
	if err := s.db.QueryRow("PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &pages, &folded); err != nil {
		s.t.Fatal(err)
	}
	return pages, folded
}

func (s *salon) begin() pos.Tx {
	s.t.Helper()
	tx, err := s.Begin(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return tx
}

// write commits one transaction of some fifty pages.
func (s *salon) write(n int) {
	s.t.Helper()
	tx := s.begin()
	image := item.Bytes(make([]byte, 200<<10))
	fields, err := item.MakeFields(item.Field{Name: "name", Value: item.MustText("long")}, item.Field{Name: "image", Value: image}, item.Field{Name: "stock", Value: item.Integer(int64(n))})
	if err == nil {
		_, err = tx.Insert(s.t.Context(), "product", fields)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// What our commits add to the POS's write-ahead log is folded into the file, though
// no commit of ours waits for it; while somebody reads what was there before, the log
// grows, and the commit after that folds it.
func TestALongLogIsFolded(t *testing.T) {
	s := newSalon(t, "WAL")
	settled := func() (pages, folded int) { // once the last commit's fold is over
		if err := s.begin().Rollback(); err != nil {
			t.Fatal(err)
		}
		return s.log()
	}
	longest := 0
	for n := range 60 {
		s.write(n)
		pages, _ := settled()
		longest = max(longest, pages)
	}
	if longest < 1000 || longest > 1200 {
		t.Errorf("the log had %d pages at most, want it folded at 1000 and begun anew", longest)
	}

	reading := openPOS(t, s.path, "WAL", 0)
	if _, err := reading.Exec("BEGIN"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRow("SELECT count(*) FROM Item").Scan(&n); err != nil {
		t.Fatal(err)
	}
	for n := range 60 {
		s.write(n)
	}
	if pages, folded := settled(); pages < 2000 || folded >= pages {
		t.Errorf("beside a reader the log has %d pages, of which %d are folded; want it to grow", pages, folded)
	}
	if _, err := reading.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	s.write(0)
	if pages, folded := settled(); folded != pages {
		t.Errorf("after the reader's end %d of %d pages are folded, want all", folded, pages)
	}
}
