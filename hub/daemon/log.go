package daemon

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"plait/hub/daemon/config"
)

// NewLog returns the log that the settings ask for. Lines hold ids and counts;
// no secret and no customer's name is ever given to it.
func NewLog(to io.Writer, c config.Log) zerolog.Logger {
	if c.Format == "text" {
		to = zerolog.ConsoleWriter{Out: to, NoColor: true, TimeFormat: time.DateTime}
	}
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		level = zerolog.InfoLevel // config has checked it
	}
	return zerolog.New(to).Level(level).With().Timestamp().Logger()
}
