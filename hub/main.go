// Command plait-hub is the hub that keeps the salons of a network in step; see
// `plait-hub --help`.
package main

import (
	"os"
	"runtime/debug"

	"plait/hub/cli"
)

// version is set by the linker.
var version = "unknown"

// gcPercent: what lives is small beside what uploads pass through. Collecting half
// as often saves a tenth of their CPU time for some 10 MiB.
const gcPercent = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(cli.Main(version))
}
