package storesync

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/merge"
	"plait/shared/wire"
)

// revertPart is what a revert does at one store.
type revertPart struct {
	own  wire.Own
	lost []wire.Exception // items without an image
}

// part makes a store's part of a revert from the images of its job. why says why
// there is none, and the way out.
func (t *revertTest) part(v *store.StoreView, j store.Job) (part revertPart, why string, err error) {
	results, err := v.Results(j.ID)
	if err != nil {
		return part, "", err
	}
	r := imagesOf(results)
	if why := noImages(j, r, v.Now()); why != "" {
		return part, why, nil
	}
	payload, own, err := t.contents(v, j)
	if err != nil {
		return part, "", err
	}
	images, err := readImages(r.Before, len(payload.Items)+len(own.Items))
	if err != nil {
		return part, "", fmt.Errorf("cannot read the before-images of job %d: %w", j.Number, err)
	}
	part = t.revertOf(images, payload, own)
	if len(part.own.Items)+len(part.lost) == 0 {
		return part, "the sync changed nothing of that there", nil
	}
	return part, "", nil
}

// imagesOf is the newest result that has images: one that a restored receipt told
// again has none.
func imagesOf(results []store.Result) store.Result {
	for _, r := range results {
		if len(r.Before) > 0 {
			return r
		}
	}
	if len(results) > 0 {
		return results[0]
	}
	return store.Result{}
}

func noImages(j store.Job, r store.Result, now time.Time) string {
	c := r.Counts
	changed := c.Created + c.Adopted + c.Updated + c.Deleted + c.Retired + c.Unlinked
	switch {
	case j.State == store.Begun || j.State == store.CancelRequested:
		return fmt.Sprintf("it began job %d and has not reported yet: let its agent upload, then test again", j.Number)
	case j.Open():
		return fmt.Sprintf("job %d has not been applied: cancel it (plait-hub job cancel %s)", j.Number, j.ID)
	case j.State == store.Lost:
		return fmt.Sprintf("job %d went with the POS database that was restored: there is nothing to take back", j.Number)
	case r.At.IsZero():
		return fmt.Sprintf("nothing of job %d was applied", j.Number)
	case changed == 0:
		return fmt.Sprintf("job %d changed nothing there", j.Number)
	case len(r.Before) == 0 && now.Sub(r.At) >= keepImages:
		return fmt.Sprintf("job %d changed %s on %s; what was there before is kept for 90 days", j.Number, count(changed, "item"), r.At.Format("2006-01-02"))
	case len(r.Before) == 0:
		return fmt.Sprintf("job %d changed %s, and the store did not say what was there before", j.Number, count(changed, "item"))
	}
	return ""
}

func readImages(packed []byte, items int) (images []wire.Image, err error) {
	err = wire.ReadImages(packed, func(m wire.Image) error {
		if m.N < 0 || m.N >= items {
			return fmt.Errorf("there is one of item %d, and the job has %d", m.N, items)
		}
		images = append(images, m)
		return nil
	})
	return images, err
}

// revertOf turns images into the items of a revert, in the reverse order: what
// others refer to was applied before them, and is taken back after them.
func (t *revertTest) revertOf(images []wire.Image, payload wire.Payload, own wire.Own) (part revertPart) {
	slices.SortStableFunc(images, func(a, b wire.Image) int { return cmp.Compare(b.N, a.N) })
	for i := range images {
		m, of := &images[i], itemOf(images[i].N, payload, own)
		if !t.asked.wants(of.Kind, m.Key, of.Name) {
			continue
		}
		t.named++
		if m.Lost {
			part.lost = append(part.lost, wire.Exception{
				N: -1, Kind: of.Kind, UID: of.UID, Key: m.Key, Name: of.Name, Action: string(merge.Skip), Code: string(merge.NoBeforeImage),
				Why: "the sync changed more than its result could hold: it is not known what was there before, so it is not set back",
			})
			continue
		}
		part.own.Items = append(part.own.Items, wire.PayloadItem{
			Op: wire.OpRevert, Kind: of.Kind, UID: of.UID, Aliases: of.Aliases, Name: of.Name, Fields: m.Fields, Undo: &m.Undo,
		})
	}
	return part
}

func itemOf(n int, payload wire.Payload, own wire.Own) wire.PayloadItem {
	if n < len(payload.Items) {
		return payload.Items[n]
	}
	return own.Items[n-len(payload.Items)]
}

// warning names what cannot be set back.
func (p revertPart) warning() (w Warning, ok bool) {
	if len(p.lost) == 0 {
		return w, false
	}
	w = Warning{Code: string(merge.NoBeforeImage), Count: len(p.lost)}
	for _, e := range p.lost[:min(len(p.lost), 5)] {
		w.Names = append(w.Names, e.Name)
	}
	w.Text = fmt.Sprintf("%s cannot be set back, for it is not known what was there before: %s", count(len(p.lost), "item"), named(w.Names))
	w.Mend = "look at them at the store"
	return w, true
}
