package storesync

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"plait/hub/store"
)

func TestWavesOfAPlan(t *testing.T) {
	var p Plan
	for i := range 7 {
		s := StorePlan{StoreName: StoreName{fmt.Sprint(i), fmt.Sprint("s", i)}}
		if i == 3 {
			s.Blocked = "it is off"
		}
		p.Stores = append(p.Stores, s)
	}
	all := []store.Store{{ID: "0", Name: "s0", Labels: []string{"north"}}, {ID: "3", Name: "s3", Labels: []string{"north", "off"}}, {ID: "5", Name: "s5", Labels: []string{"north"}}}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		waves *Waves
		want  [][]string
	}{
		{"all at once", nil, [][]string{{"0", "1", "2", "4", "5", "6"}}},
		{"one canary by name", &Waves{Canary: []string{"s5"}}, [][]string{{"5"}, {"0", "1", "2", "4", "6"}}},
		{"canaries by label, and one twice", &Waves{Canary: []string{"north", "0"}}, [][]string{{"0", "5"}, {"1", "2", "4", "6"}}},
		{"two at a time", &Waves{Size: 2, HaltAfter: 3}, [][]string{{"0", "1"}, {"2", "4"}, {"5", "6"}}},
		{"a canary, then four at a time", &Waves{Canary: []string{"s0"}, Size: 4}, [][]string{{"0"}, {"1", "2", "4", "5"}, {"6"}}},
	} {
		course, err := newCourse(p, c.waves, now, all)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := course.waves(p); !reflect.DeepEqual(got, c.want) || course.Of != len(c.want) {
			t.Errorf("%s: %v (of %d), want %v", c.name, got, course.Of, c.want)
		}
	}
	for says, w := range map[string]*Waves{
		`"off"`:              {Canary: []string{"off"}}, // the only one with that label cannot receive
		`"nobody"`:           {Canary: []string{"nobody"}},
		"all stores at once": {HaltAfter: 2},
		"not below 0":        {Canary: []string{"s0"}, Size: -1},
	} {
		if _, err := newCourse(p, w, now, all); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %s", *w, err, says)
		}
	}
}

func TestNextStep(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	canary := Course{Waves: Waves{Canary: []string{"1"}, HaltAfter: 2}, Until: now, Wave: 1, Of: 3}
	with := func(change func(*Course)) Course {
		c := canary
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		course Course
		report report
		want   step
		says   string
	}{
		{"nothing queued yet", with(func(c *Course) { c.Wave = 0 }), report{}, queueNext, ""},
		{"not its time", with(func(c *Course) { c.Wave, c.From, c.Until = 0, now.Add(1), now.Add(2) }), report{}, stay, "queued at"},
		{"just its time", with(func(c *Course) { c.Wave, c.From = 0, now }), report{}, queueNext, ""},
		{"its time ran out", with(func(c *Course) { c.Until = now.Add(-1) }), report{applied: 1}, end, "1 of 3 waves"},
		{"all queued, whatever failed and however late", with(func(c *Course) { c.Wave, c.Until = 3, now.Add(-1) }), report{failed: []string{"a", "b"}}, finish, ""},
		{"a canary is open", canary, report{open: []string{"Downtown"}}, stay, "wave 2 of 3 is queued once 1 store has applied it: “Downtown”"},
		{"the canary applied it", canary, report{applied: 1}, queueNext, ""},
		{"the canary was left out", canary, report{}, halt, "no canary"},
		{"one failure of two", with(func(c *Course) { c.Canary = nil }), report{failed: []string{"a"}}, queueNext, ""},
		{"the canary alone failed", canary, report{failed: []string{"a"}}, halt, "no canary"},
		{"two of two failed, others open", canary, report{failed: []string{"a", "b"}, open: []string{"c"}}, halt, "2 stores did not apply it as foreseen: “a”, “b”"},
		{"one fails, unless more are allowed", with(func(c *Course) { c.HaltAfter, c.Wave = 0, 2 }), report{failed: []string{"a"}, applied: 5}, halt, "“a”"},
		{"released with one open", with(func(c *Course) { c.Released = 1 }), report{open: []string{"c"}}, queueNext, ""},
		{"released a wave ago", with(func(c *Course) { c.Released, c.Wave = 1, 2 }), report{open: []string{"c"}}, stay, "wave 3"},
		{"known failures are forgiven", with(func(c *Course) { c.Released, c.Forgiven = 1, 2 }), report{failed: []string{"a", "b"}}, queueNext, ""},
		{"others are not", with(func(c *Course) { c.Released, c.Forgiven = 1, 2 }), report{failed: []string{"a", "b", "c", "d"}}, halt, "4 stores"},
		{"a silent store holds nobody", with(func(c *Course) { c.Wave = 2 }), report{}, queueNext, ""},
	} {
		if got, why := c.course.next(now, c.report); got != c.want || !strings.Contains(why, c.says) {
			t.Errorf("%s: step %d, %q, want %d, %q", c.name, got, why, c.want, c.says)
		}
	}
}

// A time of day is the next one, across midnight and the change of clocks.
func TestReadLater(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{Zone: berlin}
	for _, c := range []struct{ now, text, want string }{
		{"2026-03-02T09:00:00Z", "10:01", "2026-03-02T09:01:00Z"}, // an hour ahead of UTC
		{"2026-03-02T09:00:00Z", "10:00", "2026-03-03T09:00:00Z"},
		{"2026-03-02T23:30:00Z", "00:45", "2026-03-02T23:45:00Z"},
		{"2026-03-28T12:00:00Z", "02:30", "2026-03-30T00:30:00Z"}, // on the 29th clocks go from 2:00 to 3:00
		{"2026-03-02T09:00:00Z", "2026-05-01", "2026-04-30T22:00:00Z"},
		{"2026-03-02T09:00:00Z", "2026-05-01 08:30", "2026-05-01T06:30:00Z"},
		{"2026-03-02T09:00:00Z", "2026-05-01T08:30:00Z", "2026-05-01T08:30:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.readLater(c.text, now)
		if err != nil || got.UTC().Format(time.RFC3339) != c.want {
			t.Errorf("at %s, %s is %s, %v, want %s", c.now, c.text, got.UTC(), err, c.want)
		}
	}
	for _, wrong := range []string{"25:00", "tomorrow", ""} {
		if got, err := s.readLater(wrong, time.Time{}); err == nil {
			t.Errorf("%q is %s", wrong, got)
		}
	}
}
