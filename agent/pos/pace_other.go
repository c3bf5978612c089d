//go:build !windows

package pos

import "time"

// leastPause is how long a pause of the POS's takes at least.
const leastPause = time.Millisecond
