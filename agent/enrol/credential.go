package enrol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"time"

	"plait/agent/datafolder"
	"plait/agent/hubclient"
	"plait/shared/enrolcode"
)

// ErrNotEnrolled says that this PC belongs to no store yet.
var ErrNotEnrolled = errors.New("this PC is not enrolled: ask the hub's operator for a code and run: plait-agent enroll URL CODE")

// A Credential is what this PC is at the hub. Secret must not be logged.
type Credential struct {
	Hub          string        `json:"hub"` // https://host:port
	Pin          enrolcode.Pin `json:"pin"` // of the hub's CA; "" is the system's roots
	Installation string        `json:"installation"`
	Secret       string        `json:"credential"`
	// Code is a digest of the code that was last sent, by which the same command
	// is recognised.
	Code string `json:"code_digest"`

	// What the hub answered; Enrolled is zero until then.
	Enrolled  time.Time `json:"enrolled,omitzero"`
	Network   string    `json:"network,omitempty"`
	Store     string    `json:"store,omitempty"`
	StoreName string    `json:"store_name,omitempty"`
	Role      string    `json:"role,omitempty"`
	Catalog   string    `json:"catalog,omitempty"` // digest at the time
}

// maxCredential bounds the file, in bytes.
const maxCredential = 64 << 10

// Read reads credential.json. It fails with ErrNotEnrolled if there is none, or
// one whose answer never came.
func Read(path string) (Credential, error) {
	c, err := read(path)
	if err != nil {
		return Credential{}, err
	}
	if c.Enrolled.IsZero() {
		return Credential{}, ErrNotEnrolled
	}
	return c, nil
}

func read(path string) (c Credential, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, ErrNotEnrolled
	}
	if err != nil {
		return c, fmt.Errorf("cannot read the store's credential: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCredential))
	if err != nil {
		return c, fmt.Errorf("cannot read the store's credential: %w", err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("cannot read the store's credential: %s is damaged: restore it, or enroll this PC anew with --replace: %w", path, err)
	}
	return c, nil
}

// Write keeps c durably, readable by this user alone.
func (c Credential) Write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the store's credential: %w", err)
	}
	return datafolder.WriteFile(path, append(data, '\n'))
}

// Client returns a client of the hub that speaks as this store. attempts is how
// often one message is tried; 0 is hubclient's own number.
func (c Credential) Client(now func() time.Time, attempts int) (*hubclient.Client, error) {
	host, err := hostOf(c.Hub)
	if err != nil {
		return nil, err
	}
	return hubclient.New(hubclient.Options{URL: c.Hub, TLS: c.Pin.TLSConfig(host, now), Credential: c.Secret, Attempts: attempts})
}

func hostOf(hub string) (string, error) {
	u, err := url.Parse(hub)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("cannot use hub address %.100q: write it as https://host:port", hub)
	}
	return u.Hostname(), nil
}
