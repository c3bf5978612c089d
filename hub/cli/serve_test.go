package cli_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"plait/hub/cli"
	"plait/hub/daemon"
)

// A heard channel closes when the hub logs that it listens; log is read once the
// command has ended.
type heard struct {
	listens chan struct{}
	log     bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("the hub listens")) {
		close(h.listens)
	}
	return h.log.Write(p)
}

func TestServe(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	errs := &heard{listens: make(chan struct{})}
	var out bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		a := &cli.App{Version: "1.2.3", Out: &out, Err: errs}
		ended <- a.Run(ctx, "serve", "--config", "../../configs/hub.example.yaml", "--data", data, "--listen", "127.0.0.1:0")
	}()
	select {
	case <-errs.listens:
	case status := <-ended:
		t.Fatalf("it ended with %d: %s", status, &errs.log)
	}
	run(t, "", nil, "health", "--data", data).done("1.2.3")
	secret, err := daemon.ReadToken(filepath.Join(data, daemon.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if status := <-ended; status != 0 {
		t.Errorf("it ended with %d: %s", status, &errs.log)
	}
	// What is no terminal may be a service's journal.
	if bytes.Contains(out.Bytes(), []byte(secret)) || bytes.Contains(errs.log.Bytes(), []byte(secret)) {
		t.Errorf("it printed the administrator's token: %s%s", &out, &errs.log)
	}
	run(t, "", nil, "health", "--data", data).failed(1, "cannot reach the hub", "is it running?")
}
