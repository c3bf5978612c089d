package outbox_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"plait/shared/item"

	"pgregory.net/rapid"
)

// draw changes one key as capture would: a new state, a tombstone, or another item
// under the key, with the tombstone of the one before.
func (a *agent) draw(t *rapid.T) []item.Item {
	return a.drawKey(t, rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}).Draw(t, "key"))
}

func (a *agent) drawKey(t *rapid.T, key string) []item.Item {
	price := rapid.IntRange(1, 3).Draw(t, "price")
	newest, ok, err := a.Latest(context.Background(), "service", key)
	a.must(err)
	if !ok {
		return []item.Item{service(key, 1, price)}
	}
	switch rapid.IntRange(0, 4).Draw(t, "change") {
	case 0:
		return []item.Item{dead(newest)}
	case 1:
		return []item.Item{dead(newest), service(key, newest.Gen+1, price)}
	default:
		return []item.Item{service(key, newest.Gen, price)}
	}
}

// TestPropertyTheHubComesLevel: whatever is put, frozen, acknowledged, refused,
// thawed or cut off, at the end the hub holds what the record holds.
func TestPropertyTheHubComesLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		folder, remove := tempFolder(t)
		defer remove()
		a := openAgent(t, filepath.Join(folder, "agent.db"))
		defer func() { a.Close() }()
		for range rapid.IntRange(1, 30).Draw(t, "turns") {
			a.turn(t)
		}
		a.hub.refuses = nil
		parked, err := a.Parked(context.Background(), 100)
		a.must(err)
		for _, p := range parked {
			a.must(a.Retry(context.Background(), p.Key))
		}
		a.upload()
		a.checkLevel()
	})
}

func (a *agent) turn(t *rapid.T) {
	ctx := context.Background()
	switch rapid.IntRange(0, 9).Draw(t, "turn") {
	case 0:
		a.freeze()
	case 1: // ingested, and the answer lost or not
		if batch, ok := a.freeze(); ok {
			ack := a.ingest(batch)
			if rapid.Bool().Draw(t, "answered") {
				a.must(a.Acknowledge(ctx, ack))
			}
		}
	case 2: // refused whole: only a batch that was never ingested is
		if batch, ok := a.freeze(); ok && !a.ingested(batch.Digest) {
			a.thaw(batch, "no")
		}
	case 3:
		a.reopen()
	case 4:
		key := rapid.SampledFrom([]string{"1", "2", "none"}).Draw(t, "refused")
		a.hub.refuses = func(it item.Item) string {
			if it.Key == key {
				return "no"
			}
			return ""
		}
	case 5:
		_, err := a.NewEpoch(ctx)
		a.must(err)
	default:
		var items []item.Item
		for range rapid.IntRange(1, 5).Draw(t, "items") {
			drawn := a.draw(t)
			if !slices.ContainsFunc(items, func(it item.Item) bool { return it.Key == drawn[0].Key }) {
				items = append(items, drawn...)
			}
		}
		a.put(items...)
	}
}

func (a *agent) ingested(digest string) bool {
	for _, d := range a.hub.batches {
		if d == digest {
			return true
		}
	}
	return false
}
