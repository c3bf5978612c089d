package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Text takes any text, an empty one too.
func Text(dst *string) func(string) error {
	return func(text string) error {
		*dst = text
		return nil
	}
}

// Filled takes a text that is not empty.
func Filled(dst *string) func(string) error {
	return func(text string) error {
		if strings.TrimSpace(text) == "" {
			return errors.New("it is empty")
		}
		*dst = text
		return nil
	}
}

// OneOf takes one of the choices.
func OneOf(dst *string, choices ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(choices, text) {
			return fmt.Errorf("%.40q is not one of %s", text, strings.Join(choices, ", "))
		}
		*dst = text
		return nil
	}
}

// Span takes a time span from low to high.
func Span(dst *time.Duration, low, high time.Duration) func(string) error {
	return func(text string) error {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return fmt.Errorf("%.40q is not a time span such as 90s or 24h", text)
		case d < low || d > high:
			return fmt.Errorf("%v is not between %v and %v", d, low, high)
		}
		*dst = d
		return nil
	}
}

// Percent takes a whole number from low to high; it may end in %.
func Percent(dst *int, low, high int) func(string) error {
	return func(text string) error {
		n, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
		if err != nil || n < low || n > high {
			return fmt.Errorf("%.40q is not a number of percent from %d to %d", text, low, high)
		}
		*dst = n
		return nil
	}
}

// Switch takes true or false; a setting of form OnOff has it.
func Switch(dst *bool) func(string) error {
	return func(text string) error {
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%.40q is neither true nor false", text)
		}
		*dst = b
		return nil
	}
}

// List takes texts with commas between, never nil; a setting of form Texts
// has it.
func List(dst *[]string) func(string) error {
	return func(text string) error {
		*dst = splitList(text)
		return nil
	}
}

// splitList reads "a, b" as a list of two.
func splitList(text string) []string {
	list := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
