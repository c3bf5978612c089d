package wire_test

import (
	"strings"
	"testing"

	"plait/shared/wire"
)

var (
	hash64 = strings.Repeat("0a", 32)
	sum32  = strings.Repeat("f", 32)
)

func goodHello() wire.Hello {
	return wire.Hello{
		Protocol: 1, CanonicalForm: 1, Version: "1.0", Installation: "i-1", AgentEpoch: "a-1", POSEpoch: "p-1", HubEpoch: "h-1",
		Chain: wire.Chain{Counter: 2, Previous: "n1", Next: "n2"}, Mapping: hash64, Profile: hash64, Catalog: hash64,
		Frozen: wire.BatchMark{Number: 2, Digest: hash64}, Acked: wire.BatchMark{Number: 1, Digest: hash64},
		Receipt: wire.ReceiptHead{Known: true, Job: "j", HubEpoch: "h-1", Number: 3}, Mark: wire.Mark{POSEpoch: "p-1", Seq: 9, Nonce: -4},
		Reason: "schedule", NextDue: 60, POSTrouble: "the table Track is gone",
	}
}

type validator interface{ Validate() error }

func TestValidateTakesGoodMessages(t *testing.T) {
	first := goodHello()
	first.Chain = wire.Chain{Counter: 1, Next: "n1"}
	first.POSEpoch, first.HubEpoch, first.Mapping, first.Profile, first.Catalog = "", "", "", "", ""
	first.Frozen, first.Acked, first.Receipt, first.Mark = wire.BatchMark{}, wire.BatchMark{}, wire.ReceiptHead{}, wire.Mark{}
	for _, v := range []validator{
		goodHello(), first,
		wire.Enroll{Protocol: 1, Code: "ABCD-EFGH", Installation: "i", Host: "Kasse Süd", Credential: hash64},
		wire.LinksAsk{}, wire.NextAsk{Receipt: wire.ReceiptHead{Known: true, Absent: true}}, wire.NextAsk{Receipt: wire.ReceiptHead{Known: true}}, wire.Begin{Job: "j", Receipt: goodHello().Receipt},
		wire.Bye{Kinds: []wire.KindSum{{Kind: "a", Sum: sum32}, {Kind: "b", Count: 1, Sum: sum32}}},
		wire.Profile{Kinds: []wire.ProfileKind{{Kind: "service", Fields: []wire.ProfileField{{Name: "name", MaxLen: 40}, {Name: "price"}}}}},
		wire.Result{Job: "j", HubEpoch: "h", Number: 1, Exceptions: []wire.Exception{{Kind: "service", Why: "the POS refuses the name"}, {N: -1, Kind: "service", Field: "image", Why: "it has no place in this store's POS"}}},
		wire.Sums{Kind: "a", Sum: make([]string, wire.Nodes)}, wire.Sums{Kind: "a", Node: []int{0, 511}, Sum: make([]string, 2*wire.Leaves)},
		wire.Keys{Kind: "a", Leaf: []int{0, 3}, Items: []wire.KeyHash{{Key: "7", Gen: 1, Digest: "0123456789abcdef"}}},
		wire.Repairs{}, wire.Repairs{List: []wire.Repair{{ID: "r", Kind: "service", Key: "a\nb", UID: "u", Name: "Cut", Fields: []wire.RepairField{{Field: "name", Value: "Cutt"}}}}},
		wire.FullBegin{Upload: "u"}, wire.FullCommit{Upload: "u", Chunks: 3},
	} {
		if err := v.Validate(); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func TestValidateRefusesBadHellos(t *testing.T) {
	for name, spoil := range map[string]func(*wire.Hello){
		"no installation":     func(h *wire.Hello) { h.Installation = "" },
		"an epoch with space": func(h *wire.Hello) { h.AgentEpoch = "a b" },
		"a long epoch":        func(h *wire.Hello) { h.POSEpoch = strings.Repeat("a", 201) },
		"a terminal escape":   func(h *wire.Hello) { h.Version = "\x1b[2J" },
		"upper-case digest":   func(h *wire.Hello) { h.Mapping = strings.Repeat("0A", 32) },
		"short digest":        func(h *wire.Hello) { h.Frozen.Digest = "00" },
		"batch 0":             func(h *wire.Hello) { h.Acked.Number = 0 },
		"counter 0":           func(h *wire.Hello) { h.Chain.Counter = 0 },
		"no previous nonce":   func(h *wire.Hello) { h.Chain.Previous = "" },
		"a nonce twice":       func(h *wire.Hello) { h.Chain.Next = h.Chain.Previous },
		"receipt, no job":     func(h *wire.Hello) { h.Receipt.Job = "" },
		"receipt unknown":     func(h *wire.Hello) { h.Receipt.Known = false },
		"a negative mark":     func(h *wire.Hello) { h.Mark.Seq = -1 },
		"a negative due time": func(h *wire.Hello) { h.NextDue = -1 },
		"a long trouble":      func(h *wire.Hello) { h.POSTrouble = strings.Repeat("a", 2001) },
	} {
		h := goodHello()
		spoil(&h)
		if err := h.Validate(); codeOf(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidateRefusesBadMessages(t *testing.T) {
	for name, v := range map[string]validator{
		"a short credential":       wire.Enroll{Code: "C", Installation: "i", Credential: "secret"},
		"a bye out of order":       wire.Bye{Kinds: []wire.KindSum{{Kind: "b", Sum: sum32}, {Kind: "a", Sum: sum32}}},
		"a bye's short sum":        wire.Bye{Kinds: []wire.KindSum{{Kind: "a", Sum: "00"}}},
		"a kind twice":             wire.Profile{Kinds: []wire.ProfileKind{{Kind: "a"}, {Kind: "a"}}},
		"a field twice":            wire.Profile{Kinds: []wire.ProfileKind{{Kind: "a", Fields: []wire.ProfileField{{Name: "b"}, {Name: "b"}}}}},
		"begin without a job":      wire.Begin{},
		"a place before the first": wire.Result{Job: "j", HubEpoch: "h", Number: 1, Exceptions: []wire.Exception{{N: -2, Kind: "service"}}},
		"a negative count":         wire.Result{Job: "j", HubEpoch: "h", Number: 1, Counts: wire.Counts{Parked: -1}},
		"too few sums":             wire.Sums{Kind: "a", Sum: make([]string, 3)},
		"a node beyond":            wire.Sums{Kind: "a", Node: []int{512}, Sum: make([]string, wire.Leaves)},
		"leaves falling":           wire.Keys{Kind: "a", Leaf: []int{3, 2}},
		"a digest of 128 bits":     wire.Keys{Kind: "a", Items: []wire.KeyHash{{Key: "7", Digest: sum32}}},
		"a repair of nothing":      wire.Repairs{List: []wire.Repair{{ID: "r"}}},
		"a repair with an escape":  wire.Repairs{List: []wire.Repair{{ID: "r", Kind: "k", UID: "u", Refused: "\x1b[2J"}}},
		"a repair with a long key": wire.Repairs{List: []wire.Repair{{ID: "r", Kind: "k", UID: "u", Key: strings.Repeat("k", 1001)}}},
		"full without an id":       wire.FullBegin{},
		"commit -1":                wire.FullCommit{Upload: "u", Chunks: -1},
	} {
		if err := v.Validate(); codeOf(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (wire.Repairs{List: make([]wire.Repair, wire.MaxRepairs+1)}).Validate(); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("too many repairs: %v", err)
	}
	many := wire.Result{Job: "j", HubEpoch: "h", Number: 1, Exceptions: make([]wire.Exception, wire.MaxExceptions+1)}
	if err := many.Validate(); codeOf(err) != wire.CodeTooLarge {
		t.Errorf("too many exceptions: %v", err)
	}
}
