package daemon

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"plait/agent/control"
	"plait/agent/enrol"
)

// judge says in one word and one sentence whether all is well, what waits, and
// when the next upload runs. lack is why the agent cannot work, if it cannot.
func judge(s control.Status, lack error, running bool) (state, sentence string) {
	switch {
	case errors.Is(lack, enrol.ErrNotEnrolled):
		return control.NotEnrolled, upper(lack.Error()) + "."
	case !running:
		return control.NotRunning, "The agent is not running; " + waits(s) + "."
	case errors.Is(lack, errStarting):
		return control.Working, "The agent is starting."
	case lack != nil:
		return control.Trouble, "The agent cannot work: " + lack.Error() + ". It tries again by itself."
	case s.Current != nil:
		return control.Working, "An upload is running: " + s.Current.Text
	case !s.PausedSince.IsZero():
		return control.Paused, fmt.Sprintf("Capture is paused since %s for an upgrade of the POS: run plait-agent resume when that is done.", s.PausedSince.In(s.Now.Location()).Format("2006-01-02 15:04"))
	}
	if troubles := troubles(s); len(troubles) > 0 {
		return control.Trouble, fmt.Sprintf("%s; %s, and the next upload runs %s.", upper(strings.Join(troubles, "; ")), waits(s), when(s.Next, s.Now))
	}
	if s.Waiting.Total+s.Waiting.Dirty+s.OpenJobs > 0 {
		return control.Waiting, fmt.Sprintf("All is well: %s, and the next upload runs %s.", waits(s), when(s.Next, s.Now))
	}
	return control.Well, fmt.Sprintf("All is well: nothing waits, %s, and the next upload runs %s.", proof(s), when(s.Next, s.Now))
}

// troubles are what a person should know of, the gravest first.
func troubles(s control.Status) (out []string) {
	if s.POSTrouble != "" {
		out = append(out, "the POS cannot be read, so jobs wait ("+s.POSTrouble+")")
	}
	if s.Last != nil && s.Last.Error != "" {
		out = append(out, "the last upload did not succeed ("+s.Last.Error+")")
	}
	for _, k := range s.PausedKinds {
		out = append(out, fmt.Sprintf("%s is paused (%s)", k.Kind, k.Why))
	}
	if s.Last != nil && s.Last.Full != nil && !s.Last.Full.Landed {
		out = append(out, "a full upload has not landed yet")
	}
	if s.Parked > 0 {
		out = append(out, count(s.Parked, "item needs", "items need")+" a person: run plait-agent queue")
	}
	return out
}

func waits(s control.Status) string {
	var parts []string
	if n := s.Waiting.Total + s.Waiting.Dirty; n > 0 {
		parts = append(parts, count(n, "change waits", "changes wait")+" safely on this PC")
	}
	if s.OpenJobs > 0 {
		parts = append(parts, count(s.OpenJobs, "job waits", "jobs wait")+" at the hub")
	}
	if len(parts) == 0 {
		return "nothing waits"
	}
	return strings.Join(parts, ", ")
}

func proof(s control.Status) string {
	if s.Proven.IsZero() {
		return "the hub has not been proven equal yet"
	}
	return "the hub was proven equal " + when(s.Proven, s.Now)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// when names a time as people do: without the day if it is today.
func when(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case t.IsZero():
		return "soon"
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return "at " + t.Format("15:04")
	default:
		return "on " + t.Format("2006-01-02 at 15:04")
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
