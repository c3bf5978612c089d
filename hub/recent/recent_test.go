package recent_test

import (
	"fmt"
	"testing"

	"plait/hub/recent"
)

func TestTheOldestGoes(t *testing.T) {
	c := recent.Keep[int](3)
	for i := range 5 {
		c.Put(fmt.Sprint(i), i)
		c.Put(fmt.Sprint(i), i) // again: it takes no more room
	}
	for i := range 5 {
		if v, ok := c.Get(fmt.Sprint(i)); ok != (i > 1) || ok && v != i {
			t.Errorf("value %d: %d, kept: %v", i, v, ok)
		}
	}
}
