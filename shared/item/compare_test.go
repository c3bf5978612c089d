package item_test

import (
	"math/big"
	"strconv"
	"testing"

	"plait/shared/item"

	"pgregory.net/rapid"
)

// Against exact rationals, over numbers of every length and sign.
func TestCompareNumbersIsExact(t *testing.T) {
	number := rapid.OneOf(
		rapid.Map(rapid.StringMatching(`-?[0-9]{1,30}(\.[0-9]{1,30})?`), item.MustDecimal),
		rapid.Map(rapid.Int64(), item.Integer),
		rapid.SampledFrom([]item.Value{
			item.MustDecimal("12.50"), item.MustDecimal("12.5"), item.MustDecimal("-0.0"), item.MustDecimal("9"), item.MustDecimal("10"),
			item.Integer(0), item.Integer(10), item.Integer(-1 << 63), item.MustDecimal("-9223372036854775808"), item.MustDecimal("-9223372036854775808.1"),
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if got, want := item.CompareNumbers(a, b), rational(t, a).Cmp(rational(t, b)); got != want {
			t.Fatalf("%s against %s is %d, want %d", a.Display(), b.Display(), got, want)
		}
		if item.CompareNumbers(a, b) != -item.CompareNumbers(b, a) {
			t.Fatalf("%s and %s compare in two ways", a.Display(), b.Display())
		}
	})
}

func rational(t *rapid.T, v item.Value) *big.Rat {
	text := v.Str()
	if v.Type() == item.TypeInteger {
		text = strconv.FormatInt(v.Int(), 10)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}

func TestOnlyIntegersAndDecimalsAreNumbers(t *testing.T) {
	for v, want := range map[*item.Value]bool{
		{}: false, ptr(item.Null()): false, ptr(item.MustText("1")): false, ptr(item.Bool(true)): false,
		ptr(item.Integer(1)): true, ptr(item.MustDecimal("0")): true,
	} {
		if v.IsNumber() != want {
			t.Errorf("%s is a number: %t", v.Display(), v.IsNumber())
		}
	}
}

func ptr(v item.Value) *item.Value { return &v }
