package masterlist

import (
	"strings"

	"plait/shared/item"
)

// cell is what a cell of CSV says. A literal one is text as it stands.
type cell struct {
	text    string
	literal bool
}

// null is the cell of a field that has no value, none that of rows without an
// element.
const (
	null = "null"
	none = "none"
)

// formula are the characters with which a cell begins that a spreadsheet runs.
const formula = "=+-@\t\r"

// readCell takes away the apostrophe that guard put before a text.
func readCell(text string) cell {
	if rest, ok := strings.CutPrefix(text, "'"); ok && needsGuard(rest) {
		return cell{rest, true}
	}
	return cell{text: strings.TrimSpace(text)}
}

// guard puts an apostrophe before a text that a spreadsheet, or readCell, would
// take for something else.
func guard(text string) string {
	if needsGuard(text) {
		return "'" + text
	}
	return text
}

func needsGuard(text string) bool {
	return text == "" || text == null || text != strings.TrimSpace(text) || strings.ContainsRune(formula+"'", rune(text[0]))
}

// number: a number may begin with a minus, and is no formula.
func number(v item.Value) bool { return v.Type() == item.TypeInteger || v.Type() == item.TypeDecimal }
