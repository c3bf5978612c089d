package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

var errNotConfirmed = errors.New("not confirmed: nothing was done")

// confirm asks a question and goes on only if the answer is want, in any case.
func (a *App) confirm(question, want string) error {
	fmt.Fprintf(a.Err, "%s ", question)
	line, err := readLine(a.In)
	if err != nil {
		return fmt.Errorf("%w (%w); on a script's command line use --yes", errNotConfirmed, err)
	}
	if !strings.EqualFold(strings.TrimSpace(line), want) {
		return errNotConfirmed
	}
	return nil
}

// maxLine bounds what is read of an answer.
const maxLine = 1000

// readLine reads one line byte by byte, so that the next question finds its own
// answer.
func readLine(in io.Reader) (string, error) {
	var line []byte
	var c [1]byte
	for len(line) < maxLine {
		if _, err := io.ReadFull(in, c[:]); err != nil {
			if err == io.EOF && len(line) > 0 {
				return string(line), nil
			}
			return "", err
		}
		if c[0] == '\n' {
			return string(line), nil
		}
		line = append(line, c[0])
	}
	return "", errors.New("the line is too long")
}
