package merge_test

import (
	"testing"

	"plait/shared/item"
	"plait/shared/wire"
)

func TestImages(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old", "cleanup", 5)), wire.Own{})
	old := l.get("service", "1")
	l.run(job(2, put(t, "service", "u1", "name", "Cut", "description", "new", "cleanup", 5), put(t, "service", "u2", "name", "Wax")), wire.Own{})
	if len(l.images) != 2 {
		t.Fatalf("there are %d images", len(l.images))
	}
	m := l.images[0]
	if m.Did != wire.DidChange || m.N != 0 || m.Key != "1" || m.Gen != 1 || len(m.Fields) != 1 || !m.Fields.Get("description").Equal(item.MustText("old")) ||
		m.Wrote["description"] != item.ShortDigestOf(item.MustText("new")) || m.Link.UID != old.Link.UID || len(m.Link.Fields) != 1 || !m.Link.Fields[0].Base.Equal(item.MustText("old")) {
		t.Errorf("the image of an update is %+v", m)
	}
	wax := l.get("service", "2")
	if m = l.images[1]; m.Did != wire.DidCreate || m.N != 1 || m.Key != "2" || m.Whole != item.ShortDigestOfFields(wax.Fields) || len(m.Fields) > 0 || m.Link != nil {
		t.Errorf("the image of a creation is %+v", m)
	}
	l.run(job(3, put(t, "service", "u1", "name", "Cut")), wire.Own{Items: []wire.PayloadItem{del("service", "u2")}})
	if len(l.images) != 1 {
		t.Fatalf("one item was changed, and there are the images %+v", l.images)
	}
	if m = l.images[0]; m.Did != wire.DidDelete || m.N != 1 || !m.Fields.Equal(wax.Fields) || m.Link == nil {
		t.Errorf("the image of a deletion is %+v", m)
	}
}

// What the POS cuts is told by what it gives back.
func TestImageTellsWhatWasReadBack(t *testing.T) {
	l := newLab(t)
	l.maxText = 5
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old")), wire.Own{})
	l.run(job(2, put(t, "service", "u1", "name", "Cut", "description", "much longer")), wire.Own{})
	if m := l.images[0]; m.Wrote["description"] != item.ShortDigestOf(item.MustText("much ")) {
		t.Errorf("the image has %+v", m.Wrote)
	}
}
