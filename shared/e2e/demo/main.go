// Command demo runs Plait on this machine with made-up salons, to watch: a hub, a
// head office and three salons, each with a POS in which people sell and edit.
// It tells a short story, says where to look, and then goes on until Ctrl-C, or
// with -once ends after the story.
//
// Everything lies in one folder, which is removed at the end. Nothing but Go is
// needed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"plait/shared/e2e/rig"
)

// options are what the demonstration may be told.
type options struct {
	once   bool          // end after the story
	pause  time.Duration // to read what was said
	folder string        // to work in
	out    io.Writer
}

func main() {
	o := options{out: os.Stdout}
	flag.BoolVar(&o.once, "once", false, "end after the story")
	flag.DurationVar(&o.pause, "pause", 2*time.Second, "time to read between the steps")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demonstrate(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// demonstrate makes a folder, runs the show in it and takes everything away
// again.
func demonstrate(ctx context.Context, o options) (err error) {
	if o.folder, err = folder(); err != nil {
		return err
	}
	return errors.Join(run(ctx, o), os.RemoveAll(o.folder), rig.Clean())
}

// folder is a new one below the user's cache, which nobody else may write to; or,
// where there is none, among passing files.
func folder() (string, error) {
	parent, err := os.UserCacheDir()
	if err == nil {
		parent = filepath.Join(parent, "plait")
		err = os.MkdirAll(parent, 0o700)
	}
	if err != nil {
		parent = ""
	}
	path, err := os.MkdirTemp(parent, "demo-*")
	if err != nil {
		return "", fmt.Errorf("cannot make a folder for the demonstration: %w", err)
	}
	return path, nil
}
