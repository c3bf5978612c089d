package operator_test

import (
	"fmt"
	"slices"
	"testing"

	"plait/hub/operator"
	"plait/shared/wire"
)

func TestSetStore(t *testing.T) {
	h := newHub(t)
	add := func(name string, labels ...string) error {
		_, err := h.desk.AddStore(h.ctx(), h.ann, "Bella", operator.NewStore{Name: name, Role: "branch", Labels: labels})
		return err
	}
	h.must(add("Two", "north"))
	set := func(in operator.SetStore) (operator.Store, error) { return h.desk.SetStore(h.ctx(), h.ann, "One", in) }
	got, err := set(operator.SetStore{Labels: &[]string{"north", "canary"}})
	if err != nil || got.Name != "One" || !slices.Equal(got.Labels, []string{"north", "canary"}) {
		t.Errorf("labelled: %+v, %v", got, err)
	}
	if got, err := set(operator.SetStore{Name: "First"}); err != nil || got.Name != "First" || len(got.Labels) != 2 {
		t.Errorf("renamed: %+v, %v", got, err)
	}
	if got, err := h.desk.SetStore(h.ctx(), h.ann, "First", operator.SetStore{Name: "One", Labels: &[]string{}}); err != nil || got.Name != "One" || len(got.Labels) != 0 {
		t.Errorf("named as before, without labels: %+v, %v", got, err)
	}
	if by := h.audited("store.set"); len(by) != 3 || by[0] != "ann" {
		t.Errorf("the log names %v", by)
	}
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprint("label ", i))
	}
	for what, c := range map[string]struct {
		in   operator.SetStore
		want wire.Code
	}{
		"another's name":      {operator.SetStore{Name: "Two"}, wire.CodeConflict},
		"a label as its name": {operator.SetStore{Name: "north"}, wire.CodeConflict},
		"a name as its label": {operator.SetStore{Labels: &[]string{"Two"}}, wire.CodeConflict},
		"its own name":        {operator.SetStore{Labels: &[]string{"One"}}, wire.CodeConflict},
		"a label twice":       {operator.SetStore{Labels: &[]string{"a", "a"}}, wire.CodeBadRequest},
		"no label at all":     {operator.SetStore{Labels: &[]string{""}}, wire.CodeBadRequest},
		"too many":            {operator.SetStore{Labels: &many}, wire.CodeBadRequest},
	} {
		if _, err := set(c.in); code(err) != c.want {
			t.Errorf("%s: %v, want %s", what, err, c.want)
		}
	}
	if err := add("north"); code(err) != wire.CodeConflict {
		t.Errorf("a store called as a label is: %v", err)
	}
	if err := add("Three", "One"); code(err) != wire.CodeConflict {
		t.Errorf("a label called as a store is: %v", err)
	}
}
