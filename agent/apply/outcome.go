package apply

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// outcome is what slices made of a job. Each slice writes its own to the
// receipt's body, one JSON document after the other; their sum is the result.
type outcome struct {
	Counts     wire.Counts      `json:"counts"`
	Exceptions []wire.Exception `json:"exceptions,omitempty"`
	More       int              `json:"more,omitempty"`
	Before     []byte           `json:"before,omitempty"` // canonical items, one a line
}

// readOutcome sums up a receipt's body.
func readOutcome(r pos.Receipt) (sum outcome, err error) {
	docs := json.NewDecoder(bytes.NewReader(r.Body))
	for {
		var o outcome
		err := docs.Decode(&o)
		if errors.Is(err, io.EOF) {
			return sum, nil
		}
		if err != nil {
			return sum, fmt.Errorf("cannot read the receipt of job %d: %w", r.Number, err)
		}
		sum.join(o)
	}
}

func (o *outcome) join(p outcome) {
	addCounts(&o.Counts, p.Counts)
	o.More += p.More
	for _, e := range p.Exceptions {
		o.except(e)
	}
	o.Before = append(o.Before, p.Before...)
}

func addCounts(c *wire.Counts, d wire.Counts) {
	c.Created += d.Created
	c.Adopted += d.Adopted
	c.Updated += d.Updated
	c.Equal += d.Equal
	c.Kept += d.Kept
	c.Deleted += d.Deleted
	c.Retired += d.Retired
	c.Unlinked += d.Unlinked
	c.Skipped += d.Skipped
	c.Parked += d.Parked
}

// result is the outcome as it travels.
func (o outcome) result(r pos.Receipt, posEpoch string) wire.Result {
	return wire.Result{
		Job: r.Job, HubEpoch: r.HubEpoch, Number: r.Number, Order: r.Order, Done: r.Done, POSEpoch: posEpoch,
		Counts: o.Counts, Exceptions: o.Exceptions, More: o.More, Before: string(o.Before),
	}
}

func (o *outcome) empty() bool {
	return o.Counts == wire.Counts{} && o.More == 0 && len(o.Exceptions) == 0
}

func (o *outcome) body() []byte {
	if o.empty() {
		return nil
	}
	return wire.EncodeControl(o)
}

// add records what became of one item.
func (o *outcome) add(plan merge.ItemPlan, id item.ID) {
	plan.Count(&o.Counts)
	for _, e := range plan.Exceptions() {
		if e.Key == "" {
			e.Key = id.Key
		}
		o.except(e)
	}
	if before, ok := plan.Before(id); ok {
		o.image(before)
	}
}

// maxBefore bounds the before-images of a job: a result must fit a batch. Beyond
// it a revert cannot set items back, which the result says.
const maxBefore = 4 << 20

func (o *outcome) image(before item.Item) {
	line := append(item.Append(nil, before), '\n')
	if len(o.Before)+len(line) <= maxBefore {
		o.Before = append(o.Before, line...)
		return
	}
	o.except(wire.Exception{
		N: -1, Kind: before.Kind, Key: before.Key, Action: string(merge.Update), Code: "no_before_image",
		Why: "the job changed more than a result can hold; this item cannot be set back by a revert",
	})
}

// except lists an exception, up to the protocol's limit; beyond it only counts.
func (o *outcome) except(e wire.Exception) {
	if len(o.Exceptions) >= wire.MaxExceptions {
		o.More++
		return
	}
	if len(e.Why) > wire.MaxReasonBytes {
		e.Why = clip(e.Why, wire.MaxReasonBytes-len("…")) + "…"
	}
	o.Exceptions = append(o.Exceptions, e)
}

// clip cuts s to at most n bytes without splitting a character.
func clip(s string, n int) string {
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
