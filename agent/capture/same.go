package capture

import (
	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/merge"
)

// same judges by identity code, where both items have one, else by normalised
// name. A kind that has neither, such as settings that the POS writes anew at each
// change, has nothing that could tell two items apart: they are the same.
func (p *page) same(before, now item.Item) (bool, error) {
	if before.Fields.Equal(now.Fields) {
		return true, nil
	}
	m := p.match(now.Kind)
	if len(m.Code) == 0 && m.Name == "" {
		return true, nil
	}
	was, err := p.code(before, m.Code)
	if err != nil {
		return false, err
	}
	is, err := p.code(now, m.Code)
	if err != nil {
		return false, err
	}
	if was != "" && is != "" {
		return was == is, nil
	}
	name := item.NormalName(now.Fields.Get(m.Name).Str())
	return name != "" && name == item.NormalName(before.Fields.Get(m.Name).Str()), nil
}

// code is an item's identity code, with reference parts as the names of what they
// refer to; "" if it has none.
func (p *page) code(it item.Item, parts []string) (string, error) {
	var failed error
	text := func(ref item.Value) string {
		name, err := p.nameOf(ref)
		if err != nil {
			failed = err
		}
		return name
	}
	code := merge.Code(merge.Parts(it.Fields, parts), text)
	return code, failed
}

// nameOf is the name of a referenced item, as the record has it. Within one store
// its key tells as much where the record does not know it.
func (p *page) nameOf(ref item.Value) (string, error) {
	rows, err := p.step.Newest(ref.RefKind(), []string{ref.Str()})
	if err != nil {
		return "", err
	}
	if row, ok := rows[ref.Str()]; ok {
		name, err := p.nameIn(row)
		if err != nil || name != "" {
			return name, err
		}
	}
	return ref.Display(), nil
}

func (p *page) nameIn(row outbox.Row) (string, error) {
	it, err := row.Item()
	if err != nil {
		return "", err
	}
	return it.Fields.Get(p.match(row.Kind).Name).Str(), nil
}
