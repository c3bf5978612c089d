package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	keyFile  = "ca-key.pem"
	certFile = "ca.pem"

	keyBlock  = "PRIVATE KEY"
	certBlock = "CERTIFICATE"

	// maxFile bounds what is read of either file; both are under 2 KB.
	maxFile = 64 << 10
)

// loadOrCreateKey reads the CA's key, or makes it at the hub's first start.
func loadOrCreateKey(dir string) (*ecdsa.PrivateKey, error) {
	path := filepath.Join(dir, keyFile)
	der, err := readPEM(path, keyBlock)
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the CA's key: %w", err)
	}
	if err := checkPrivate(path); err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("cannot read the CA's key %s: %w", path, err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok || ec.Curve != elliptic.P256() {
		return nil, fmt.Errorf("cannot use the CA's key %s: it is not an ECDSA P-256 key", path)
	}
	return ec, nil
}

// createKey makes a key unless a certificate shows that there was one: a new
// one would silently lock out every enrolled agent.
func createKey(dir, path string) (*ecdsa.PrivateKey, error) {
	cert := filepath.Join(dir, certFile)
	if _, err := os.Lstat(cert); err == nil {
		return nil, fmt.Errorf("cannot find the CA's key %s, though its certificate %s is here: restore the key from a backup; or remove the certificate for a new CA, and enrol every store again", path, cert)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make the CA's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cannot write the CA's key: %w", err)
	}
	if err := writePEM(path, keyBlock, der); err != nil {
		return nil, fmt.Errorf("cannot write the CA's key: %w", err)
	}
	return key, nil
}

// checkPrivate refuses a key that others on the machine can read. On Windows the
// data folder's access list decides, which the installer sets.
func checkPrivate(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot read the CA's key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("cannot use the CA's key %s: others may read it (mode %#o): run chmod 600 on it", path, mode)
	}
	return nil
}

func readPEM(path, block string) (der []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(text)
	if b == nil || b.Type != block {
		return nil, fmt.Errorf("%s holds no PEM block %q", path, block)
	}
	return b.Bytes, nil
}

// writePEM writes a whole file or none: under a passing name first, synced, then
// renamed.
func writePEM(path, block string, der []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // mode 0600
	if err != nil {
		return err
	}
	err = errors.Join(pem.Encode(f, &pem.Block{Type: block, Bytes: der}), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name durable. Windows keeps names durable by itself and
// cannot sync a folder.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
