package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Names of files in the data folder.
const (
	TokenFile = "admin.token"
	CAFile    = "ca.pem"
	localFile = "hub.json"
)

// Local tells the commands on the hub's own machine how to reach it.
type Local struct {
	URL string `json:"url"`
	// ServerName is what the certificate names, where that is not the URL's host.
	ServerName string `json:"server_name,omitempty"`
	// OwnCA says that the certificate comes from the CA in the data folder.
	OwnCA bool `json:"own_ca,omitempty"`
}

// ReadLocal reads where the hub with that data folder listens.
func ReadLocal(data string) (l Local, err error) {
	text, err := os.ReadFile(filepath.Join(data, localFile))
	if errors.Is(err, fs.ErrNotExist) {
		return l, fmt.Errorf("cannot find a hub in %s: start it with `plait-hub serve`, or name another hub with --hub", data)
	}
	if err == nil {
		err = json.Unmarshal(text, &l)
	}
	if err != nil {
		return l, fmt.Errorf("cannot read where the hub listens: %w", err)
	}
	return l, nil
}

// ReadToken reads a token from a file that nobody else may read.
func ReadToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the token: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("cannot use the token in %s: others may read it (mode %#o): run chmod 600 on it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the token: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// writePrivate writes a whole file that only its owner reads, or none.
func writePrivate(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// localURL is the address by which this machine reaches a listener.
func localURL(scheme string, addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return scheme + "://" + addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
