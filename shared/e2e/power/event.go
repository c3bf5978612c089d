package power

import (
	"math"
	"time"
)

// Sort is what an event does.
type Sort byte

// The sorts of events.
const (
	Open     Sort = iota // Path was opened; Create and Truncate say how
	Write                // Data at Offset of Path
	Truncate             // Path has now Offset bytes
	Sync                 // Path, a file or a folder, was to be made durable
	Unlink               // Path's name was taken away
	Rename               // Path is now To
)

// Unknown is the result of a call in which its thread was killed.
const Unknown = math.MinInt64

// Event is the beginning of a system call, or its end.
type Event struct {
	At    time.Time
	Call  int  // begin and end of one call have the same
	Begin bool // what follows is said at the beginning
	Sort  Sort
	Path  string
	To    string
	// Offset is where Data goes, or a file's new size.
	Offset int64
	Data   []byte
	// Create and Clear: the call makes the file where there is none, and empties it.
	Create, Clear bool
	// Result is what the call answered, said at the end: negative if it failed, or
	// Unknown.
	Result int64
}
