package storesync

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// Prediction is what a job will do at a store, as its wire.Result will say it.
// Keys of items that it will create are not known yet and stay "".
type Prediction struct {
	Counts     wire.Counts      `json:"counts"`
	Exceptions []wire.Exception `json:"exceptions,omitempty"` // at most wire.MaxExceptions
	More       int              `json:"more,omitempty"`       // exceptions past those
	// Digest covers what happens to every item and field.
	Digest string `json:"digest"`
}

// outcome gathers a Prediction item by item, as the branch gathers its result.
type outcome struct {
	Prediction
	sum hash.Hash
	buf []byte
}

func newOutcome() *outcome { return &outcome{sum: sha256.New()} }

func (o *outcome) add(plan merge.ItemPlan) {
	plan.Count(&o.Counts)
	for _, e := range plan.Exceptions() {
		o.except(e)
	}
	o.buf = fmt.Appendf(o.buf[:0], "%d\x00%s\x00%s\x00%s\x00%s\x00", plan.N, plan.Action, plan.Reason, plan.Local.Key, plan.Why)
	o.buf = append(item.AppendFields(o.buf, plan.Write), '\n')
	o.sum.Write(o.buf)
}

// except lists an exception, up to the protocol's limit; beyond it only counts.
func (p *Prediction) except(e wire.Exception) (listed bool) {
	if len(p.Exceptions) >= wire.MaxExceptions {
		p.More++
		return false
	}
	p.Exceptions = append(p.Exceptions, e)
	return true
}

func (o *outcome) except(e wire.Exception) {
	if len(e.Why) > wire.MaxReasonBytes {
		e.Why = clip(e.Why, wire.MaxReasonBytes-len("…")) + "…"
	}
	if !o.Prediction.except(e) {
		return
	}
	fmt.Fprintf(o.sum, "%d\x00%s\x00%s\x00%s\n", e.N, e.Field, e.Code, e.Why)
}

func (o *outcome) finish(unmapped []wire.Exception) Prediction {
	for _, e := range unmapped {
		o.except(e)
	}
	o.Digest = hex.EncodeToString(o.sum.Sum(nil))
	return o.Prediction
}

// clip cuts s to at most n bytes without splitting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
