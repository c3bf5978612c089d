package upload_test

import (
	"fmt"
	"strings"
	"testing"

	"plait/agent/upload"
	"plait/shared/wire"
)

// bends tells every answer of one sort otherwise.
func bends[A any](call string, how func(a *A)) func(string) fault {
	return always(call, fault{bend: func(a any) {
		if a, ok := a.(*A); ok {
			how(a)
		}
	}})
}

// A hub that answers nonsense is not believed: nothing leaves the outbox, nothing
// is called landed or equal, the conversation ends within a bound and says why,
// and the next one with a sound hub puts all right.
func TestNonsenseIsNotBelieved(t *testing.T) {
	type lie struct {
		fault func(string) fault
		says  string // in the error
	}
	for name, lie := range map[string]lie{
		"a welcome that says nothing": {bends("hello", func(w *wire.Welcome) { *w = wire.Welcome{} }), "hello"},
		"another store's welcome":     {bends("hello", func(w *wire.Welcome) { w.Store, w.StoreName = "store-2", "Harbour" }), "Harbour"},
		"a new epoch for ever":        {bends("hello", func(w *wire.Welcome) { w.NewAgentEpoch = true }), "again and again"},
		"another catalogue for ever":  {bends("hello", func(w *wire.Welcome) { w.Catalog = strings.Repeat("b", 64) }), "catalogue"},
		"nodes that are none":         {bends("reconcile", func(a *wire.SumsAnswer) { a.Differ = []int{-7, 1 << 40} }), "compare"},
		"a node over and over": {bends("reconcile", func(a *wire.SumsAnswer) {
			a.Differ = make([]int, 100_000)
		}), "compare"},
		"keys that nobody asked about": {bends("reconcile/keys", func(a *wire.KeysAnswer) { a.Want = []int{12_345} }), "compare"},
		"an item of another place": {bends("reconcile/keys", func(a *wire.KeysAnswer) {
			a.Extra = append(a.Extra, wire.KeyHash{Key: "elsewhere", Gen: 9, Digest: "00"})
		}), "compare"},
		"an item without a key": {bends("reconcile/keys", func(a *wire.KeysAnswer) { a.Extra = append(a.Extra, wire.KeyHash{Gen: -1}) }), "compare"},
		"no acknowledgement":    {bends("batch", func(a *wire.BatchAck) { *a = wire.BatchAck{} }), "batch"},
		"of another batch":      {bends("batch", func(a *wire.BatchAck) { a.Number++ }), "batch"},
		"of other bytes":        {bends("batch", func(a *wire.BatchAck) { a.Digest = strings.Repeat("c", 64) }), "batch"},
		"a job without an id":   {bends("next", func(a *wire.NextAnswer) { a.Job = &wire.Job{} }), "job"},
		"the same job for ever": {bends("next", func(a *wire.NextAnswer) {
			a.Job = &wire.Job{ID: "job-1", Number: 1, Label: "spring", Payload: somePayload}
		}), "spring"},
		"a job that nobody may begin": {bends("begin", func(a *wire.BeginAnswer) { a.State = "perhaps" }), "spring"},
		"a payload that is none":      {bends("payload", func(a *[]byte) { *a = []byte("plait-payload 2\n") }), "spring"},
		"a job twice, and another":    {twoJobs(), "again"},
		"nothing landed":              {bends("full/commit", func(a *wire.FullState) { *a = wire.FullState{} }), "full upload"},
		"refused, it says":            {bends("full/commit", func(a *wire.FullState) { a.State = "refused" }), "full upload"},
		"another upload landed":       {bends("full/commit", func(a *wire.FullState) { a.Upload = "u-2" }), "full upload"},
		"another landed already":      {bends("full/begin", func(a *wire.FullState) { a.Upload, a.State = "u-2", "landed" }), "full upload"},
		"begun, it does not say":      {bends("full/begin", func(a *wire.FullState) { *a = wire.FullState{} }), "full upload"},
		"a chunk below none":          {bends("full/begin", func(a *wire.FullState) { a.Chunk = -5 }), "full upload"},
		"another chunk":               {bends("full/chunk", func(a *wire.FullState) { a.Chunk = 0 }), "chunk"},
		"a chunk of another":          {bends("full/chunk", func(a *wire.FullState) { a.Upload = "u-2" }), "chunk"},
		"equal, and differs":          {bends("bye", func(a *wire.ByeAnswer) { a.Equal, a.Differ = true, []string{"service"} }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSalon(t)
			s.do(sells("1", "Cut", "30"), sells("2", "Color", "80"))
			s.talk(upload.Request{})
			s.spoil()
			s.hub.reconcile = "a person asked"
			s.do(sells("3", "Wash", "9"))
			s.hub.queue("spring", brings("Shave", "7", 6))
			s.hub.fault = lie.fault
			s.hub.before = once("full/begin", s.spoil)
			r, err := s.try(upload.Request{Full: true})
			if r.Equal {
				t.Errorf("the nonsense is believed: %+v", r)
			}
			if (err == nil) != (lie.says == "") || err != nil && !strings.Contains(err.Error(), lie.says) {
				t.Errorf("%v, want %q", err, lie.says)
			}
			if strings.HasPrefix(lie.says, "full") && r.Full != nil && r.Full.Landed {
				t.Errorf("it is called landed: %+v", r.Full)
			}
			if len(s.hub.calls) > 60 {
				t.Errorf("%d messages: %v …", len(s.hub.calls), s.hub.calls[:60])
			}
			s.hub.fault = nil
			s.restart()
			r = s.talk(upload.Request{Full: true})
			s.level(r)
			if s.hub.state("spring") != "applied" || r.Full == nil || !r.Full.Landed {
				t.Errorf("job %s, full %+v", s.hub.state("spring"), r.Full)
			}
		})
	}
}

// twoJobs are offered in turn, and their results count for nothing.
func twoJobs() func(string) fault {
	n := 0
	return bends("next", func(a *wire.NextAnswer) {
		n++
		a.Job = &wire.Job{ID: fmt.Sprint("turn-", n%2), HubEpoch: "h1", Number: int64(n%2 + 8), Label: "again", Payload: a.Job.Payload}
	})
}

// once has something happen before the first message of that name.
func once(call string, do func()) func(string) {
	done := false
	return func(c string) {
		if c == call && !done {
			done = true
			do()
		}
	}
}

var somePayload = strings.Repeat("d", 64)
