package outbox

import (
	"context"
	"fmt"
)

// Owner is the store whose POS the record speaks of. As another's it must not go up.
type Owner struct {
	Store string `json:"store"` // id
	Name  string `json:"name"`  // when it enrolled; "" if that is not known
}

// String names the store for people.
func (o Owner) String() string {
	if o.Name == "" {
		return o.Store
	}
	return fmt.Sprintf("%q (%s)", o.Name, o.Store)
}

// Owner returns whose the record is; the zero value while it does not know.
func (b *Box) Owner(ctx context.Context) (Owner, error) {
	return get(ctx, b, func(m *meta) (o Owner) { m.json(metaOwner, &o); return o })
}

// SetOwner has the record remember whose it is.
func (b *Box) SetOwner(ctx context.Context, o Owner) error {
	return b.set(ctx, func(m *meta) { m.setJSON(metaOwner, o) })
}
