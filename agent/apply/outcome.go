package apply

import (
	"encoding/json"
	"fmt"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// outcome is a job's result as it grows, slice by slice, in its receipt's body.
type outcome struct {
	wire.Result
}

// readOutcome reads a receipt's body; an empty one is a job not begun, or one
// whose outcomes the hub has acknowledged.
func readOutcome(r pos.Receipt) (outcome, error) {
	out := outcome{wire.Result{Job: r.Job, HubEpoch: r.HubEpoch, Number: r.Number, Done: r.Done}}
	if len(r.Body) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(r.Body, &out.Result); err != nil {
		return out, fmt.Errorf("cannot read the receipt of job %d: %w", r.Number, err)
	}
	out.Done = r.Done
	return out, nil
}

func (o *outcome) identify(job wire.Job, posEpoch string) {
	o.Job, o.HubEpoch, o.Number, o.POSEpoch = job.ID, job.HubEpoch, job.Number, posEpoch
}

func (o *outcome) body() []byte { return wire.EncodeControl(o.Result) }

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
		o.Before += string(item.Append(nil, before)) + "\n"
	}
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

// copy is the outcome as it was, for a slice that may be rolled back.
func (o outcome) copy() outcome {
	o.Exceptions = o.Exceptions[:len(o.Exceptions):len(o.Exceptions)]
	return o
}
