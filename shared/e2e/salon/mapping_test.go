package salon_test

import (
	"testing"

	"plait/agent/pos"
	"plait/configs"
	"plait/shared/e2e/salon"
)

func TestMappingFitsTheShippedCatalogue(t *testing.T) {
	cat, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	m, err := pos.ParseMapping("mapping.yaml", salon.Mapping)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(cat); err != nil {
		t.Error(err)
	}
	if len(m.Kinds) != 11 {
		t.Errorf("%d kinds are mapped, want 11", len(m.Kinds))
	}
}
