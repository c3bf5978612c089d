package item

import (
	"cmp"
	"strconv"
	"strings"
)

// IsNumber reports whether the value is an integer or a decimal.
func (v Value) IsNumber() bool { return v.typ == TypeInteger || v.typ == TypeDecimal }

// CompareNumbers orders integers and decimals by what they amount to: -1 if a is
// less than b, 0 if they are the same amount, 1 if it is more. It is exact for
// every length; what is no number counts as 0.
func CompareNumbers(a, b Value) int {
	if a.typ == TypeInteger && b.typ == TypeInteger {
		return cmp.Compare(a.num, b.num)
	}
	negA, wholeA, fracA := a.digits()
	negB, wholeB, fracB := b.digits()
	switch {
	case negA && !negB:
		return -1
	case negB && !negA:
		return 1
	case negA:
		return compareDigits(wholeB, fracB, wholeA, fracA)
	}
	return compareDigits(wholeA, fracA, wholeB, fracB)
}

// compareDigits relies on canonical decimals: no zeros lead the whole part or
// end the fraction, so that more digits mean more, and a prefix means less.
func compareDigits(wholeA, fracA, wholeB, fracB string) int {
	return cmp.Or(cmp.Compare(len(wholeA), len(wholeB)), cmp.Compare(wholeA, wholeB), cmp.Compare(fracA, fracB))
}

func (v Value) digits() (neg bool, whole, frac string) {
	text := "0"
	switch v.typ {
	case TypeInteger:
		text = strconv.FormatInt(v.num, 10)
	case TypeDecimal:
		text = v.str
	}
	text, neg = strings.CutPrefix(text, "-")
	whole, frac, _ = strings.Cut(text, ".")
	return neg, whole, frac
}
