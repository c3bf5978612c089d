package item

import (
	"fmt"
	"strings"
)

// maxDecimalDigits bounds a decimal's length; the widest type of the POS engines
// (SQL Server's DECIMAL(38), PostgreSQL's money) stays far below it.
const maxDecimalDigits = 200

// Decimal returns the exact decimal that s spells: an optional sign, digits with
// an optional point, and an optional exponent of at most ±100. 12.50 and 12.5 give
// equal values; nothing passes through a float.
func Decimal(s string) (Value, error) {
	c, err := canonicalDecimal(s)
	if err != nil {
		return Value{}, err
	}
	return Value{typ: TypeDecimal, str: c}, nil
}

// MustDecimal is Decimal for a literal known to be valid. It panics otherwise.
func MustDecimal(s string) Value {
	v, err := Decimal(s)
	if err != nil {
		panic(err)
	}
	return v
}

func canonicalDecimal(s string) (string, error) {
	bad := func() (string, error) { return "", fmt.Errorf("cannot read decimal %.40q", s) }
	if len(s) == 0 || len(s) > maxDecimalDigits {
		return bad()
	}
	if isCanonicalDecimal(s) {
		return s, nil
	}
	mantissa, exp, ok := splitExponent(s)
	if !ok {
		return bad()
	}
	neg := strings.HasPrefix(mantissa, "-")
	mantissa = strings.TrimLeft(mantissa[:1], "+-") + mantissa[1:]
	whole, frac, _ := strings.Cut(mantissa, ".")
	if !allDigits(whole) || !allDigits(frac) || whole+frac == "" {
		return bad()
	}
	return placePoint(neg, whole+frac, len(whole)+exp), nil
}

// splitExponent cuts "1.5e-3" into "1.5" and -3.
func splitExponent(s string) (mantissa string, exp int, ok bool) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0, s != ""
	}
	digits := s[i+1:]
	sign := 1
	if strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		if digits[0] == '-' {
			sign = -1
		}
		digits = digits[1:]
	}
	if digits == "" || len(digits) > 3 || !allDigits(digits) || i == 0 {
		return "", 0, false
	}
	for _, d := range []byte(digits) {
		exp = exp*10 + int(d-'0')
	}
	return s[:i], sign * exp, exp <= 100
}

// placePoint writes digits with the decimal point after the given position,
// without needless zeros; a zero has no sign.
func placePoint(neg bool, digits string, point int) string {
	if point <= 0 {
		digits, point = strings.Repeat("0", 1-point)+digits, 1
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	whole := strings.TrimLeft(digits[:point], "0")
	frac := strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	out := whole
	if frac != "" {
		out += "." + frac
	}
	if neg && out != "0" {
		out = "-" + out
	}
	return out
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isCanonicalDecimal is the decoder's check and the fast path of Decimal.
func isCanonicalDecimal(s string) bool {
	if len(s) > maxDecimalDigits+110 {
		return false
	}
	body, neg := strings.CutPrefix(s, "-")
	whole, frac, point := strings.Cut(body, ".")
	switch {
	case whole == "" || !allDigits(whole) || !allDigits(frac):
		return false
	case len(whole) > 1 && whole[0] == '0':
		return false
	case point && (frac == "" || frac[len(frac)-1] == '0'):
		return false
	default:
		return !neg || body != "0"
	}
}
