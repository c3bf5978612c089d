package storesync_test

import (
	"testing"

	"plait/hub/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, 25) }
