package pos

import (
	"fmt"
	"strconv"
	"strings"

	"plait/shared/sqliterows"
)

// cell is one column of a row as the POS holds it.
type cell struct {
	typ  cellType
	num  int64
	real float64
	text string // of a text or a blob. A text that is read in place holds until the next row
}

type cellType uint8

const (
	cellNull cellType = iota
	cellInteger
	cellReal
	cellText
	cellBlob
)

// Scan takes what a driver gives.
func (c *cell) Scan(src any) error {
	switch x := src.(type) {
	case nil:
		*c = cell{}
	case int64:
		*c = cell{typ: cellInteger, num: x}
	case float64:
		*c = cell{typ: cellReal, real: x}
	case string:
		*c = cell{typ: cellText, text: x}
	case []byte:
		*c = cell{typ: cellBlob, text: string(x)}
	default:
		return fmt.Errorf("the driver gives a %T, which no column holds", src)
	}
	return nil
}

// take reads a column in place.
func (c *cell) take(row sqliterows.Row, i int) {
	switch row.Type(i) {
	case sqliterows.Integer:
		c.typ, c.num = cellInteger, row.Integer(i)
	case sqliterows.Float:
		c.typ, c.real = cellReal, row.Float(i)
	case sqliterows.Text:
		c.typ, c.text = cellText, row.Text(i)
	case sqliterows.Blob:
		c.typ, c.text = cellBlob, string(row.Blob(i))
	default:
		c.typ = cellNull
	}
}

// own gives the texts of a row that was read in place memory of their own.
func own(row []cell) {
	for i := range row {
		if row[i].typ == cellText {
			row[i].text = strings.Clone(row[i].text)
		}
	}
}

// arg is the cell as a statement's argument.
func (c *cell) arg() any {
	switch c.typ {
	case cellInteger:
		return c.num
	case cellReal:
		return c.real
	case cellText:
		return c.text
	case cellBlob:
		return []byte(c.text)
	default:
		return nil
	}
}

func (c *cell) isNull() bool { return c.typ == cellNull }

// show describes a value of the POS in an error without spreading what may be a
// customer's secret: texts are cut short.
func (c *cell) show() string {
	switch c.typ {
	case cellNull:
		return "NULL"
	case cellText:
		return fmt.Sprintf("the text %.20q", c.text)
	case cellBlob:
		return fmt.Sprintf("%d bytes", len(c.text))
	case cellInteger:
		return "the number " + strconv.FormatInt(c.num, 10)
	default:
		return fmt.Sprintf("the number %v", c.real)
	}
}
