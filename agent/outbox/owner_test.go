package outbox_test

import (
	"testing"

	"plait/agent/outbox"
)

func TestWhoseTheRecordIsOutlivesItsEpochs(t *testing.T) {
	a := newAgent(t)
	if o, err := a.Owner(t.Context()); err != nil || o != (outbox.Owner{}) {
		t.Errorf("a new record is of %v, %v", o, err)
	}
	owner := outbox.Owner{Store: "s1", Name: "Lakeside"}
	a.must(a.SetOwner(t.Context(), owner))
	_, err := a.NewEpoch(t.Context())
	a.must(err)
	a.reopen()
	if o, err := a.Owner(t.Context()); err != nil || o != owner {
		t.Errorf("the record is of %v, %v", o, err)
	}
	for o, want := range map[outbox.Owner]string{owner: `"Lakeside" (s1)`, {Store: "s2"}: "s2"} {
		if o.String() != want {
			t.Errorf("%s, want %s", o, want)
		}
	}
}
