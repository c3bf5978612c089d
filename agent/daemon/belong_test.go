package daemon

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/agent/control"
	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/configs"
	"plait/shared/enrolcode"
)

// credentialOf writes the credential of a store.
func (s *salon) credentialOf(t *testing.T, store, name string) {
	t.Helper()
	cred := enrol.Credential{Hub: "https://127.0.0.1:1", Pin: "00112233445566778899", Installation: "i-" + store, Secret: "s-" + store, Enrolled: time.Unix(1, 0), Store: store, StoreName: name, Role: "branch"}
	if err := cred.Write(s.config.Credential()); err != nil {
		t.Fatal(err)
	}
}

// look opens what an agent would, and returns why it cannot work.
func (s *salon) look(t *testing.T, test func(d *Daemon)) error {
	t.Helper()
	d, release, err := Inspect(t.Context(), s.options())
	if err != nil {
		t.Fatal(err)
	}
	_, lack := d.present()
	if test != nil {
		test(d)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	return lack
}

// installed lets the POS database be a store's, as its first upload does.
func (s *salon) installed(t *testing.T, store string) {
	t.Helper()
	err := s.look(t, func(d *Daemon) {
		c, err := d.present()
		if err == nil {
			_, err = c.gate.Install(t.Context(), store)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lost takes agent.db away.
func (s *salon) lost(t *testing.T) {
	t.Helper()
	s.asideAs(t, "lost")
}

// fetched puts the catalogue into agent.db, as an agent does at its start.
func (s *salon) fetched(t *testing.T) {
	t.Helper()
	cat, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	s.record(t, func(box *outbox.Box) error { return box.SetCatalog(t.Context(), cat.Encode()) })
}

func (s *salon) record(t *testing.T, do func(box *outbox.Box) error) {
	t.Helper()
	box, _, err := outbox.Open(t.Context(), s.config.Database(), outbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(box), box.Close()); err != nil {
		t.Fatal(err)
	}
}

func (s *salon) standing(t *testing.T) (st outbox.Standing) {
	t.Helper()
	s.record(t, func(box *outbox.Box) (err error) {
		st, err = box.Standing(t.Context())
		return err
	})
	return st
}

func (s *salon) owner(t *testing.T) (o outbox.Owner) {
	t.Helper()
	s.record(t, func(box *outbox.Box) (err error) {
		o, err = box.Owner(t.Context())
		return err
	})
	return o
}

func names(err error, words ...string) bool {
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			return false
		}
	}
	return true
}

const anew = "plait-agent enroll --replace URL CODE"

// A credential that was copied from another store's PC would send this PC's items
// as that store's.
func TestAnotherStoresCredential(t *testing.T) {
	s := newSalon(t).enrolled(t)
	if err := s.look(t, nil); err != nil {
		t.Fatal(err)
	}
	s.credentialOf(t, "s2", "Harbour")
	err := s.look(t, func(d *Daemon) {
		found, err := d.Doctor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found.Findings {
			if f.Subject == "enrolment" && (f.OK || !strings.Contains(f.Message, "Lakeside")) || f.Subject == "mapping" {
				t.Errorf("doctor says %+v", f)
			}
		}
	})
	if !names(err, s.config.Credential(), s.config.Database(), `"Harbour" (s2)`, `"Lakeside" (s1)`, anew) {
		t.Errorf("says %v", err)
	}

	d := New(s.options())
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Upload(t.Context(), control.UploadAsk{}, nil); !names(err, "Harbour", "Lakeside") {
		t.Errorf("an upload says %v", err)
	}
	status, err := d.Status(t.Context())
	if err != nil || status.State != control.Trouble || !strings.Contains(status.Sentence, "Lakeside") {
		t.Errorf("status: %s, %s, %v", status.State, status.Sentence, err)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}

	s.credentialOf(t, "s1", "Lakeside Salon") // enrolled again, and renamed meanwhile
	if err := s.look(t, nil); err != nil {
		t.Errorf("with the right credential: %v", err)
	}
}

// The credential may come while the agent works: it works on as what it is, and
// doctor tells before the next start.
func TestAnotherStoresCredentialComesMeanwhile(t *testing.T) {
	s := newSalon(t).enrolled(t)
	err := s.look(t, func(d *Daemon) {
		s.credentialOf(t, "s2", "Harbour")
		found, err := d.Doctor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found.Findings {
			if f.Subject == "enrolment" && (f.OK || !strings.Contains(f.Message, `"Lakeside" (s1)`)) {
				t.Errorf("doctor says %+v", f)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// A lost agent.db remembers nothing; the POS database does.
func TestALostRecordAsksThePOS(t *testing.T) {
	s := newSalon(t).enrolled(t)
	s.installed(t, "s1")
	s.lost(t)
	s.credentialOf(t, "s2", "Harbour")
	for range 2 { // being refused is not remembered as being Harbour's
		if err := s.look(t, nil); !names(err, s.config.Credential(), s.pos, `"Harbour" (s2)`, "s1", anew) {
			t.Errorf("says %v", err)
		}
	}
	s.credentialOf(t, "s1", "Lakeside")
	if err := s.look(t, nil); err != nil {
		t.Errorf("with the right credential: %v", err)
	}
	s.credentialOf(t, "s2", "Harbour")
	if err := s.look(t, nil); !names(err, s.config.Database(), "Lakeside") {
		t.Errorf("the new record does not remember its store: %v", err)
	}
}

// Until the POS can be read nobody knows whose the PC is, and the hub is not asked.
func TestALostRecordWaitsForThePOS(t *testing.T) {
	s := newSalon(t).enrolled(t)
	s.installed(t, "s1")
	s.lost(t)
	s.credentialOf(t, "s2", "Harbour")
	if err := os.Rename(s.pos, s.pos+".away"); err != nil {
		t.Fatal(err)
	}
	if err := s.look(t, nil); !errors.Is(err, pos.ErrUnreachable) || !names(err, s.config.Database(), "which store") {
		t.Errorf("without a POS: %v", err)
	}
	if err := os.Rename(s.pos+".away", s.pos); err != nil {
		t.Fatal(err)
	}
	if err := s.look(t, nil); !names(err, `"Harbour" (s2)`) {
		t.Errorf("the POS is back: %v", err)
	}
}

// answered leaves what an enrolment does that is killed once it has the hub's answer:
// that this PC is store s2.
func (s *salon) answered(t *testing.T, code enrolcode.Code) {
	t.Helper()
	o := enrol.Options{Path: s.config.Credential(), Hub: "https://127.0.0.1:1", Code: code.String(), Now: time.Now, Attempts: 1, Replace: true}
	if _, err := enrol.Enroll(t.Context(), o); err == nil {
		t.Fatal("a hub that nobody can reach answered")
	}
	var c enrol.Credential
	raw, err := os.ReadFile(o.Path)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Enrolled, c.Store, c.StoreName = time.Now(), "s2", "Harbour"
	if err := c.Write(o.Path); err != nil {
		t.Fatal(err)
	}
}

// enrollAgain runs the same command once more.
func (s *salon) enrollAgain(t *testing.T, code enrolcode.Code) {
	t.Helper()
	o := enrol.Options{Path: s.config.Credential(), Hub: "https://127.0.0.1:1", Code: code.String(), Now: time.Now, Attempts: 1}
	agent := s.options()
	agent.Now = time.Now
	if _, err := Enroll(t.Context(), agent, o); err != nil {
		t.Fatal(err)
	}
}

// asideAs sets the record aside; in its place is a new one that has the catalogue.
func (s *salon) asideAs(t *testing.T, name string) {
	t.Helper()
	if err := os.Rename(s.config.Database(), filepath.Join(s.config.Data, name)); err != nil {
		t.Fatal(err)
	}
	s.fetched(t)
}

func newCode(t *testing.T) enrolcode.Code {
	t.Helper()
	code, err := enrolcode.NewCode(enrolcode.Pin(strings.Repeat("ab", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// A PC becomes another store by enrolling anew. Killed before the old store's record
// was set aside, that record does not go up as the new store's, and the same command
// ends what it began.
func TestEnrolledAsAnotherStore(t *testing.T) {
	s := newSalon(t).enrolled(t)
	s.installed(t, "s1")
	before := s.standing(t)
	code := newCode(t)
	s.answered(t, code)
	if err := s.look(t, nil); !names(err, `"Harbour" (s2)`, `"Lakeside" (s1)`, anew) {
		t.Errorf("killed after the hub's answer: %v", err)
	}
	s.asideAs(t, "agent.db.replaced-1")
	if err := s.look(t, nil); !names(err, `"Harbour" (s2)`, s.pos, "s1", anew) {
		t.Errorf("killed after the record was set aside: %v", err)
	}
	s.enrollAgain(t, code)
	after := s.standing(t)
	if after.AgentEpoch == before.AgentEpoch || after.Mark.POSEpoch != "" || s.owner(t) != (outbox.Owner{Store: "s2", Name: "Harbour"}) {
		t.Errorf("the record is %+v after %+v, and of %v", after, before, s.owner(t))
	}
	s.enrollAgain(t, code)
	if again := s.standing(t); again != after {
		t.Errorf("the same command once more: %+v after %+v", again, after)
	}
	aside, err := filepath.Glob(s.config.Database() + ".replaced-*")
	if err != nil || len(aside) != 2 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
	s.fetched(t)
	if err := s.look(t, nil); err != nil { // the POS is Lakeside's still, and is taken over at the first upload
		t.Errorf("enrolled: %v", err)
	}
}

// A new salon's POS database may be a copy of another's. Enrolled while the agent
// runs, which has agent.db open, it is that salon all the same.
func TestEnrolledWhileTheAgentWaits(t *testing.T) {
	s := newSalon(t).enrolled(t)
	s.installed(t, "s1")
	s.lost(t)
	if err := os.Remove(s.config.Credential()); err != nil {
		t.Fatal(err)
	}
	code := newCode(t)
	s.answered(t, code)
	if err := s.look(t, nil); !names(err, s.pos) {
		t.Errorf("the credential alone: %v", err)
	}
	lock, err := datafolder.Acquire(s.config.Data)
	if err != nil {
		t.Fatal(err)
	}
	s.enrollAgain(t, code)
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if err := s.look(t, nil); err != nil {
		t.Errorf("enrolled here: %v", err)
	}
	if owner := s.owner(t); owner.Store != "s2" {
		t.Errorf("the record is of %v", owner)
	}
	s.lost(t)
	s.credentialOf(t, "s3", "Uptown")
	if err := s.look(t, nil); !names(err, `"Uptown" (s3)`) {
		t.Errorf("a third store's credential: %v", err)
	}
}
