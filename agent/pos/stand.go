package pos

import "context"

// Stand is what has been committed to a POS database, to be compared alone.
type Stand struct {
	of      *session // another one counts on its own, or reads another file
	version int64
}

// Stand asks the writing session, to which alone this connector's own commits are
// not somebody's.
func (t *sqlTx) Stand(ctx context.Context) (out Stand, err error) {
	err = t.plain("read", func() error {
		out, err = t.w.c.stand(ctx, t.w.s)
		return err
	})
	return out, err
}

// Stand waits for a transaction that is open.
func (c *sqlConnector) Stand(ctx context.Context) (out Stand, err error) {
	select {
	case c.writing <- struct{}{}:
	case <-ctx.Done():
		return Stand{}, ctx.Err()
	}
	defer func() { <-c.writing }()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.attach(true); err != nil {
		return Stand{}, err
	}
	if c.h.write == nil {
		return Stand{}, nil // it is opened by the first transaction
	}
	out, err = c.stand(ctx, c.h.write)
	return out, c.explain("read", err)
}

func (c *sqlConnector) stand(ctx context.Context, s *session) (Stand, error) {
	if c.pace.blocks() {
		return Stand{}, nil
	}
	version, err := c.dialect.dataVersion(ctx, s)
	return Stand{of: s, version: version}, err
}

// Apart looks at the schema as it was when the transaction began.
func (t *sqlTx) Apart(kind string) bool { return t.w.c.apart(t.w.st, kind) }

// Apart looks at the schema as it was read last.
func (c *sqlConnector) Apart(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state != nil && c.apart(c.state, kind)
}

func (c *sqlConnector) apart(st *state, kind string) bool {
	p := st.plan(kind)
	return p != nil && st.schema.apart(p, c.mapping.ForeignKeys)
}
