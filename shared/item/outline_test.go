package item_test

import (
	"reflect"
	"slices"
	"testing"

	"plait/shared/item"

	"pgregory.net/rapid"
)

// TestAnOutlineIsThePartThatWasAskedFor: an outline is the item with the fields that
// were named, and its link without fields.
func TestAnOutlineIsThePartThatWasAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := genItem().Draw(t, "item")
		form := item.Append(nil, it)
		whole, err := item.Decode(form)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Link != nil {
			whole.Link.Fields = nil
		}
		names := []string{"", "zz"}
		var wanted item.Fields
		for _, f := range whole.Fields {
			if rapid.Bool().Draw(t, "wanted") {
				names, wanted = append(names, f.Name), append(wanted, f)
			}
		}
		slices.Sort(names)
		all, err := item.Outline(form, nil)
		if err != nil || !reflect.DeepEqual(all, whole) {
			t.Fatalf("%s is outlined as\n%+v, %v, and is\n%+v", form, all, err, whole)
		}
		whole.Fields = wanted
		some, err := item.Outline(form, names)
		if err != nil || !reflect.DeepEqual(some, whole) {
			t.Fatalf("of %s, %q are\n%+v, %v, and should be\n%+v", form, names, some, err, whole)
		}
		for i := range form { // what was returned has memory of its own
			form[i] = 'x'
		}
		if !reflect.DeepEqual(some, whole) || all.Key != whole.Key || all.Kind != whole.Kind {
			t.Fatalf("it changed with what it was read from: %+v", some)
		}
	})
}

// FuzzOutline: bytes that are no item are refused, or are one; nothing worse happens.
func FuzzOutline(f *testing.F) {
	f.Add([]byte(`{"f":{"a":{"d":"1.5"},"name":"x\"}","z":[1]},"g":1,"i":"1","k":"service","l":{"b":"local","u":"u"}}`), "name")
	f.Add([]byte(`{"f":{"a":"`), "b")
	f.Add([]byte(`{"f":{"a":{"r":["k"`), "b")
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		whole, wrong := item.Decode(b)
		it, err := item.Outline(b, []string{name})
		if wrong == nil && (err != nil || it.ID != whole.ID || it.Deleted != whole.Deleted || !it.Fields.Get(name).Equal(whole.Fields.Get(name))) {
			t.Errorf("%s: %+v, %v", b, it, err)
		}
	})
}
