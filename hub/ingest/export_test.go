package ingest

// LandAtOnce makes full uploads of more than n rows build a new copy, and
// returns what puts it back.
func LandAtOnce(n int64) (restore func()) {
	old := landAtOnce
	landAtOnce = n
	return func() { landAtOnce = old }
}

// LandOverJobs makes the weakened hub that a control must catch.
func (in *Ingest) LandOverJobs() { in.landOverJobs = true }

// KeepNoHeads makes a tree read its leaves again.
func KeepNoHeads() (restore func()) {
	old := maxHeads
	maxHeads = 0
	return func() { maxHeads = old }
}
