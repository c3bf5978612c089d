package cli

import (
	"fmt"
	"time"

	"plait/agent/upload"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// shower shows an upload on its way.
type shower interface {
	step(upload.Step)
	end()
}

// progress chooses how: bars for a person at a terminal, lines for a file or a
// pipe, nothing beside JSON.
func (a *App) progress() shower {
	switch {
	case a.json:
		return silent{}
	case a.Terminal:
		return newBars(a)
	default:
		return &lines{app: a}
	}
}

type silent struct{}

func (silent) step(upload.Step) {}
func (silent) end()             {}

// lines prints a line for each step, but not one for each batch of a long upload.
type lines struct {
	app   *App
	phase string
	last  time.Time
}

const lineEvery = 2 * time.Second

func (l *lines) step(s upload.Step) {
	now := l.app.Now()
	if s.Phase == l.phase && now.Sub(l.last) < lineEvery {
		return
	}
	l.phase, l.last = s.Phase, now
	l.app.say("%s  %-7s  up %d, left %d  down %d, left %d  %s", now.Format("15:04:05"), s.Phase,
		s.RowsUp, s.RowsUpLeft, s.RowsDown, s.RowsDownLeft, clean(s.Text))
}

func (l *lines) end() {}

// bars are two, rows up and rows down, below a sentence of what happens.
type bars struct {
	writer   progress.Writer
	up, down *progress.Tracker
	done     chan struct{}
}

func newBars(a *App) *bars {
	b := &bars{
		writer: progress.NewWriter(), done: make(chan struct{}),
		up:   &progress.Tracker{Message: "rows up", AutoStopDisabled: true},
		down: &progress.Tracker{Message: "rows down", AutoStopDisabled: true},
	}
	b.writer.SetOutputWriter(a.Out)
	b.writer.SetUpdateFrequency(200 * time.Millisecond)
	b.writer.SetStyle(progress.StyleBlocks)
	b.writer.Style().Visibility.ETA = true
	b.writer.Style().Visibility.Value = true
	b.writer.AppendTrackers([]*progress.Tracker{b.up, b.down})
	go func() {
		defer close(b.done)
		b.writer.Render()
	}()
	return b
}

func (b *bars) step(s upload.Step) {
	b.writer.SetPinnedMessages(clean(s.Text))
	set(b.up, "rows up", s.RowsUp, s.RowsUpLeft)
	set(b.down, "rows down", s.RowsDown, s.RowsDownLeft)
}

func set(t *progress.Tracker, what string, done, left int64) {
	t.UpdateMessage(fmt.Sprintf("%s, %d remaining", what, left))
	t.UpdateTotal(done + left)
	t.SetValue(done)
}

// end stops drawing. A Stop before the drawing has begun does nothing, so it is said
// until the bars are gone.
func (b *bars) end() {
	b.up.MarkAsDone()
	b.down.MarkAsDone()
	for {
		b.writer.Stop()
		select {
		case <-b.done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
