package storesync

// CatchUpItems bounds the jobs of continuous syncs to n items until the returned
// function is called.
func CatchUpItems(n int) (restore func()) {
	before := catchUpItems
	catchUpItems = n
	return func() { catchUpItems = before }
}
