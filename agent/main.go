// plait-agent keeps one salon's POS in step with its network's hub.
package main

import (
	"os"

	"plait/agent/cli"
)

// version is set when a release is built.
var version = "dev"

func main() { os.Exit(cli.Main(version)) }
