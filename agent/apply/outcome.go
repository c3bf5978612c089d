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
	Before     []byte           `json:"before,omitempty"` // lines of wire.AppendImage

	had int // bytes of images that slices before this one kept
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
		Counts: o.Counts, Exceptions: o.Exceptions, More: o.More, Before: wire.PackImages(o.Before),
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

// add records what became of one item, given as it is now.
func (o *outcome) add(plan merge.ItemPlan, now item.Item) {
	plan.Count(&o.Counts)
	for _, e := range plan.Exceptions() {
		if e.Key == "" {
			e.Key = now.Key
		}
		o.except(e)
	}
	if m, ok := plan.Image(now); ok {
		o.image(plan, m)
	}
}

// image keeps a before-image. One for which there is no room only says which item
// it would have been of, so that a revert can name what it cannot set back.
func (o *outcome) image(plan merge.ItemPlan, m wire.Image) {
	if o.keep(m, roomFor(m)) {
		return
	}
	o.keep(wire.Image{N: m.N, Undo: wire.Undo{Did: m.Did, Key: m.Key, Gen: m.Gen}, Lost: true}, wire.MaxImageBytes)
	o.except(wire.Exception{
		N: m.N, Kind: plan.Kind, UID: plan.UID, Key: m.Key, Name: plan.Name, Action: string(plan.Action), Code: string(merge.NoBeforeImage),
		Why: "the job changed more than a result can hold; this item cannot be set back by a revert",
	})
}

// roomFor leaves half of a job's room to images without values.
func roomFor(m wire.Image) int {
	if m.Did == wire.DidCreate {
		return wire.MaxImageBytes
	}
	return wire.MaxImageBytes / 2
}

func (o *outcome) keep(m wire.Image, room int) bool {
	before := len(o.Before)
	o.Before = wire.AppendImage(o.Before, m)
	if o.had+len(o.Before) > room {
		o.Before = o.Before[:before]
		return false
	}
	return true
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
