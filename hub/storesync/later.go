package storesync

import (
	"fmt"
	"time"
)

// maxLater is how far ahead a sync may be queued.
const maxLater = 366 * 24 * time.Hour

// applyFrom reads when the jobs are to be queued. Nothing stands in a queue
// before (rule 6), so that a store can upload whole in the meantime.
func (t *test) applyFrom(now time.Time) error {
	if t.request.ApplyFrom == "" {
		return nil
	}
	at, err := t.service.readLater(t.request.ApplyFrom, now)
	if err != nil {
		return err
	}
	switch {
	case !at.After(now):
		return refuse("it would be queued at %s, which has passed", at.Format(minute))
	case at.Sub(now) > maxLater:
		return refuse("it would be queued at %s, more than a year ahead", at.Format(minute))
	}
	t.plan.ApplyFrom = at
	t.warn(Warning{Code: WarnLater,
		Text: fmt.Sprintf("it is queued at %s: what the source changes until then is not in it, and a store that cannot receive then is left out and named", at.Format(minute)),
		Mend: "send it to such stores again with `sync again`"})
	return nil
}

// readLater reads a time, or a time of day, which means the next one.
func (s *Service) readLater(text string, now time.Time) (time.Time, error) {
	clock, err := time.ParseInLocation("15:04", text, s.Zone)
	if err != nil {
		return parseTime(text, s.Zone)
	}
	here := now.In(s.Zone)
	for day := range 3 { // a day without that hour gives another one: look on
		at := time.Date(here.Year(), here.Month(), here.Day()+day, clock.Hour(), clock.Minute(), 0, 0, s.Zone)
		if at.After(now) && at.Hour() == clock.Hour() && at.Minute() == clock.Minute() {
			return at, nil
		}
	}
	return time.Time{}, refuse("no day here has the time %s soon", text)
}
