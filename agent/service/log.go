package service

import (
	"context"
	"fmt"
	"io"

	"github.com/kardianos/service"
)

// EventLog returns a writer to the system's log, one line an entry: the event log
// on Windows, syslog on Linux. A service has no terminal that anybody would see.
func EventLog(c Config) (io.Writer, error) {
	s, err := open(context.Background(), c, nothing{})
	if err != nil {
		return nil, err
	}
	log, err := s.SystemLogger(nil)
	if err != nil {
		return nil, fmt.Errorf("cannot open the system's log: %w", err)
	}
	return eventWriter{log}, nil
}

type eventWriter struct{ log service.Logger }

func (w eventWriter) Write(p []byte) (int, error) {
	if err := w.log.Info(string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}
