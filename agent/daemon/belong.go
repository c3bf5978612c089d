package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/agent/pos"
)

// foreignError is a credential of another store than this PC is. With it the PC's
// items would go up as that store's, over the hub's copy of that store.
type foreignError struct {
	file  string       // credential.json
	cred  outbox.Owner // whose it is
	what  string       // on this PC is another's
	owner outbox.Owner // whose that is
}

func (e foreignError) Error() string {
	return fmt.Sprintf("%s is the credential of store %s, but %s is of store %s: nothing was sent; put the credential of store %[4]s back, "+
		"or enrol this PC again for the store that it stands in: ask the hub's operator for a code (plait-hub store replace STORE), "+
		"stop the agent (plait-agent service stop) and run: plait-agent enroll --replace URL CODE", e.file, e.cred, e.what, e.owner)
}

func ownerOf(cred enrol.Credential) outbox.Owner {
	return outbox.Owner{Store: cred.Store, Name: cred.StoreName}
}

// ownRecord refuses a credential of another store than the record's.
func (d *Daemon) ownRecord(ctx context.Context, box *outbox.Box, cred enrol.Credential) error {
	owner, err := box.Owner(ctx)
	if err != nil || owner.Store == "" || owner.Store == cred.Store {
		return err
	}
	return foreignError{d.config.Credential(), ownerOf(cred), "the agent's record " + d.config.Database(), owner}
}

// settle has the record remember whose it is. Where it does not know, agent.db was
// lost and the POS database is asked, unless this PC was enrolled since.
func (d *Daemon) settle(ctx context.Context, c *core, posFile string) error {
	owner, err := c.box.Owner(ctx)
	if err != nil || owner.Store != "" {
		return err
	}
	if err := d.ownPOS(ctx, c, posFile); err != nil {
		return err
	}
	return c.box.SetOwner(ctx, ownerOf(c.cred))
}

// ownPOS refuses a credential of another store than the POS database's. One that
// Plait was never installed in is nobody's yet.
func (d *Daemon) ownPOS(ctx context.Context, c *core, file string) error {
	if here, err := d.enrolledHere(c.cred.Installation); err != nil || here {
		return err
	}
	meta, err := c.gate.Meta(ctx)
	switch {
	case errors.Is(err, pos.ErrAbsent):
		return nil
	case err != nil:
		return fmt.Errorf("the agent's record %s is new and does not know which store this PC is; the POS database does, and nothing is sent before it can be read: %w", d.config.Database(), err)
	case meta.Store != c.cred.Store:
		return foreignError{d.config.Credential(), ownerOf(c.cred), "the POS database " + file, outbox.Owner{Store: meta.Store}}
	}
	return nil
}

// enrolledHere reports whether the installation was enrolled on this PC while its
// agent ran. A POS database that was copied from another store becomes its own then.
func (d *Daemon) enrolledHere(installation string) (bool, error) {
	told, err := os.ReadFile(d.config.Enrolled())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot tell whether this PC was enrolled: %w", err)
	}
	return string(told) == installation, nil
}
