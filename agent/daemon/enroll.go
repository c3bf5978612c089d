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
	if waiting {
		return result, err // the agent fetches the catalogue itself
	}
	if err == nil && !result.Repeated {
		err = adopt(ctx, o, result)
	}
	return result, errors.Join(err, lock.Release())
}

// adopt gives the new store a fresh record with its catalogue. A record that is
// there belongs to what this PC was before.
func adopt(ctx context.Context, o Options, r enrol.Result) error {
	path, now := o.Config.Database(), o.Now()
	aside := path + ".replaced-" + now.UTC().Format("20060102T150405")
	for _, part := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot set the old store's record aside: %w", err)
		}
	}
	box, _, err := outbox.Open(ctx, path, outbox.Options{Now: o.Now})
	if err != nil {
		return fmt.Errorf("cannot make the store's record: %w", err)
	}
	err = box.SetInstallation(ctx, r.Credential.Installation)
	if r.CatalogErr == nil {
		err = errors.Join(err, box.SetCatalog(ctx, r.Encoded))
	}
	return errors.Join(err, box.Close())
}
