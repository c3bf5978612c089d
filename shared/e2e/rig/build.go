package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// programs are where both programs were built.
type programs struct{ dir, agent, hub string }

// builds are the programs of this process, by build tag.
var builds struct {
	sync.Mutex
	made map[string]programs
}

// Build builds both programs, as New does, and returns the folder in which they
// are until Clean: for Options.Programs of a rig in another process.
func Build(tag string) (dir string, err error) {
	p, err := built(tag)
	return p.dir, err
}

// built builds both programs once per process and build tag, into a folder for
// passing files. A tag gives a program that is weakened on purpose: a control.
func built(tag string) (programs, error) {
	builds.Lock()
	defer builds.Unlock()
	if p, ok := builds.made[tag]; ok {
		return p, nil
	}
	p, err := build(tag)
	if err == nil {
		if builds.made == nil {
			builds.made = map[string]programs{}
		}
		builds.made[tag] = p
	}
	return p, err
}

func build(tag string) (programs, error) {
	dir, err := os.MkdirTemp("", "plait-bin-*")
	if err != nil {
		return programs{}, fmt.Errorf("cannot build Plait: %w", err)
	}
	p := programsIn(dir)
	for path, pkg := range map[string]string{p.agent: "plait/agent", p.hub: "plait/hub"} {
		cmd := exec.Command("go", "build", "-tags", tag, "-o", path, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return programs{}, fmt.Errorf("cannot build %s: %w\n%s", pkg, err, out)
		}
	}
	return p, nil
}

func programsIn(dir string) programs {
	return programs{dir: dir, agent: program(dir, "plait-agent"), hub: program(dir, "plait-hub")}
}

func program(dir, name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

// Clean removes what was built. It is called last.
func Clean() error {
	builds.Lock()
	defer builds.Unlock()
	var errs []error
	for _, p := range builds.made {
		errs = append(errs, os.RemoveAll(p.dir))
	}
	builds.made = nil
	return errors.Join(errs...)
}
