package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when standard uploads run, by the PC's own clock: a wrong one
// makes them early or late, and the retry timer does not depend on it.
type Schedule struct {
	Text string
	next cron.Schedule
}

// minEvery keeps a typing error from asking the hub all the time.
const minEvery = 10 * time.Second

// ParseSchedule reads five cron fields or a descriptor such as "@every 15m".
func ParseSchedule(text string) (Schedule, error) {
	if zone, _, spaced := strings.Cut(text, " "); strings.Contains(zone, "TZ=") && !spaced {
		return Schedule{}, fmt.Errorf("%.60q has a time zone and no times", text) // robfig's parser panics at this
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return Schedule{}, fmt.Errorf("%.60q is neither cron's five fields nor like \"@every 15m\": %w", text, err)
	}
	if every, ok := parsed.(cron.ConstantDelaySchedule); ok && every.Delay < minEvery {
		return Schedule{}, fmt.Errorf("%.60q is more often than every %v", text, minEvery)
	}
	s := Schedule{Text: text, next: parsed}
	if s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, fmt.Errorf("%.60q never comes", text)
	}
	return s, nil
}

// set reads the setting.
func (s *Schedule) set(text string) (err error) {
	*s, err = ParseSchedule(text)
	return err
}

// Next is the first time after t that the schedule names.
func (s Schedule) Next(t time.Time) time.Time { return s.next.Next(t) }
