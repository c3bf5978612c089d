package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/outbox"
)

// Enroll makes the data folder's PC a store. An agent that runs and waits for its
// enrolment finds it by itself. Where one is replaced the agent must be stopped:
// the record of the old store is set aside with it.
func Enroll(ctx context.Context, o Options, e enrol.Options) (enrol.Result, error) {
	lock, err := datafolder.Acquire(o.Config.Data)
	waiting := errors.Is(err, datafolder.ErrInUse)
	if waiting && e.Replace {
		return enrol.Result{}, fmt.Errorf("cannot enroll anew while the agent runs: stop it first (plait-agent service stop): %w", err)
	}
	if err != nil && !waiting {
		return enrol.Result{}, err
	}
	result, err := enrol.Enroll(ctx, e)
	if waiting { // the agent, which holds its record, fetches the catalogue itself
		if err == nil {
			err = datafolder.WriteFile(o.Config.Enrolled(), []byte(result.Credential.Installation))
		}
		return result, err
	}
	if err == nil {
		err = adopt(ctx, o, result)
	}
	return result, errors.Join(err, lock.Release())
}

// adopt gives the new store a fresh record with its catalogue, unless it did so
// before. Another record that is there belongs to what this PC was before. Which
// installation the new one is of it says last: what was cut off is done again.
func adopt(ctx context.Context, o Options, r enrol.Result) error {
	path, now := o.Config.Database(), o.Now()
	if r.Repeated {
		if adopted, err := isOf(ctx, o, r.Credential.Installation); err != nil || adopted {
			return err
		}
	}
	aside := path + ".replaced-" + now.UTC().Format("20060102T150405.000")
	for _, part := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot set the old store's record aside: %w", err)
		}
	}
	box, _, err := outbox.Open(ctx, path, outbox.Options{Now: o.Now})
	if err != nil {
		return fmt.Errorf("cannot make the store's record: %w", err)
	}
	err = box.SetOwner(ctx, ownerOf(r.Credential))
	if err == nil && r.CatalogErr == nil {
		err = box.SetCatalog(ctx, r.Encoded)
	}
	if err == nil {
		err = box.SetInstallation(ctx, r.Credential.Installation)
	}
	return errors.Join(err, box.Close())
}

// isOf reports whether the record is this installation's.
func isOf(ctx context.Context, o Options, installation string) (bool, error) {
	box, _, err := outbox.Open(ctx, o.Config.Database(), outbox.Options{Now: o.Now})
	if err != nil {
		return false, fmt.Errorf("cannot open the agent's record: %w", err)
	}
	standing, err := box.Standing(ctx)
	return standing.Installation == installation, errors.Join(err, box.Close())
}
