package salon

import (
	"database/sql"
	"embed"
	"fmt"
	"math/rand/v2"
	"net/url"

	_ "modernc.org/sqlite" // the POS's own driver, as far as this sample goes
)

//go:embed schema.sql
var schema string

// Mapping is the mapping file of every sample salon. Its database is pos.db, in
// the same folder.
//
//go:embed mapping.yaml
var Mapping []byte

// WholeMapping is the mapping file of a salon whose POS is the whole edition: all
// kinds, with all fields.
//
//go:embed whole/mapping.yaml
var WholeMapping []byte

//go:embed whole/menu.sql whole/offers.sql whole/office.sql whole/stock.sql
var whole embed.FS

// POS is a salon's POS, open on its database.
type POS struct {
	DB   *sql.DB
	Name string
	rng  *rand.Rand
}

// Options say how the POS opens its database.
type Options struct {
	Journal string // "WAL" or "DELETE"; "" means WAL
	Busy    int    // busy timeout in milliseconds
	Seed    uint64 // of everything that the people there do
}

// Open opens a POS database, which may not exist yet.
func Open(path, name string, o Options) (*POS, error) {
	if o.Journal == "" {
		o.Journal = "WAL"
	}
	q := url.Values{}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", o.Busy))
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "journal_mode("+o.Journal+")")
	q.Set("_txlock", "immediate")
	db, err := sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("cannot open the POS of %s: %w", name, err)
	}
	db.SetMaxOpenConns(1)
	return &POS{DB: db, Name: name, rng: rand.New(rand.NewPCG(o.Seed, 7))}, nil
}

// Close closes the POS.
func (p *POS) Close() error { return p.DB.Close() }

// Create makes the tables and what every salon has of its own: staff, clients,
// tax codes. Head office's catalogue is put in by Stock.
func (p *POS) Create() error {
	if _, err := p.DB.Exec(schema); err != nil {
		return fmt.Errorf("cannot create the POS of %s: %w", p.Name, err)
	}
	return p.run(
		stmt{"INSERT INTO client (name, phone) VALUES ('Walk-in', NULL), ('Ada Park', '555-0101'), ('Noor Haddad', '555-0102'), ('Lena Roth', NULL)", nil},
		stmt{"INSERT INTO staff (name, email, role) VALUES (?, ?, 'manager'), (?, ?, 'stylist'), (?, ?, 'stylist')",
			[]any{"Mia of " + p.Name, mail("mia", p.Name), "Jo of " + p.Name, mail("jo", p.Name), "Sam of " + p.Name, mail("sam", p.Name)}},
	)
}

func mail(first, salon string) string { return first + "@" + salon + ".example" }

type stmt struct {
	text string
	args []any
}

// run runs statements in one transaction, as the POS would.
func (p *POS) run(list ...stmt) error {
	tx, err := p.DB.Begin()
	if err != nil {
		return fmt.Errorf("cannot write the POS of %s: %w", p.Name, err)
	}
	defer tx.Rollback()
	for _, s := range list {
		if _, err := tx.Exec(s.text, s.args...); err != nil {
			return fmt.Errorf("cannot write the POS of %s: %.60s…: %w", p.Name, s.text, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("cannot write the POS of %s: %w", p.Name, err)
	}
	return nil
}

// Exec runs one statement as the POS would.
func (p *POS) Exec(text string, args ...any) error { return p.run(stmt{text, args}) }

// Value reads one value.
func (p *POS) Value(query string, args ...any) (string, error) {
	var v sql.NullString
	if err := p.DB.QueryRow(query, args...).Scan(&v); err != nil {
		return "", fmt.Errorf("cannot read the POS of %s: %w", p.Name, err)
	}
	return v.String, nil
}
