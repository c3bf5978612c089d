package store_test

import (
	"testing"

	"plait/hub/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Run(t, storetest.Open) }
