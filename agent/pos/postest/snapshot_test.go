package postest

import (
	"context"
	"testing"

	"plait/agent/pos"
)

// apart reads changes and items as one connector of old did: one after the other.
type apart struct {
	*Memory
	between func()
}

func (a apart) Snapshot(ctx context.Context, ask pos.Ask) (pos.Snapshot, error) {
	snap, err := a.Memory.Snapshot(ctx, ask)
	a.between()
	for i := range snap.Found {
		f := &snap.Found[i]
		if err == nil {
			f.Records, err = a.Memory.Read(ctx, f.Kind, f.Keys)
		}
	}
	return snap, err
}

// The control: a POS that writes in between must be noticed.
func TestMomentControl(t *testing.T) {
	m := SalonMemory()
	b := Bench{Connector: m, POS: m.POS()}
	install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "1", Fields: fields("name", text("0"))})
	base := newest(t, m).Seq
	write := func() { b.Do(t, Op{Verb: Set, Kind: "category", Key: "1", Fields: fields("name", text("1"))}) }
	if err := oneMoment(look(t, apart{m, write}, pos.Ask{Limit: 10}), base); err == nil {
		t.Error("what was read apart passes for one moment")
	}
	if err := oneMoment(look(t, apart{m, func() {}}, pos.Ask{Limit: 10}), base); err != nil {
		t.Errorf("without a write in between: %v", err)
	}
}
