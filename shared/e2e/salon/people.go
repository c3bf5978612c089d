package salon

import "fmt"

// Sell makes one ticket of one to three lines.
func (p *POS) Sell() error {
	tx, err := p.DB.Begin()
	if err != nil {
		return fmt.Errorf("cannot sell at %s: %w", p.Name, err)
	}
	defer tx.Rollback()
	var ticket int64
	err = tx.QueryRow(`INSERT INTO ticket (client_id, staff_id, sold_at, total, payment)
		VALUES (?, (SELECT id FROM staff WHERE active = 1 ORDER BY id LIMIT 1 OFFSET ?), datetime('now'), 0, ?) RETURNING id`,
		1+p.rng.IntN(4), p.rng.IntN(3), []string{"cash", "card", "voucher"}[p.rng.IntN(3)]).Scan(&ticket)
	if err != nil {
		return fmt.Errorf("cannot sell at %s: %w", p.Name, err)
	}
	for line := 1; line <= 1+p.rng.IntN(3); line++ {
		_, err := tx.Exec(`INSERT INTO ticket_line (ticket_id, line, service_id, quantity, price)
			SELECT ?, ?, id, 1, price FROM service WHERE active = 1 ORDER BY (id * 7919 + ?) % 31 LIMIT 1`, ticket, line, p.rng.IntN(31))
		if err != nil {
			return fmt.Errorf("cannot sell at %s: %w", p.Name, err)
		}
	}
	if _, err := tx.Exec("UPDATE ticket SET total = (SELECT coalesce(sum(price * quantity), 0) FROM ticket_line WHERE ticket_id = ticket.id) WHERE id = ?", ticket); err != nil {
		return fmt.Errorf("cannot sell at %s: %w", p.Name, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("cannot sell at %s: %w", p.Name, err)
	}
	return nil
}
