package pos_test

import (
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// TestSettlingKeepsALivingLink: capture settles what it decided a while ago; a
// link that a job wrote since must not go with it.
func TestSettlingKeepsALivingLink(t *testing.T) {
	s := newSalon(t, "wal")
	id := item.ID{Kind: "service", Key: "1", Gen: 2}
	alive := pos.LinkRow{ID: id}
	steps := []struct {
		name   string
		settle pos.LinkRow
		dead   bool
		uid    string
	}{
		{"a living generation is settled late", alive, false, "u1"},
		{"the item was deleted", pos.LinkRow{ID: id, Dead: true}, true, ""},
		{"it came back the same", alive, false, ""},
	}
	c := s.Connector
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.PutLink(t.Context(), pos.LinkRow{ID: id, UID: "u1", Link: &item.Link{UID: "u1", Birth: item.BornNetwork}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if _, err := c.Prune(t.Context(), []pos.LinkRow{step.settle}, wire.Mark{}); err != nil {
			t.Fatal(err)
		}
		rows, _, err := c.Links(t.Context(), "", 10)
		if err != nil || len(rows) != 1 || rows[0].Dead != step.dead || rows[0].UID != step.uid || (rows[0].Link != nil) != (step.uid != "") {
			t.Errorf("%s: %+v, %v", step.name, rows, err)
		}
	}
}
