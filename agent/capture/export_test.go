package capture

// SetPageRows makes steps small enough for a test to see their seams.
func (c *Capturer) SetPageRows(n int) { c.rows = n }
