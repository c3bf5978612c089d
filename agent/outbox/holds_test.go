package outbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"plait/agent/outbox"
	"plait/shared/item"

	"pgregory.net/rapid"
)

func formOf(it item.Item) item.Form { return item.Form{Key: it.Key, Body: item.Append(nil, it)} }

// someKeys are asked for, in the order of the POS; the record knows some of them.
var someKeys = []string{"1", "10", "2", "3", "4", "5", "6", "7", "8", "9"}

// TestPropertyHoldsSaysWhatKnownSays: Holds says "just so" of a form exactly when
// looking at all that is known of its key says so, wherever the trail begins.
func TestPropertyHoldsSaysWhatKnownSays(t *testing.T) {
	said := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		folder, remove := tempFolder(t)
		defer remove()
		a := openAgent(t, filepath.Join(folder, "agent.db"))
		defer func() { a.Close() }()
		for range rapid.IntRange(1, 4).Draw(t, "turns") {
			a.fill(t)
		}
		trail := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "walks") {
			forms := a.drawForms(t)
			held, next, err := a.Holds(context.Background(), "service", forms, trail)
			a.must(err)
			for i, want := range a.knownForms(forms) {
				said[want]++
				if held[i] != want {
					t.Fatalf("from %d, %q is held: %t; what is known says %t (%s)", trail, forms[i].Key, held[i], want, forms[i].Body)
				}
			}
			trail = rapid.SampledFrom([]int64{0, next, next, rapid.Int64Range(0, 30).Draw(t, "elsewhere")}).Draw(t, "trail")
		}
	})
	if said[true] == 0 || said[false] == 0 {
		t.Errorf("held and not held: %v; the property saw one of them alone", said)
	}
}

// fill puts items, tombstones, other kinds' items, and what waits beside them.
func (a *agent) fill(t *rapid.T) {
	var c outbox.Change
	for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom(someKeys), 1, 6, rapid.ID).Draw(t, "keys") {
		key := outbox.Key{Kind: "service", Key: k}
		switch rapid.IntRange(0, 11).Draw(t, "fill") {
		case 0:
			c.Dirty = append(c.Dirty, outbox.Dirty{Key: key, Gone: rapid.Bool().Draw(t, "gone")})
		case 1:
			c.Clean = append(c.Clean, key)
		case 2:
			gen := rapid.Int64Range(1, 3).Draw(t, "gen")
			c.Unsettled = append(c.Unsettled, outbox.Generation{Key: key, Gen: gen, Dead: rapid.Bool().Draw(t, "dead")})
		case 3:
			c.Trouble = append(c.Trouble, outbox.Trouble{Key: key, Why: "it cannot be read"})
		case 4:
			other := service(k, 1, 1)
			other.Kind = "category"
			c.Items = append(c.Items, other)
		default:
			c.Items = append(c.Items, a.drawKey(t, k)...)
		}
	}
	_, err := a.Put(context.Background(), c)
	a.must(err)
}

// drawForms are what a POS might hold: most keys as the record has them.
func (a *agent) drawForms(t *rapid.T) (forms []item.Form) {
	for _, key := range someKeys {
		it, ok, err := a.Latest(context.Background(), "service", key)
		a.must(err)
		if !ok || rapid.IntRange(0, 4).Draw(t, "other") == 0 {
			it = service(key, rapid.Int64Range(1, 2).Draw(t, "gen"), rapid.IntRange(1, 3).Draw(t, "price"))
		}
		it.Deleted = false
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0: // gone from the POS
		case 1:
			forms = append(forms, item.Form{Key: key})
		default:
			forms = append(forms, formOf(it))
		}
	}
	return forms
}

// knownForms is the long way.
func (a *agent) knownForms(forms []item.Form) (held []bool) {
	ctx := context.Background()
	keys := make([]string, len(forms))
	for i, f := range forms {
		keys[i] = f.Key
	}
	known, err := a.Known(ctx, "service", keys)
	a.must(err)
	parked, err := a.Parked(ctx, 1000)
	a.must(err)
	unreadable := map[string]bool{}
	for _, p := range parked {
		unreadable[p.Key.Key] = unreadable[p.Key.Key] || p.Cause == "pos"
	}
	for _, f := range forms {
		row, ok := known.Rows[f.Key]
		_, dirty := known.Dirty[f.Key]
		held = append(held, ok && f.Body != nil && !row.Dead && string(row.Body) == string(f.Body) &&
			!dirty && len(known.Unsettled[f.Key]) == 0 && !unreadable[f.Key])
	}
	return held
}

// TestHoldsFollowsTheTrail: from one page to the next the record is read in step,
// and what stands elsewhere is found all the same.
func TestHoldsFollowsTheTrail(t *testing.T) {
	a := newAgent(t)
	var forms []item.Form
	for i := range 400 {
		it := service(fmt.Sprint(1000+i), 1, i)
		if i%50 == 7 {
			continue // recorded later, out of order
		}
		a.put(it)
		forms = append(forms, formOf(it))
	}
	for i := 7; i < 400; i += 50 {
		it := service(fmt.Sprint(1000+i), 1, i)
		a.put(it)
		forms = append(forms[:i:i], append([]item.Form{formOf(it)}, forms[i:]...)...)
	}
	trail := int64(0)
	for from := 0; from < len(forms); from += 100 {
		held, next, err := a.Holds(t.Context(), "service", forms[from:from+100], trail)
		a.must(err)
		for i, ok := range held {
			if !ok {
				t.Errorf("%s is not held", forms[from+i].Key)
			}
		}
		if next <= trail {
			t.Errorf("the trail goes from %d to %d", trail, next)
		}
		trail = next
	}
}
