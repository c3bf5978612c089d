package pos

// Left is how many records a connector holds of what its transactions left.
func Left(c Connector) int {
	l := &c.(*sqlConnector).left
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.records)
}
