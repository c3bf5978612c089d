package pos

import "time"

// leastPause is how long a pause of the POS's takes at least: Windows wakes a program
// that asked for nothing finer 64 times a second.
const leastPause = 16 * time.Millisecond
