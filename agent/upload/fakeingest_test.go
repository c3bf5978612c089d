package upload_test

import (
	"context"
	"encoding/hex"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

func (h *hub) Batch(ctx context.Context, zstd []byte) (wire.BatchAck, error) {
	return within(h, ctx, "batch", func() (wire.BatchAck, error) {
		lines, err := wire.Decompress(zstd, wire.MaxBatchBytes)
		if err != nil {
			return wire.BatchAck{}, err
		}
		head, err := wire.ReadBatchHeader(lines)
		if err != nil {
			return wire.BatchAck{}, err
		}
		last, mark := h.batches[head.AgentEpoch], wire.BatchMark{Number: head.Number, Digest: wire.Sum(lines)}
		ack := wire.BatchAck{Number: mark.Number, Digest: mark.Digest}
		switch {
		case head.AgentEpoch != h.agentEpoch:
			return ack, wire.Refuse(wire.CodeBatchConflict, "batch %d is of another agent epoch", head.Number)
		case last == mark:
			return ack, nil
		case last.Number+1 != mark.Number:
			return ack, wire.Refuse(wire.CodeBatchConflict, "batch %d cannot follow batch %d", mark.Number, last.Number)
		}
		if err := h.refusesAny(lines); err != nil {
			return ack, err
		}
		if _, err := wire.ReadBatch(lines, func(e wire.Entry) error { return h.take(h.items, e) }); err != nil {
			return ack, err
		}
		h.batches[head.AgentEpoch] = mark
		h.sees(head.Mark)
		h.revision++
		return ack, nil
	})
}

// refusesAny refuses a batch whole for one of its items.
func (h *hub) refusesAny(lines []byte) error {
	if h.cannot == nil {
		return nil
	}
	_, err := wire.ReadBatch(lines, func(e wire.Entry) error {
		if it, err := item.Decode(e.Body); err == nil && h.cannot(it) != "" {
			return wire.Refuse(wire.CodeBadRequest, "%s", h.cannot(it))
		}
		return nil
	})
	return err
}

// sees keeps capture's mark, which never goes down within a history of the POS.
func (h *hub) sees(m wire.Mark) {
	if m.POSEpoch != "" && (m.POSEpoch != h.mark.POSEpoch || m.Seq > h.mark.Seq) {
		h.mark = m
	}
}

func (h *hub) take(to map[item.ID]row, e wire.Entry) error {
	switch e.Op {
	case wire.EntryBody:
		return nil
	case wire.EntryResult:
		return h.result(e.Body)
	}
	it, err := item.Decode(e.Body)
	if err != nil {
		return err
	}
	to[it.ID] = row{body: slices.Clone(e.Body), dead: it.Deleted}
	return nil
}

func (h *hub) result(body []byte) error {
	var r wire.Result
	if err := wire.UnmarshalStrict(body, &r); err != nil {
		return err
	}
	for i := range h.jobs {
		if j := &h.jobs[i]; j.ID == r.Job {
			j.State, j.order = "applied", r.Order
			j.results++
			return nil
		}
	}
	return nil // of a job that a restored hub does not know
}

// live is the copy, with what was staged over it.
func (h *hub) live(over map[item.ID]row) map[item.ID][]byte {
	out := map[item.ID][]byte{}
	for _, rows := range []map[item.ID]row{h.items, over} {
		for id, r := range rows {
			if delete(out, id); !r.dead {
				out[id] = r.body
			}
		}
	}
	return out
}

func (h *hub) sums(over map[item.ID]row) []wire.KindSum {
	return sumsOf(h.live(over))
}

func sumsOf(live map[item.ID][]byte) (out []wire.KindSum) {
	byKind := map[string]int{}
	digests := []item.Digest{}
	for id, body := range live {
		at, ok := byKind[id.Kind]
		if !ok {
			at = len(out)
			byKind[id.Kind] = at
			out = append(out, wire.KindSum{Kind: id.Kind})
			digests = append(digests, item.Digest{})
		}
		out[at].Count++
		digests[at] = digests[at].Xor(item.DigestOf(body))
		out[at].Sum = digests[at].String()
	}
	slices.SortFunc(out, func(a, b wire.KindSum) int { return compareText(a.Kind, b.Kind) })
	return out
}

// differing names the kinds whose sums differ; a kind without items may be left
// out on either side.
func differing(a, b []wire.KindSum) (out []string) {
	have := map[string]wire.KindSum{}
	for _, s := range a {
		have[s.Kind] = s
	}
	for _, s := range b {
		if got := have[s.Kind]; got != s && (s.Count > 0 || got.Count > 0) {
			out = append(out, s.Kind)
		}
		delete(have, s.Kind)
	}
	for kind := range have {
		out = append(out, kind)
	}
	slices.Sort(out)
	return out
}

func (h *hub) Sums(ctx context.Context, m wire.Sums) (wire.SumsAnswer, error) {
	return within(h, ctx, "reconcile", func() (a wire.SumsAnswer, err error) {
		if err := m.Validate(); err != nil {
			return a, err
		}
		leaves := make([]uint64, wire.Nodes*wire.Leaves)
		for id, body := range h.live(h.uploads[m.Upload].rows) {
			if id.Kind == m.Kind {
				leaves[wire.Leaf(id.Kind, id.Key)] ^= short(body)
			}
		}
		a.Differ = []int{}
		for i, sum := range m.Sum {
			var mine uint64
			if m.Node == nil {
				for _, l := range leaves[i*wire.Leaves : (i+1)*wire.Leaves] {
					mine ^= l
				}
			} else {
				mine = leaves[m.Node[i/wire.Leaves]*wire.Leaves+i%wire.Leaves]
			}
			if text := hexSum(mine); text != sum {
				a.Differ = append(a.Differ, i)
			}
		}
		return a, nil
	})
}

func (h *hub) Keys(ctx context.Context, m wire.Keys) (wire.KeysAnswer, error) {
	return within(h, ctx, "reconcile/keys", func() (a wire.KeysAnswer, err error) {
		if err := m.Validate(); err != nil {
			return a, err
		}
		mine := map[item.ID]string{}
		for id, body := range h.live(h.uploads[m.Upload].rows) {
			if id.Kind == m.Kind && slices.Contains(m.Leaf, wire.Leaf(id.Kind, id.Key)) {
				mine[id] = hexSum(short(body))
			}
		}
		a.Want, a.Extra = []int{}, []wire.KeyHash{}
		for i, k := range m.Items {
			id := item.ID{Kind: m.Kind, Key: k.Key, Gen: k.Gen}
			if mine[id] != k.Digest {
				a.Want = append(a.Want, i)
			}
			delete(mine, id)
		}
		for id, digest := range mine {
			a.Extra = append(a.Extra, wire.KeyHash{Key: id.Key, Gen: id.Gen, Digest: digest})
		}
		return a, nil
	})
}

func short(body []byte) (n uint64) {
	d := item.DigestOf(body)
	for _, b := range d[:8] {
		n = n<<8 | uint64(b)
	}
	return n
}

func hexSum(n uint64) string {
	if n == 0 {
		return ""
	}
	var b [8]byte
	for i := range b {
		b[i] = byte(n >> (56 - 8*i))
	}
	return hex.EncodeToString(b[:])
}
