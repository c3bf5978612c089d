package wire_test

import (
	"fmt"
	"hash/fnv"
	"testing"

	"plait/shared/wire"
)

func TestLeafIsTheProtocols(t *testing.T) {
	for _, c := range [][2]string{{"service", "7"}, {"", ""}, {"product", "a/b"}} {
		h := fnv.New64a()
		fmt.Fprintf(h, "%s\x00%s", c[0], c[1])
		want := int((h.Sum64() ^ h.Sum64()>>32) & (1<<14 - 1))
		if got := wire.Leaf(c[0], c[1]); got != want {
			t.Errorf("Leaf(%q, %q) = %d, want %d", c[0], c[1], got, want)
		}
	}
}

func TestLeavesFillEvenly(t *testing.T) {
	var count [wire.Nodes]int
	for i := range 51_200 {
		count[wire.Leaf("service", fmt.Sprint(i))/wire.Leaves]++
	}
	for node, n := range count {
		if n < 40 || n > 180 {
			t.Errorf("node %d has %d of 51,200 keys, want about 100", node, n)
		}
	}
}
