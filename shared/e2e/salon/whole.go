package salon

import "fmt"

// CreateWhole makes the tables of the whole edition, in which every kind of the
// catalogue has its place with every field. The small edition of Create is what
// runs for hours in the harnesses: each comparison reads every table.
func (p *POS) CreateWhole() error {
	if err := p.Create(); err != nil {
		return err
	}
	return p.scripts("menu.sql", "offers.sql", "office.sql")
}

// StockWhole puts in what Stock does, and something of every other kind. The POS
// must be of the whole edition.
func (p *POS) StockWhole() error {
	if err := p.Stock(); err != nil {
		return err
	}
	return p.scripts("stock.sql")
}

func (p *POS) scripts(names ...string) error {
	var list []stmt
	for _, name := range names {
		text, err := whole.ReadFile("whole/" + name)
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", name, err)
		}
		list = append(list, stmt{string(text), nil})
	}
	return p.run(list...)
}
