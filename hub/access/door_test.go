package access_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/hub/access"
	"plait/hub/store"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

const pin enrolcode.Pin = "00112233445566778899aabbccddeeff"

// A hub is a database with two networks of one store each, a clock that the test
// sets, and the door.
type hub struct {
	t             *testing.T
	now           time.Time
	db            *store.DB
	door          *access.Door
	salon, rival  store.Store
	admin, viewer access.Who
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), store.Options{Now: func() time.Time { return h.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h.db, h.door = db, access.NewDoor(db, pin, 24*time.Hour)
	h.salon, h.rival = h.network("Bella"), h.network("Rival")
	h.admin = access.Who{Name: "ann", Token: "t1", Role: access.Admin, Network: h.salon.Network}
	h.viewer = access.Who{Name: "vic", Token: "t2", Role: access.Viewer, Network: h.salon.Network}
	return h
}

func (h *hub) network(name string) (s store.Store) {
	h.t.Helper()
	var n store.Network
	err := h.db.WithHub(h.ctx(), func(tx *store.HubTx) (err error) {
		n, err = tx.AddNetwork(store.Network{Name: name})
		return err
	})
	if err == nil {
		err = h.db.WithNetwork(h.ctx(), n.ID, func(tx *store.NetworkTx) (err error) {
			s, err = tx.AddStore(store.Store{Name: name + " 1", Role: store.Branch})
			return err
		})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *hub) ctx() context.Context { return h.t.Context() }

func (h *hub) code(s store.Store) string {
	h.t.Helper()
	var code access.Code
	err := h.db.WithStore(h.ctx(), s.ID, func(tx *store.StoreTx) (err error) {
		code, err = h.door.NewCode(tx, h.admin)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return code.Text
}

func (h *hub) redeem(code, installation, credential string) (wire.Enrolled, error) {
	return h.door.Redeem(h.ctx(), wire.Enroll{Protocol: 1, Code: code, Installation: installation, Host: "pc-" + installation, Credential: credential})
}

// refused demands an error with this code.
func (h *hub) refused(err error, want wire.Code, what string) {
	h.t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != want {
		h.t.Errorf("%s: got %v, want %s", what, err, want)
	}
}

// is demands whose the credential is.
func (h *hub) is(credential string, want error) {
	h.t.Helper()
	s, err := h.door.Store(h.ctx(), credential)
	if !errors.Is(err, want) || (want == nil && s.ID != h.salon.ID) {
		h.t.Errorf("the credential is %s's, %v; want %v", s.Name, err, want)
	}
}

func credential() string { return enrolcode.NewSecret(enrolcode.CredentialPrefix) }

func TestEnrolment(t *testing.T) {
	h := newHub(t)
	code, mine := h.code(h.salon), credential()
	if parsed, err := enrolcode.ParseCode(code); err != nil || !strings.HasPrefix(string(pin), string(parsed.Pin())) {
		t.Errorf("the code %s carries the pin %s, %v", code, parsed.Pin(), err)
	}
	h.is(mine, access.ErrUnknown)
	got, err := h.redeem(strings.ToLower(code), "pc1", mine)
	if err != nil || got.Store != h.salon.ID || got.Network != h.salon.Network || got.StoreName != "Bella 1" || got.Role != store.Branch {
		t.Fatalf("got %+v, %v", got, err)
	}
	h.is(mine, nil)

	again, err := h.redeem(code, "pc1", mine)
	if err != nil || again != got {
		t.Errorf("the answer was lost, and then was %+v, %v", again, err)
	}
	_, err = h.redeem(code, "pc2", credential())
	h.refused(err, wire.CodeConflict, "the same code on another PC")
	_, err = h.redeem(code, "pc1", credential())
	h.refused(err, wire.CodeConflict, "the same code and PC with another credential")
	h.is(mine, nil)
}

func TestCodesThatDoNotEnrol(t *testing.T) {
	h := newHub(t)
	other := enrolcode.NewSecret(enrolcode.CredentialPrefix)
	stranger, err := enrolcode.NewCode(pin)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.redeem(stranger.String(), "pc1", other)
	h.refused(err, wire.CodeUnauthorized, "another hub's code")
	_, err = h.redeem("ABCD", "pc1", other)
	h.refused(err, wire.CodeBadRequest, "a mistyped code")
	_, err = h.redeem(h.code(h.salon), "pc1", "password1password1password1password1")
	h.refused(err, wire.CodeBadRequest, "a made-up credential")

	first := h.code(h.salon)
	h.now = h.now.Add(time.Minute)
	second := h.code(h.salon)
	h.now = h.now.Add(time.Minute)
	_, err = h.redeem(first, "pc1", other)
	h.refused(err, wire.CodeConflict, "a code that a newer one ended")
	h.now = h.now.Add(24 * time.Hour)
	_, err = h.redeem(second, "pc1", other)
	h.refused(err, wire.CodeConflict, "an expired code")

	taken := credential()
	if _, err := h.redeem(h.code(h.rival), "pc9", taken); err != nil {
		t.Fatal(err)
	}
	_, err = h.redeem(h.code(h.salon), "pc1", taken)
	h.refused(err, wire.CodeConflict, "another store's credential")
}

func TestReplacedPC(t *testing.T) {
	h := newHub(t)
	old, fresh := credential(), credential()
	for _, step := range []struct{ installation, credential string }{{"pc1", old}, {"pc2", fresh}} {
		if _, err := h.redeem(h.code(h.salon), step.installation, step.credential); err != nil {
			t.Fatal(err)
		}
	}
	h.is(fresh, nil)
	h.is(old, access.ErrRevoked)
}

func TestSamePCRotatesWithOverlap(t *testing.T) {
	h := newHub(t)
	old, fresh := credential(), credential()
	for _, c := range []string{old, fresh} {
		if _, err := h.redeem(h.code(h.salon), "pc1", c); err != nil {
			t.Fatal(err)
		}
	}
	h.is(fresh, nil)
	h.is(old, nil)
	h.now = h.now.Add(8 * 24 * time.Hour)
	h.is(fresh, nil)
	if _, err := h.door.Store(h.ctx(), old); err == nil {
		t.Error("the credential before is still good after the overlap")
	}
}

func TestRevokedStore(t *testing.T) {
	h := newHub(t)
	code, mine := h.code(h.salon), credential()
	if _, err := h.redeem(code, "pc1", mine); err != nil {
		t.Fatal(err)
	}
	if err := h.db.WithStore(h.ctx(), h.salon.ID, func(tx *store.StoreTx) error { return tx.Revoke() }); err != nil {
		t.Fatal(err)
	}
	h.is(mine, access.ErrRevoked)
	_, err := h.redeem(code, "pc1", mine)
	h.refused(err, wire.CodeRevoked, "the old code after revoking")
	again := credential()
	if _, err := h.redeem(h.code(h.salon), "pc1", again); err != nil {
		t.Fatal(err)
	}
	h.is(again, nil)
	h.is(mine, access.ErrRevoked)
}

func TestTokens(t *testing.T) {
	h := newHub(t)
	full := errors.New("disk full")
	if err := h.door.First(h.ctx(), func(string) error { return full }); !errors.Is(err, full) {
		t.Errorf("a token that could not be kept: %v", err)
	}
	var made []string
	for range 2 {
		if err := h.door.First(h.ctx(), func(secret string) error { made = append(made, secret); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(made) != 1 {
		t.Fatalf("two starts made %d tokens", len(made))
	}
	first := made[0]
	root, err := h.door.Token(h.ctx(), first)
	if err != nil || root.Role != access.Admin || root.Network != "" {
		t.Fatalf("the first token is %+v, %v", root, err)
	}
	secret, kept, err := h.door.AddToken(h.ctx(), root, store.Token{
		Name: "vic", Role: string(access.Viewer), Network: h.salon.Network, Expires: h.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	who, err := h.door.Token(h.ctx(), secret)
	if err != nil || who != (access.Who{Name: "vic", Token: kept.ID, Role: access.Viewer, Network: h.salon.Network}) {
		t.Errorf("the token is %+v, %v", who, err)
	}
	for what, bad := range map[string]string{"none": "", "a store's": credential(), "another": access.NewSecret()} {
		if _, err := h.door.Token(h.ctx(), bad); !errors.Is(err, access.ErrUnknown) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := h.door.AddToken(h.ctx(), who, store.Token{Name: "x", Role: "admin"}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a viewer made an administrator: %v", err)
	}
	if _, _, err := h.door.AddToken(h.ctx(), h.admin, store.Token{Name: "x", Role: "admin"}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a network's administrator made one of the whole hub: %v", err)
	}
	if _, _, err := h.door.AddToken(h.ctx(), root, store.Token{Name: "x", Role: "king"}); err == nil {
		t.Error("a role that is none was given")
	}
	if err := h.door.RevokeToken(h.ctx(), root, root.Token); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a token ended itself: %v", err)
	}
	if err := h.door.RevokeToken(h.ctx(), root, kept.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.door.Token(h.ctx(), secret); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("a revoked token: %v", err)
	}
	short, _, err := h.door.AddToken(h.ctx(), root, store.Token{Name: "tim", Role: "viewer", Expires: h.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	if _, err := h.door.Token(h.ctx(), short); !errors.Is(err, access.ErrUnknown) {
		t.Errorf("an expired token: %v", err)
	}
}

func TestActsAreAllowedAndRecordedTogether(t *testing.T) {
	h := newHub(t)
	act := access.Act{What: "store.switch", Need: access.Operator, Detail: map[string]string{"to": "off"}}
	try := func(who access.Who, s store.Store) error {
		return h.db.WithStore(h.ctx(), s.ID, func(tx *store.StoreTx) error { return who.OnStore(tx, act) })
	}
	if err := try(h.admin, h.salon); err != nil {
		t.Fatal(err)
	}
	if err := try(h.viewer, h.salon); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a viewer: %v", err)
	}
	foreign, absent := try(h.admin, h.rival), h.db.WithStore(h.ctx(), "none", func(*store.StoreTx) error { return nil })
	if !errors.Is(foreign, store.ErrNotFound) || strings.Replace(absent.Error(), "none", h.rival.ID, 1) != foreign.Error() {
		t.Errorf("another network's store %q reads otherwise than none at all %q", foreign, absent)
	}
	for network, want := range map[string]int{h.salon.Network: 1, h.rival.Network: 0} {
		err := h.db.View(h.ctx(), func(v *store.View) error {
			log, err := v.AuditLog(network, 0, 10)
			if len(log) != want || (want == 1 && (log[0].Who != "ann" || log[0].What != "store.switch" || string(log[0].Detail) != `{"to":"off"}`)) {
				t.Errorf("the log is %+v", log)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestRoles(t *testing.T) {
	for role, want := range map[access.Role][3]bool{
		access.Viewer: {true, false, false}, access.Operator: {true, true, false}, access.Admin: {true, true, true}, "": {}, "king": {},
	} {
		for i, need := range access.Roles {
			if role.Allows(need) != want[i] {
				t.Errorf("%q allows %s: %v", role, need, !want[i])
			}
		}
		if role.Allows("") {
			t.Errorf("%q allows an act that names no role", role)
		}
	}
}
