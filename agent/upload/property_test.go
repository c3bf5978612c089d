package upload_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"plait/agent/pos/postest"
	"plait/agent/upload"
	"plait/shared/item"
	"plait/shared/wire"
)

var histories = flag.Int("plait.histories", 15, "random histories of conversations that are tried")

// breach ends a history that broke a promise.
type breach string

// witness is the fataler of a history: what fails is a breach.
type witness struct{}

func (witness) Helper()                           {}
func (witness) Errorf(format string, args ...any) { panic(breach(fmt.Sprintf(format, args...))) }
func (witness) Fatal(args ...any)                 { panic(breach(fmt.Sprint(args...))) }
func (witness) Fatalf(format string, args ...any) { panic(breach(fmt.Sprintf(format, args...))) }

// Whatever the hub answers, and wherever a conversation is cut off, it ends within
// a bound of messages; equal is said only of what is equal; and once all is quiet
// a few conversations make it so, with nothing left waiting.
func TestConversationsEndAndTellTheTruth(t *testing.T) {
	for seed := range *histories {
		if found := live(t.TempDir(), uint64(seed), false); found != "" {
			t.Errorf("history %d: %s", seed, found)
		}
	}
}

// The control: a hub that calls everything equal is caught.
func TestAHubThatBelievesEverythingIsCaught(t *testing.T) {
	for seed := range 100 {
		if live(t.TempDir(), uint64(seed), true) != "" {
			return
		}
	}
	t.Error("a hub that compares nothing passes every history")
}

// history is a salon through good days and bad.
type history struct {
	*salon
	*rand.Rand
	jobs    int
	backups []hubState
}

// live returns the promise that a history broke; "" for none.
func live(folder string, seed uint64, lax bool) (found string) {
	h := &history{salon: openSalon(witness{}, folder), Rand: rand.New(rand.NewPCG(seed, 7))}
	defer func() {
		if err := h.box.Close(); err != nil && found == "" {
			found = err.Error()
		}
	}()
	defer func() {
		if p := recover(); p != nil {
			b, ok := p.(breach)
			if !ok {
				panic(p)
			}
			found = string(b)
		}
	}()
	h.hub.lax = lax
	for range 3 + h.IntN(8) {
		h.happens()
		h.hub.fault = h.badLine()
		h.converse()
	}
	h.hub.fault, h.hub.before, h.hub.cannot = nil, nil, nil
	h.mem.Fail(nil)
	h.retries()
	h.quiet()
	return ""
}

// happens changes the POS, the hub's queue, or what is stored at one end.
func (h *history) happens() {
	for range 1 + h.IntN(4) {
		key := fmt.Sprint(h.IntN(5) + 1)
		h.do(sells(key, "Service "+fmt.Sprint(h.IntN(4)), fmt.Sprint(h.IntN(90)+1)))
	}
	switch h.IntN(12) {
	case 0, 1:
		h.jobs++
		h.hub.queue(fmt.Sprint("sync ", h.jobs), brings(fmt.Sprint("Service ", h.IntN(6)), fmt.Sprint(h.jobs), int64(h.jobs)))
	case 2:
		h.do(postest.Op{Verb: postest.Erase, Kind: "service", Key: fmt.Sprint(h.IntN(5) + 1)})
	case 3:
		h.hub.request = fmt.Sprint("request-", h.IntN(1000))
	case 4:
		h.backups = append(h.backups, h.hub.backup())
	case 5:
		if n := len(h.backups); n > 0 {
			h.hub.hubState = h.backups[h.IntN(n)].backup()
		}
	case 6:
		h.lose()
	case 7:
		h.must(h.mem.Uninstall(context.Background()))
	case 8:
		if _, err := h.mem.Meta(context.Background()); err == nil {
			h.must(h.mem.NewEpoch(context.Background(), fmt.Sprint("epoch-", h.IntN(1000))))
		}
	case 9:
		h.spoil()
	case 10:
		h.restart()
	case 11:
		no := fmt.Sprint("Service ", h.IntN(4))
		h.hub.cannot = func(it item.Item) string {
			if it.Fields.Get("name").Str() == no {
				return "not that"
			}
			return ""
		}
	}
}

// badLine loses, refuses or bends some of the messages.
func (h *history) badLine() func(string) fault {
	odds := h.IntN(4) * 4 // in 100, of each message
	return func(call string) fault {
		if h.IntN(100) >= odds {
			return fault{}
		}
		switch h.IntN(5) {
		case 0:
			return fault{lost: true}
		case 1:
			return fault{unsaid: true}
		case 2:
			codes := []wire.Code{wire.CodeBusy, wire.CodeOver, wire.CodeInternal, wire.CodeConflict, wire.CodeBatchConflict, wire.CodeJobsOpen, wire.CodeNotFound, wire.CodeHeld}
			return fault{refuse: wire.Refuse(codes[h.IntN(len(codes))], "no, says the hub to %s", call)}
		default:
			return fault{bend: h.bent()}
		}
	}
}

// bent makes an answer say less, or more, than it did.
func (h *history) bent() func(any) {
	n := h.IntN(4)
	return func(a any) {
		switch a := a.(type) {
		case *wire.Welcome:
			a.WantReceipts, a.Reconcile, a.NewAgentEpoch = n == 0, "so it says", n == 1
		case *wire.BatchAck:
			a.Number += int64(n)
		case *wire.SumsAnswer:
			a.Differ = []int{n, n + 3}
		case *wire.KeysAnswer:
			a.Want = nil
		case *wire.NextAnswer:
			a.Job = nil
		case *wire.BeginAnswer:
			a.State = []string{"cancelled", "", "begun", "lost"}[n]
		case *wire.FullState:
			a.State = []string{"landed", "refused", "staging", ""}[n]
		case *wire.ByeAnswer:
			a.Equal, a.Differ = false, []string{"service", "vendor"}
		}
	}
}

// converse holds a conversation, and compares what it says with what is.
func (h *history) converse() {
	r, err := h.try(upload.Request{Reason: "schedule", Full: h.IntN(6) == 0})
	if r.Equal && h.unlike() != "" {
		h.t.Fatalf("it says equal, and %s\nafter %v, %v", h.unlike(), h.hub.calls, err)
	}
}

// retries is what a technician does about what the hub refused.
func (h *history) retries() {
	list, err := h.box.Parked(context.Background(), 1000)
	h.must(err)
	for _, x := range list {
		h.must(h.box.Retry(context.Background(), x.Key))
	}
}

// enough conversations on a good line: the first may end with a new epoch.
const enough = 4

func (h *history) quiet() {
	var err error
	var r upload.Report
	for range enough {
		if r, err = h.try(upload.Request{Reason: "retry"}); err == nil && r.Equal && r.OpenJobs == 0 {
			break
		}
	}
	if err != nil || !r.Equal || r.OpenJobs != 0 || h.unlike() != "" || h.pending() != 0 {
		h.t.Fatalf("on a good line: %+v, %v; %s; %d wait; after %v", r, err, h.unlike(), h.pending(), h.hub.calls)
	}
}
