package salon_test

import (
	"path/filepath"
	"testing"

	"plait/shared/e2e/salon"
)

func TestSampleSalonSellsWhatItStocks(t *testing.T) {
	p, err := salon.Open(filepath.Join(t.TempDir(), "pos.db"), "harbour", salon.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Create(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stock(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := p.Sell(); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{
		"SELECT count(*) FROM service":                              "12",
		"SELECT count(*) FROM product":                              "8",
		"SELECT count(*) FROM ticket":                               "20",
		"SELECT count(*) FROM ticket WHERE total > 0":               "20",
		"SELECT count(*) FROM ticket_line WHERE service_id IS NULL": "0",
		"SELECT count(*) FROM package_service":                      "3",
		"SELECT count(*) FROM discount_staff":                       "1",
	} {
		got, err := p.Value(query)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", query, got, err, want)
		}
	}
}
