package apply

import "time"

// activeSlices is for how many slices the POS counts as at work once it has written.
const activeSlices = 16

// tempo says how long a slice may work. The POS waits for its commit too, so what
// commits took lately is taken off; and where somebody writes to the POS while a job
// is applied, slices are half as long, for what waits for one may wait for another.
type tempo struct {
	commit time.Duration // the longest lately, a quarter less with each slice
	active int           // slices left for which the POS counts as at work
}

func (t *tempo) work(slice time.Duration) time.Duration {
	least := slice / 4
	if t.active > 0 {
		slice /= 2
	}
	return max(slice-t.commit, least)
}

// met notes that somebody else has written.
func (t *tempo) met() { t.active = activeSlices }

func (t *tempo) committed(took time.Duration) {
	t.commit = max(took, t.commit*3/4)
	t.active = max(t.active-1, 0)
}
