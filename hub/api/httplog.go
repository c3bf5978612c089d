package api

import (
	"log"
	"strings"

	"github.com/rs/zerolog"
)

// httpLog takes what net/http has to say (scanners' broken handshakes, mostly)
// into our log at level debug.
func httpLog(to zerolog.Logger) *log.Logger { return log.New(lines{to}, "", 0) }

type lines struct{ to zerolog.Logger }

func (l lines) Write(p []byte) (int, error) {
	l.to.Debug().Str("from", "net/http").Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}
