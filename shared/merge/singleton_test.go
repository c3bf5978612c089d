package merge_test

import (
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// more teaches the lab another kind and returns a job of it.
func (l *lab) more(k wire.PayloadKind, items ...wire.PayloadItem) wire.Payload {
	p := job(1, items...)
	p.Kinds = append(p.Kinds, k)
	profile := wire.ProfileKind{Kind: k.Name, CanDelete: true}
	for _, f := range k.Fields {
		profile.Fields = append(profile.Fields, wire.ProfileField{Name: f.Name})
	}
	l.profile.Kinds = append(l.profile.Kinds, profile)
	return p
}

var settingsKind = wire.PayloadKind{Name: "settings", Match: wire.PayloadMatch{Singleton: true}, Fields: []wire.PayloadField{
	{Name: "fees", Title: "Fees", Policy: item.Additive}, {Name: "footer", Title: "Receipt Footer", Policy: item.Locked},
	{Name: "greeting", Title: "Greeting", Policy: item.Unlocked},
}}

func settings(t testing.TB, uid string, values ...any) wire.PayloadItem {
	pi := put(t, "settings", uid, values...)
	pi.Name = "Settings"
	return pi
}

// TestSingleton: the only item here means the only one there.
func TestSingleton(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(l *lab)
		change func(p *wire.Payload)
		own    wire.Own
		action merge.Action
		reason merge.Reason
		says   string
	}{
		{name: "a store without settings gets them", before: func(*lab) {}, action: merge.Create},
		{name: "the store's own are adopted", before: func(l *lab) { l.put("settings", "footer", "Mine") }, action: merge.Adopt},
		{name: "even where equal names are left alone", before: func(l *lab) { l.put("settings", "footer", "Mine") },
			change: func(p *wire.Payload) { p.Options.NoAdopt = true }, action: merge.Adopt},
		{name: "but not by a sync of what is missing", before: func(l *lab) { l.put("settings", "footer", "Mine") },
			change: func(p *wire.Payload) { p.Options.OnlyNew = true }, action: merge.Skip, reason: merge.OnlyNewItems},
		{name: "two here are an error naming them", before: func(l *lab) {
			l.put("settings", "footer", "Old")
			l.put("settings", "footer", "New")
		}, action: merge.Park, reason: merge.Ambiguous, says: "several items of settings here, and a store has one: 1, 2"},
		{name: "a decision settles which is meant", before: func(l *lab) {
			l.put("settings", "footer", "Old")
			l.put("settings", "footer", "New")
		}, own: wire.Own{Decisions: map[string]string{"u1": "2"}}, action: merge.Adopt},
		{name: "nobody can decide to have two", before: func(l *lab) { l.put("settings", "footer", "Mine") },
			own: wire.Own{Decisions: map[string]string{"u1": ""}}, action: merge.Adopt},
		{name: "two at the source are an error", before: func(l *lab) { l.put("settings", "footer", "Mine") },
			change: func(p *wire.Payload) { p.Items[0].NameTwins = true }, action: merge.Park, reason: merge.Ambiguous, says: "the source has several items of settings"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			c.before(l)
			p := l.more(settingsKind, settings(t, "u1", "footer", "Thank you"))
			if c.change != nil {
				c.change(&p)
			}
			plan := l.run(p, c.own)[0]
			wantPlan(t, plan, c.action, c.reason)
			if !strings.Contains(plan.Why, c.says) {
				t.Errorf("%q does not say %q", plan.Why, c.says)
			}
		})
	}
}

// Settings merge as any item does: what is locked follows, what is the branch's
// own stays, what it added to a list stays.
func TestSingletonMerges(t *testing.T) {
	l := newLab(t)
	key := l.put("settings", "footer", "Mine", "greeting", "Ahoy", "fees", []any{"late"})
	p := l.more(settingsKind, settings(t, "u1", "footer", "Thank you", "greeting", "Hello", "fees", []any{"card"}))
	plan := l.run(p, wire.Own{})[0]
	l.wantField("settings", key, "footer", "Thank you")
	l.wantField("settings", key, "greeting", "Ahoy")
	l.wantField("settings", key, "fees", []any{"card", "late"})
	if why := plan.Exceptions()[0].Why; why != "the store's own item was linked" {
		t.Errorf("adoption is told as %q", why)
	}
}

// Another source's settings take over the link: there is one place for them, and a
// network whose head office moves goes on with it.
func TestSingletonFollowsAnotherSource(t *testing.T) {
	l := newLab(t)
	p := l.more(settingsKind, settings(t, "u1", "footer", "Thank you", "greeting", "Hello"))
	l.run(p, wire.Own{})
	moved := p
	moved.Source, moved.Items = "new head", []wire.PayloadItem{settings(t, "u2", "footer", "Merci", "greeting", "Salut")}
	wantPlan(t, l.run(moved, wire.Own{})[0], merge.Update, "")
	l.wantField("settings", "1", "footer", "Merci")
	l.wantField("settings", "1", "greeting", "Salut")
	if link := l.get("settings", "1").Link; link == nil || link.UID != "u2" || link.Birth != item.BornNetwork {
		t.Errorf("the link is %+v", link)
	}
	if got := len(l.items); got != 1 {
		t.Errorf("the store has %d items", got)
	}
}

// An image is found by its content: one of the same name is another image.
func TestCodeOfBytesIsTheirContent(t *testing.T) {
	picture := wire.PayloadKind{Name: "picture", Match: wire.PayloadMatch{Code: []string{"image"}}, Fields: []wire.PayloadField{
		{Name: "image", Title: "Image", Policy: item.Locked}, {Name: "name", Title: "Name", Policy: item.Locked}}}
	card, other := item.Bytes([]byte{0xff, 1, 2}), item.Bytes([]byte{0xff, 1, 3})
	l := newLab(t)
	l.put("picture", "name", "Birthday", "image", other)
	same := l.put("picture", "name", "Scan 1", "image", card)
	pi := put(t, "picture", "u1", "name", "Birthday", "image", card)
	pi.Code = merge.Code(merge.Parts(pi.Fields, picture.Match.Code), nil)
	if want := "ca66882b2aacc5b00b7b59c586b283c3f885714499323f726d32c0799df1e3dc"; pi.Code != want {
		t.Errorf("the code is %q", pi.Code)
	}
	plan := l.run(l.more(picture, pi), wire.Own{})[0]
	wantPlan(t, plan, merge.Adopt, "")
	l.wantField("picture", same, "name", "Birthday")
	if empty := merge.Code(merge.Parts(fields(t, "image", item.Bytes(nil)), picture.Match.Code), nil); empty != "" {
		t.Errorf("no image has the code %q", empty)
	}
}

// TestReferenceByName: S1's service credits go to services of the same name that
// were never synced.
func TestReferenceByName(t *testing.T) {
	credit := wire.PayloadKind{Name: "credit", Match: wire.PayloadMatch{Code: []string{"service"}}, Fields: []wire.PayloadField{
		{Name: "credits", Title: "Credits", Policy: item.Locked}, {Name: "service", Title: "Service", Policy: item.Locked, ByName: true}}}
	for _, c := range []struct {
		name   string
		before func(l *lab)
		want   any
		action merge.Action
		reason merge.Reason
	}{
		{name: "the store's own of that name", before: func(l *lab) { l.put("service", "name", "  cut") }, want: item.Ref("service", "1"), action: merge.Create},
		{name: "the linked one before one of that name", before: func(l *lab) {
			l.put("service", "name", "Cut")
			p := job(1, put(l.t, "service", "u1", "name", "Cut", "sku", "A"))
			l.run(p, wire.Own{Decisions: map[string]string{"u1": ""}})
		}, want: item.Ref("service", "2"), action: merge.Create},
		{name: "credits that the store has itself", before: func(l *lab) {
			l.put("credit", "credits", 1, "service", item.Ref("service", l.put("service", "name", "Cut")))
		}, want: item.Ref("service", "1"), action: merge.Adopt},
		{name: "none", before: func(*lab) {}, action: merge.Park, reason: merge.MissingRef},
		{name: "two of that name", before: func(l *lab) {
			l.put("service", "name", "Cut")
			l.put("service", "name", "CUT")
		}, action: merge.Park, reason: merge.MissingRef},
		{name: "one that is linked to another item", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u7", "name", "Cut")), wire.Own{})
		}, action: merge.Park, reason: merge.MissingRef},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			c.before(l)
			pi := put(t, "credit", "u9", "credits", 3, "service", item.UIDRef("service", "u1"))
			pi.Name, pi.Code, pi.RefNames = "Cut", "cut", map[string]string{"u1": "Cut"}
			p := l.more(credit, pi)
			plan := l.run(p, wire.Own{})[0]
			wantPlan(t, plan, c.action, c.reason)
			for at := range l.items {
				if at[0] == "credit" {
					l.wantField("credit", at[1], "service", c.want)
				}
			}
		})
	}
}
