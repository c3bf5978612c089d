package pos_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/shared/item"
	"plait/shared/wire"
)

// lock takes the POS's write lock on a connection of its own.
func (s *salon) lock() (unlock func()) {
	s.t.Helper()
	db := openPOS(s.t, s.path, s.one("PRAGMA journal_mode"), 0)
	for _, text := range []string{"BEGIN IMMEDIATE", "INSERT INTO Category (Name) VALUES ('locked')"} {
		if _, err := db.Exec(text); err != nil {
			s.t.Fatal(err)
		}
	}
	return func() {
		if _, err := db.Exec("COMMIT"); err != nil {
			s.t.Fatal(err)
		}
	}
}

// A POS that holds its lock makes us wait, then say so; nothing of its own fails.
func TestBusyPOS(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		t.Run(journal, func(t *testing.T) {
			s := newSalon(t, journal)
			c := s.connect(pos.Options{BusyLimit: 5 * time.Millisecond})
			s.sql(`INSERT INTO Category (Name) VALUES ('before')`)
			snap, err := c.Snapshot(t.Context(), pos.Ask{Limit: 10})
			if err != nil || c.Done(t.Context(), snap.Changes) != nil {
				t.Fatal(err)
			}
			unlock := s.lock()
			if _, err := c.Begin(t.Context()); !errors.Is(err, pos.ErrBusy) {
				t.Errorf("Begin: %v, want ErrBusy", err)
			}
			if _, err := c.Prune(t.Context(), []pos.LinkRow{{ID: item.ID{Kind: "category", Key: "1", Gen: 1}}}, wire.Mark{}); !errors.Is(err, pos.ErrBusy) {
				t.Errorf("Prune: %v, want ErrBusy", err)
			}
			if err := c.Pause(t.Context()); !errors.Is(err, pos.ErrBusy) {
				t.Errorf("Pause: %v, want ErrBusy", err)
			}
			if _, err := c.Read(t.Context(), "category", []string{"1"}); err != nil {
				t.Errorf("reading beside a writer: %v", err)
			}
			unlock()
			tx, err := c.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A job waits for a lock that is given back in time.
func TestBeginWaits(t *testing.T) {
	s := newSalon(t, "WAL")
	unlock := s.lock()
	begun := make(chan error)
	go func() {
		tx, err := s.Begin(t.Context())
		if err == nil {
			err = tx.Rollback()
		}
		begun <- err
	}()
	unlock()
	if err := <-begun; err != nil {
		t.Error(err)
	}
}

// The file is replaced while it is open: a restored backup, an upgrade.
func TestReplacedFile(t *testing.T) {
	s := newSalon(t, "DELETE")
	s.sql(`INSERT INTO Category VALUES (7, 'old')`)
	if got := brief(s.pending()); got != "I category 7" {
		t.Fatalf("captured %q", got)
	}
	other := newSalon(t, "DELETE")
	other.sql(`INSERT INTO Category VALUES (8, 'new')`)
	s.sql(`INSERT INTO Category VALUES (9, 'old too')`)
	inFlight, err := s.Snapshot(t.Context(), pos.Ask{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	other.sql(`INSERT INTO Category VALUES (9, 'same number, other history')`)
	if err := errors.Join(other.Close(), other.db.Close(), os.Rename(other.path, s.path)); err != nil {
		t.Fatal(err)
	}
	if !s.get("category", "8").Exists {
		t.Error("the new file is not read")
	}
	if err := s.Done(t.Context(), inFlight.Changes); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Snapshot(t.Context(), pos.Ask{Limit: 10}); !errors.Is(err, pos.ErrRestored) {
		t.Errorf("Snapshot of another file: %v, want ErrRestored", err)
	}
	if got := brief(s.pending()); got != "I category 8, I category 9" {
		t.Errorf("captured %q from the new file", got)
	}
	if s.get("category", "7").Exists {
		t.Error("the old file is still read")
	}
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Meta(t.Context()); !errors.Is(err, pos.ErrUnreachable) {
			t.Errorf("without a file: %v, want ErrUnreachable", err)
		}
	}
	if _, err := s.Begin(t.Context()); !errors.Is(err, pos.ErrUnreachable) {
		t.Errorf("Begin without a file: %v, want ErrUnreachable", err)
	}
	if _, err := os.Stat(s.path); err == nil {
		t.Error("the connector made a file")
	}
}

// A transaction whose file was replaced must not report success.
func TestReplacedFileDuringATransaction(t *testing.T) {
	s := newSalon(t, "DELETE")
	tx, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Insert(t.Context(), "category", item.Fields{{Name: "name", Value: item.MustText("x")}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path, s.path+".old"); err != nil {
		t.Fatal(err)
	}
	other := newSalon(t, "DELETE")
	if err := errors.Join(other.Close(), other.db.Close(), os.Rename(other.path, s.path)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), "category", []string{"1"}); err != nil {
		t.Errorf("reading the new file meanwhile: %v", err)
	}
	if err := tx.Commit(); !errors.Is(err, pos.ErrUnknown) {
		t.Errorf("commit into a file that is gone: %v, want ErrUnknown", err)
	}
	next, err := s.Begin(t.Context())
	if err != nil {
		t.Fatalf("the next transaction: %v", err)
	}
	if err := next.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// A backup is copied over the open file: numbers that were used before mean
// other rows now, and none of them may count as done (P7).
func TestRestoredBackup(t *testing.T) {
	s := newSalon(t, "DELETE")
	s.sql(`INSERT INTO Category VALUES (7, 'old')`)
	s.pending()
	backup, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	s.sql(`INSERT INTO Category VALUES (8, 'lost')`)
	s.sql(`INSERT INTO Category VALUES (9, 'lost')`)
	s.pending()
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(backup)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	s.db = openPOS(t, s.path, "DELETE", 5000)
	s.sql(`INSERT INTO Category VALUES (10, 'new')`)
	if _, err := s.Snapshot(t.Context(), pos.Ask{Limit: 10}); !errors.Is(err, pos.ErrRestored) {
		t.Errorf("Snapshot of a backup: %v, want ErrRestored", err)
	}
	if got := brief(s.pending()); got != "I category 7, I category 10" {
		t.Errorf("captured %q", got)
	}
}

func TestResume(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`INSERT INTO Category VALUES (7, 'old')`)
	s.pending()
	mark, err := s.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.sql(`INSERT INTO Category VALUES (8, 'new')`)
	wrong := mark
	wrong.Nonce++
	for m, want := range map[wire.Mark]string{mark: "I category 8", wrong: "I category 7, I category 8", {}: "I category 7, I category 8"} {
		snap, err := s.connect(pos.Options{Resume: m}).Snapshot(t.Context(), pos.Ask{Limit: 10})
		if err != nil || brief(snap.Changes) != want {
			t.Errorf("resumed at %+v: %q, %v; want %q", m, brief(snap.Changes), err, want)
		}
	}
}

func TestNewerTables(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`UPDATE plait_meta SET v = '99' WHERE k = 'schema'`)
	if _, err := s.Install(t.Context(), "store-1"); !errors.Is(err, pos.ErrNewer) {
		t.Errorf("Install: %v, want ErrNewer", err)
	}
	if _, err := s.Begin(t.Context()); !errors.Is(err, pos.ErrNewer) {
		t.Errorf("Begin: %v, want ErrNewer", err)
	}
}

func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pos.db")
	if err := os.WriteFile(path, []byte("<html>a captive portal, not a database, of more than a hundred bytes ...................................</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := pos.Open(t.Context(), mapping(t, postest.SQLiteMapping), postest.Catalog(), pos.Options{Path: path})
	if err != nil {
		t.Fatalf("Open: %v; a database that cannot be read now is no reason not to start", err)
	}
	defer c.Close()
	if _, err := c.Snapshot(t.Context(), pos.Ask{Limit: 1}); !errors.Is(err, pos.ErrUnreachable) {
		t.Errorf("Snapshot: %v, want ErrUnreachable", err)
	}
}

// Deferred constraints speak at COMMIT, when nothing was written yet.
func TestDeferredConstraint(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`ALTER TABLE Category ADD COLUMN Parent INT REFERENCES Category(Id) DEFERRABLE INITIALLY DEFERRED`)
	s.sql(`CREATE TRIGGER pos_parent AFTER INSERT ON Category WHEN NEW.Name = 'orphan' BEGIN UPDATE Category SET Parent = 999 WHERE Id = NEW.Id; END`)
	tx, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Insert(t.Context(), "category", item.Fields{{Name: "name", Value: item.MustText("orphan")}}); err != nil {
		t.Fatal(err)
	}
	err = tx.Commit()
	if !errors.Is(err, pos.ErrConstraint) && !errors.Is(err, pos.ErrReference) || errors.Is(err, pos.ErrUnknown) {
		t.Errorf("commit: %v, want a refusal that is no unknown", err)
	}
	var n int
	if err := s.db.QueryRow(`SELECT count(*) FROM Category WHERE Name = 'orphan'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// The POS's own pragmas and journal mode are what they were.
func TestPOSIsLeftAsItIs(t *testing.T) {
	for _, journal := range []string{"wal", "delete"} {
		s := newSalon(t, journal)
		s.pending()
		tx, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tx.PutLink(t.Context(), pos.LinkRow{ID: item.ID{Kind: "category", Key: "1", Gen: 1}}), tx.Commit()); err != nil {
			t.Fatal(err)
		}
		if got := s.one("PRAGMA journal_mode"); got != journal {
			t.Errorf("journal mode %s, want %s", got, journal)
		}
		if err := s.Uninstall(t.Context()); err != nil {
			t.Fatal(err)
		}
		left := s.one(`SELECT count(*) FROM sqlite_master WHERE name LIKE 'plait%' OR sql LIKE '%plait%'`)
		if left != "0" {
			t.Errorf("%s things of Plait's are left", left)
		}
	}
}

// The triggers leave the POS's last inserted id alone.
func TestLastInsertID(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`INSERT INTO Category VALUES (70, 'x')`)
	res, err := s.db.Exec(`INSERT INTO Category VALUES (77, 'y')`)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := res.LastInsertId(); err != nil || id != 77 {
		t.Errorf("last inserted id %d, %v; want 77", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		t.Errorf("%d rows affected, %v; want 1", n, err)
	}
}
