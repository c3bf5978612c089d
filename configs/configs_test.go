package configs_test

import (
	"testing"

	"plait/configs"
)

func TestEveryShippedKindLoads(t *testing.T) {
	c, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"access_level", "add_on", "customer", "discount", "employee", "package", "product", "product_category", "resource",
		"sale", "sale_line", "service", "service_category", "ticket", "time_clock", "vendor",
	} {
		if _, ok := c.Kind(name); !ok {
			t.Errorf("kind %s is missing", name)
		}
	}
}
