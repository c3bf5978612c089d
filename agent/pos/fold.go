package pos

import "context"

// mostInLog is how many pages a write-ahead log may hold before a commit of ours has
// it folded into the file: SQLite's own default, by which the POS's commits do it.
const mostInLog = 1000

// fold brings the file up to its write-ahead log once that is long, and gives the
// session and its token back. SQLite would do it within the commit, and fold and wait
// for the disk before it returns: but the commit is durable by then, the lock is free
// for the POS, and whoever committed has other things to do. It keeps nobody waiting,
// and what it leaves, or a kill leaves of it, is there for the commit after.
func (w *writer) fold() {
	ctx := context.Background()
	pages, err := w.c.dialect.logged(ctx, w.s)
	if err != nil || pages < mostInLog {
		w.release(err != nil)
		return
	}
	go func() { w.release(w.c.dialect.fold(ctx, w.s) != nil) }()
}
