package wire

// Validate checks sums of nodes or leaves: as many as are asked about, places
// within the tree, rising.
func (s Sums) Validate() error {
	var c check
	c.optionalID("upload", s.Upload)
	c.name("kind", s.Kind)
	c.rising("nodes", s.Node, Nodes)
	want := Nodes
	if s.Node != nil {
		want = len(s.Node) * Leaves
	}
	c.require(len(s.Sum) == want, "%d sums, where %d are expected", len(s.Sum), want)
	for _, sum := range s.Sum {
		c.optionalHex("sum", sum, 16)
	}
	return c.result()
}

// Validate checks the items of some leaves.
func (k Keys) Validate() error {
	var c check
	c.optionalID("upload", k.Upload)
	c.name("kind", k.Kind)
	c.rising("leaves", k.Leaf, Nodes*Leaves)
	for _, it := range k.Items {
		c.require(it.Key != "", "a key is missing")
		c.atLeast("generation", it.Gen, 0)
		c.hex("digest", it.Digest, 16)
	}
	return c.result()
}

func (c *check) rising(what string, places []int, limit int) {
	last := -1
	for _, p := range places {
		c.require(p > last && p < limit, "%s must rise and stay below %d", what, limit)
		last = p
	}
}

// Validate checks the beginning of a full upload.
func (f FullBegin) Validate() error {
	var c check
	c.id("upload", f.Upload)
	c.optionalID("request", f.Request)
	c.atLeast("revision", f.Revision, 0)
	c.atLeast("rows", f.Rows, 0)
	c.receipt(f.Receipt)
	return c.result()
}

// Validate checks the commit of a full upload: kinds sorted, each once.
func (f FullCommit) Validate() error {
	var c check
	c.id("upload", f.Upload)
	c.atLeast("chunks", f.Chunks, 0)
	c.kindSums(f.Kinds)
	return c.result()
}
