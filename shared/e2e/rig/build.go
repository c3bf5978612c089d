package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// programs are where both programs were built.
type programs struct{ dir, agent, hub string }

// built builds both programs once per process, into a folder for passing files.
var built = sync.OnceValues(build)

func build() (programs, error) {
	dir, err := os.MkdirTemp("", "plait-bin-*")
	if err != nil {
		return programs{}, fmt.Errorf("cannot build Plait: %w", err)
	}
	p := programs{dir: dir, agent: program(dir, "plait-agent"), hub: program(dir, "plait-hub")}
	for path, pkg := range map[string]string{p.agent: "plait/agent", p.hub: "plait/hub"} {
		cmd := exec.Command("go", "build", "-o", path, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return programs{}, fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
		}
	}
	return p, nil
}

func program(dir, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

// Clean removes what was built. It is called last, once per process; a rig that
// is made after it fails.
func Clean() error {
	p, err := built()
	if err != nil {
		return nil // nothing was built
	}
	return os.RemoveAll(p.dir)
}
