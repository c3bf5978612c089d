package operator_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/configs"
	"plait/hub/access"
	"plait/hub/contact"
	"plait/hub/operator"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

// A hub is a desk over a database with one network, one store and its jobs.
type hub struct {
	t    *testing.T
	now  time.Time
	db   *store.DB
	desk *operator.Desk
	ann  access.Who
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), ann: access.Who{Name: "ann", Role: access.Admin}}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), store.Options{Now: func() time.Time { return h.now }})
	h.must(err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	shipped, err := configs.Catalog()
	h.must(err)
	presets, err := configs.Presets()
	h.must(err)
	h.db = db
	h.desk = operator.NewDesk(operator.Options{
		DB: db, Door: access.NewDoor(db, enrolcode.SystemRoots, time.Hour), Contact: contact.New(db), Sync: storesync.New(db),
		Shipped: shipped, Presets: presets, Preset: configs.DefaultPreset, Grace: time.Hour, Version: "test",
	})
	_, err = h.desk.AddNetwork(h.ctx(), h.ann, operator.NewNetwork{Name: "Bella"})
	h.must(err)
	_, err = h.desk.AddStore(h.ctx(), h.ann, "Bella", operator.NewStore{Name: "One", Role: store.Branch})
	h.must(err)
	return h
}

func (h *hub) ctx() context.Context { return h.t.Context() }

func (h *hub) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// in writes for the store.
func (h *hub) in(fn func(*store.StoreTx) error) {
	h.t.Helper()
	s, err := h.desk.Store(h.ctx(), h.ann, "One")
	h.must(err)
	h.must(h.db.WithStore(h.ctx(), s.ID, fn))
}

func (h *hub) queue(label string) (j store.Job) {
	h.t.Helper()
	h.in(func(tx *store.StoreTx) (err error) {
		j, err = queue.Put(tx, store.Job{Sort: "sync", Label: label, Payload: wire.Sum([]byte(label)), Items: 1, CreatedBy: "ann"})
		return err
	})
	return j
}

// show returns how the store stands.
func (h *hub) show() operator.StoreDetail {
	h.t.Helper()
	s, err := h.desk.Store(h.ctx(), h.ann, "One")
	h.must(err)
	return s
}

// audited returns what was done last, by whom.
func (h *hub) audited(what string) (by []string) {
	h.t.Helper()
	log, err := h.desk.Audit(h.ctx(), h.ann, "Bella", 0, 0)
	h.must(err)
	for _, e := range log {
		if e.What == what {
			by = append(by, e.Who)
		}
	}
	return by
}

func code(err error) wire.Code {
	var e *wire.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestSwitchOffKeepsNoOpenJobs(t *testing.T) {
	h := newHub(t)
	job := h.queue("prices")
	if _, err := h.desk.Switch(h.ctx(), h.ann, "One", operator.SwitchStore{To: "off"}); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), "prices") {
		t.Errorf("off with an open job: %v", err)
	}
	s, err := h.desk.Switch(h.ctx(), h.ann, "One", operator.SwitchStore{To: "off", Jobs: operator.JobsDeliver})
	if err != nil || s.Switch != store.Draining || s.OpenJobs != 1 {
		t.Errorf("delivering first: %+v, %v", s, err)
	}
	if _, err := h.desk.CancelJob(h.ctx(), h.ann, job.ID); err != nil {
		t.Fatal(err)
	}
	if got := h.show(); got.Switch != store.Off {
		t.Errorf("with its last job gone the switch is %s", got.Switch)
	}
	if on, err := h.desk.Switch(h.ctx(), h.ann, "One", operator.SwitchStore{To: "on"}); err != nil || len(on.Tests) > 0 || on.Untested != "" {
		t.Fatalf("on again, with nothing that comes to it: %+v, %v", on, err)
	}
	h.queue("more prices")
	s, err = h.desk.Switch(h.ctx(), h.ann, "One", operator.SwitchStore{To: "off", Jobs: operator.JobsCancel})
	if err != nil || s.Switch != store.Off || s.OpenJobs != 0 {
		t.Errorf("cancelling: %+v, %v", s, err)
	}
	if by := h.audited("job.cancel"); len(by) != 2 || by[0] != "ann" {
		t.Errorf("the jobs were cancelled by %v", by)
	}
	for _, bad := range []operator.SwitchStore{{To: "draining"}, {To: "off", Jobs: "forget"}} {
		if _, err := h.desk.Switch(h.ctx(), h.ann, "One", bad); code(err) != wire.CodeBadRequest {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestRevokingConfirmsItsJobs(t *testing.T) {
	h := newHub(t)
	h.queue("prices")
	if _, err := h.desk.Revoke(h.ctx(), h.ann, "One", operator.RevokeStore{}); code(err) != wire.CodeConflict {
		t.Errorf("a job that nobody confirmed: %v", err)
	}
	if got := h.show(); got.State == operator.StateRevoked || got.OpenJobs != 1 {
		t.Errorf("a refused revoking did something: %+v", got)
	}
	out, err := h.desk.Revoke(h.ctx(), h.ann, "One", operator.RevokeStore{Jobs: 1})
	if err != nil || len(out.Cancelled) != 1 || out.Store.State != operator.StateRevoked || out.Store.OpenJobs != 0 {
		t.Errorf("revoking: %+v, %v", out, err)
	}
	viewer := access.Who{Name: "vic", Role: access.Viewer}
	if _, err := h.desk.Revoke(h.ctx(), viewer, "One", operator.RevokeStore{}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("by a viewer: %v", err)
	}
	if by := h.audited("store.revoke"); len(by) != 1 || by[0] != "ann" {
		t.Errorf("it was revoked by %v", by)
	}
}

func TestFullUploadsNameWhatGoesFirst(t *testing.T) {
	h := newHub(t)
	if _, err := h.desk.AskUpload(h.ctx(), h.ann, "One", operator.AskUpload{}); code(err) != wire.CodeConflict {
		t.Errorf("without a PC: %v", err)
	}
	h.in(func(tx *store.StoreTx) error { return tx.SetInstallation("pc", "PC-1") })
	h.queue("prices")
	out, err := h.desk.AskUpload(h.ctx(), h.ann, "One", operator.AskUpload{Full: true})
	if err != nil || len(out.Blocking) != 1 || !strings.Contains(out.Says, "1 open job is delivered first") {
		t.Fatalf("asked: %+v, %v", out, err)
	}
	first := h.fullRequest()
	if _, err := h.desk.AskUpload(h.ctx(), h.ann, "One", operator.AskUpload{Full: true}); err != nil || h.fullRequest() != first {
		t.Errorf("asking again changed the request, %v", err)
	}
	if got := h.show(); got.Full == nil || got.Full.By != "ann" {
		t.Errorf("shown as %+v", got.Full)
	}
}

func (h *hub) fullRequest() (id string) {
	h.in(func(tx *store.StoreTx) error { id = tx.Store.Full.ID; return nil })
	return id
}

func TestStates(t *testing.T) {
	h := newHub(t)
	set := func(change func(*store.Contact)) {
		h.in(func(tx *store.StoreTx) error {
			c, err := tx.Contact()
			if err != nil {
				return err
			}
			change(&c)
			return tx.SetContact(c)
		})
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, operator.StateNew},
		{func() { h.in(func(tx *store.StoreTx) error { return tx.SetInstallation("pc", "PC-1") }) }, operator.StateEnrolled},
		{func() { set(func(c *store.Contact) { c.HelloAt, c.Due = h.now, h.now.Add(time.Hour) }) }, operator.StateOK},
		{func() { h.now = h.now.Add(2*time.Hour + time.Second) }, operator.StateOverdue},
		{func() { set(func(c *store.Contact) { c.Held.First, c.Held.Last = h.now, h.now }) }, operator.StateHeld},
		{func() { h.in(func(tx *store.StoreTx) error { return queue.Revoke(tx, "ann") }) }, operator.StateRevoked},
	} {
		step.do()
		got := h.show()
		if got.State != step.want {
			t.Errorf("the state is %s, want %s", got.State, step.want)
		}
		if (got.Held != nil) != (step.want == operator.StateHeld || step.want == operator.StateRevoked) {
			t.Errorf("as %s it holds %+v", step.want, got.Held)
		}
		health, err := h.desk.Health(h.ctx(), h.ann)
		if err != nil || health.Stores[step.want] != 1 {
			t.Errorf("health counts %v, %v", health.Stores, err)
		}
		if notice := step.want == operator.StateOverdue || step.want == operator.StateHeld; notice != (len(health.Notices) == 1) {
			t.Errorf("as %s the notices are %q", step.want, health.Notices)
		}
	}
}

func TestNamesAreOneReadableLine(t *testing.T) {
	h := newHub(t)
	for _, bad := range []string{"", " x", "a\nb", "a\x1b[0m", "a\u202eb", "a/b", "\xff", strings.Repeat("x", wire.MaxNameBytes+1)} {
		if _, err := h.desk.AddNetwork(h.ctx(), h.ann, operator.NewNetwork{Name: bad}); code(err) != wire.CodeBadRequest {
			t.Errorf("network %q: %v", bad, err)
		}
		if _, err := h.desk.AddStore(h.ctx(), h.ann, "Bella", operator.NewStore{Name: "x", Role: "branch", Labels: []string{bad}}); code(err) != wire.CodeBadRequest {
			t.Errorf("label %q: %v", bad, err)
		}
	}
	if _, err := h.desk.AddStore(h.ctx(), h.ann, "Bella", operator.NewStore{Name: "Größe 東京 <b>", Role: "branch"}); err != nil {
		t.Errorf("a name of letters: %v", err)
	}
}

// A hub that ships other kinds than the last one puts each network's catalogue
// together anew, and keeps the network's own.
func TestRefreshAfterAnUpgrade(t *testing.T) {
	h := newHub(t)
	own := `{"kinds":[{"name":"poster","title":"Posters","help":"Windows.","direction":"sync","match":{"name":"name"},"fields":[{"name":"name","title":"Name","type":"text","policy":"locked"}]}]}`
	before, err := h.desk.SetNetwork(h.ctx(), h.ann, "Bella", operator.SetNetwork{Overlay: []byte(own)})
	h.must(err)
	if len(before.Own) != 1 || before.Own[0] != "poster" {
		t.Fatalf("the network's own kinds are %v", before.Own)
	}
	shipped := *h.desk.Shipped
	shipped.Kinds = shipped.Kinds[:len(shipped.Kinds)-1]
	h.desk.Shipped = &shipped
	h.must(h.desk.Refresh(h.ctx()))
	after, err := h.desk.Network(h.ctx(), h.ann, "Bella")
	h.must(err)
	if after.Catalog == before.Catalog || len(after.Own) != 1 {
		t.Errorf("the catalogue is %.8s, was %.8s, with %v", after.Catalog, before.Catalog, after.Own)
	}
	if _, err := h.desk.SetNetwork(h.ctx(), h.ann, "Bella", operator.SetNetwork{Overlay: []byte(`{"kinds":[{"name":"Bad Name"}]}`)}); code(err) != wire.CodeBadRequest {
		t.Errorf("kinds that cannot be: %v", err)
	}
}
