// Command plait-hub is the hub that keeps the salons of a network in step; see
// `plait-hub --help`.
package main

import (
	"os"

	"plait/hub/cli"
)

// version is set by the linker.
var version = "unknown"

func main() { os.Exit(cli.Main(version)) }
