package e2e_test

import (
	"fmt"
	"os"
	"testing"

	"plait/shared/e2e/rig"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := rig.Clean(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
