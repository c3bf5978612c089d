package item

import (
	"fmt"
	"strings"
)

// Time returns a time value from the text of a date ("2026-01-02"), a time of
// day ("09:30", "09:30:15.25"), both ("2026-01-02 09:30" or with a T), or an
// instant (both, with "Z" or an offset "+02:00"). The canonical form has a T,
// seconds always, no trailing zeros of a fraction, and keeps the offset as
// given: local wall times are never converted.
func Time(s string) (Value, error) {
	c, ok := canonicalTime(s)
	if !ok {
		return Value{}, fmt.Errorf("cannot read time %.40q", s)
	}
	return Value{typ: TypeTime, str: c}, nil
}

func canonicalTime(s string) (string, bool) {
	if len(s) > 40 {
		return "", false
	}
	if len(s) >= 3 && s[2] == ':' {
		return canonicalClock(s)
	}
	if len(s) < 10 || !isDate(s[:10]) {
		return "", false
	}
	if len(s) == 10 {
		return s, true
	}
	if s[10] != ' ' && s[10] != 'T' {
		return "", false
	}
	clock, zone := splitZone(s[11:])
	c, ok := canonicalClock(clock)
	if !ok || !isZone(zone) {
		return "", false
	}
	if zone == "+00:00" || zone == "-00:00" {
		zone = "Z"
	} else if s[10] == 'T' && len(s) == 11+len(c)+len(zone) {
		return s, true // nothing was left out of the clock or added to it
	}
	return s[:10] + "T" + c + zone, true
}

func splitZone(s string) (clock, zone string) {
	for i := range len(s) {
		if c := s[i]; c == 'Z' || c == '+' || c == '-' {
			return strings.TrimRight(s[:i], " "), s[i:]
		}
	}
	return s, ""
}

func isZone(z string) bool {
	if z == "" || z == "Z" {
		return true
	}
	return len(z) == 6 && z[3] == ':' && twoDigits(z[1:3], 0, 15) && twoDigits(z[4:6], 0, 59)
}

// canonicalClock reads "09:30", "09:30:15" or "09:30:15.25"; 24:00 and a leap second pass.
func canonicalClock(s string) (string, bool) {
	if len(s) < 5 || s[2] != ':' || !twoDigits(s[:2], 0, 24) || !twoDigits(s[3:5], 0, 59) {
		return "", false
	}
	if len(s) == 5 {
		return s + ":00", true
	}
	if len(s) < 8 || s[5] != ':' || !twoDigits(s[6:8], 0, 60) {
		return "", false
	}
	if len(s) == 8 {
		return s, true
	}
	if s[8] != '.' || len(s) == 9 || !allDigits(s[9:]) {
		return "", false
	}
	frac := strings.TrimRight(s[9:], "0")
	if frac == "" {
		return s[:8], true
	}
	return s[:9+len(frac)], true
}

// isDate accepts zero dates ("0000-00-00") too: MySQL holds them, and they must
// travel as they are.
func isDate(s string) bool {
	return s[4] == '-' && s[7] == '-' && allDigits(s[:4]) && twoDigits(s[5:7], 0, 12) && twoDigits(s[8:10], 0, 31)
}

func twoDigits(s string, low, high int) bool {
	if len(s) != 2 || !allDigits(s) {
		return false
	}
	n := int(s[0]-'0')*10 + int(s[1]-'0')
	return low <= n && n <= high
}
