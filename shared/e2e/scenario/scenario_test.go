package scenario_test

import (
	"fmt"
	"os"
	"testing"

	"plait/shared/e2e/rig"
	"plait/shared/e2e/scenario"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := rig.Clean(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestScenarios(t *testing.T) { testscript.Run(t, scenario.Params("testdata")) }
