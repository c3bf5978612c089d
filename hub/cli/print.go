package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"

	"plait/shared/wire"
)

// show prints v as JSON if that was asked for, else what text prints.
func (a *App) show(v any, text func()) error {
	if !a.flags.json {
		text()
		return nil
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Out, "%s\n", b)
	return err
}

// say prints a line; what people named in it is escaped.
func (a *App) say(format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = escape(s)
		}
	}
	fmt.Fprintf(a.Out, format+"\n", args...)
}

// table prints rows under their heads, every cell escaped. Without rows it says
// none.
func (a *App) table(none string, head []string, rows [][]string) {
	if len(rows) == 0 {
		a.say("%s", none)
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(a.Out)
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Format.Header = 0 // as written
	t.SetStyle(style)
	t.AppendHeader(cells(head))
	for _, row := range rows {
		t.AppendRow(cells(row))
	}
	t.Render()
}

func cells(texts []string) table.Row {
	row := make(table.Row, len(texts))
	for i, s := range texts {
		row[i] = escape(s)
	}
	return row
}

// pairs prints names and values, one a line; empty values are left out.
func (a *App) pairs(list ...[2]string) {
	width := 0
	for _, p := range list {
		width = max(width, len(p[0]))
	}
	for _, p := range list {
		if p[1] != "" {
			a.say("%s  %s", fmt.Sprintf("%-*s", width, p[0]), p[1])
		}
	}
}

// escape makes a name safe to print: control characters, marks that turn the
// direction of text, and what is not text at all are written as escapes.
func escape(s string) string {
	if !strings.ContainsFunc(s, unprintable) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch _, size := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unprintable(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// complain prints an error as one sentence, or as JSON.
func (a *App) complain(err error) {
	var refused *wire.Error
	isRefused := errors.As(err, &refused)
	if !a.flags.json {
		text := err.Error()
		if isRefused {
			text = refused.Message // the code is for programs
		}
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			lines[i] = escape(line)
		}
		fmt.Fprintf(a.Err, "plait-hub: %s\n", strings.Join(lines, "\n  "))
		return
	}
	e := &wire.Error{Message: err.Error()}
	if isRefused {
		e = refused
	}
	b, _ := json.Marshal(map[string]any{"error": e}) // a struct of texts
	fmt.Fprintf(a.Err, "%s\n", b)
}

// when prints a time as this machine's people read it.
func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// some prints "1 job", "3 jobs".
func some(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
