package enrol

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"plait/agent/hubclient"
	"plait/shared/catalog"
	"plait/shared/enrolcode"
	"plait/shared/wire"

	"github.com/google/uuid"
)

// Options say with what to enroll.
type Options struct {
	Path string // of credential.json
	Hub  string // https://host:port; without a scheme, https is meant
	Code string // as typed
	Host string // this PC's name, for the operator
	Now  func() time.Time
	// Replace lets an enrolled PC become another store, or the same one anew. What
	// the old credential stood for is the hub's operator's to revoke.
	Replace bool
	// Attempts is how often a message is tried; 0 is hubclient's own number.
	Attempts int
}

// Result is what came of an enrolment.
type Result struct {
	Credential Credential
	Catalog    *catalog.Catalog // the network's; nil if CatalogErr is set
	Encoded    []byte           // the catalogue as it travelled
	CatalogErr error            // the catalogue is fetched again at the first upload
	Repeated   bool             // this PC was enrolled with this very code before
}

// ErrEnrolled says that this PC already belongs to a store.
var ErrEnrolled = errors.New("this PC is enrolled already")

// Enroll redeems a code. It may be repeated with the same code after any
// failure.
func Enroll(ctx context.Context, o Options) (Result, error) {
	code, err := enrolcode.ParseCode(o.Code)
	if err != nil {
		return Result{}, fmt.Errorf("cannot enroll: %w: compare it with the one that the hub shows", err)
	}
	if !strings.Contains(o.Hub, "://") {
		o.Hub = "https://" + o.Hub
	}
	o.Hub = strings.TrimSuffix(o.Hub, "/")
	c, err := o.prepare(code)
	if err != nil {
		return Result{}, err
	}
	result := Result{Credential: c, Repeated: !c.Enrolled.IsZero()}
	if !result.Repeated {
		if result.Credential, err = o.redeem(ctx, c, code); err != nil {
			return Result{}, fmt.Errorf("cannot enroll at %s: %w", o.Hub, err)
		}
	}
	result.Catalog, result.Encoded, result.CatalogErr = o.fetchCatalog(ctx, result.Credential)
	return result, nil
}

// prepare returns the credential to present, which stands in the file before it
// is sent: the one of the last try if it was with this code.
func (o Options) prepare(code enrolcode.Code) (Credential, error) {
	digest := digestOf(code)
	c, err := read(o.Path)
	if err != nil && !errors.Is(err, ErrNotEnrolled) && !o.Replace {
		return c, err
	}
	if err == nil && c.Code == digest && c.Hub == o.Hub {
		return c, nil
	}
	if err == nil && !c.Enrolled.IsZero() && !o.Replace {
		return c, fmt.Errorf("cannot enroll: %w as store %q of %s: to make it another store, stop the agent and enroll with --replace", ErrEnrolled, c.StoreName, c.Hub)
	}
	c = Credential{Hub: o.Hub, Pin: code.Pin(), Installation: uuid.NewString(),
		Secret: enrolcode.NewSecret(enrolcode.CredentialPrefix), Code: digest}
	return c, c.Write(o.Path)
}

// digestOf names a code without saying it.
func digestOf(code enrolcode.Code) string {
	sum := sha256.Sum256([]byte("plait enrolment\n" + code.String()))
	return hex.EncodeToString(sum[:16])
}

// redeem sends the code to the hub whose CA it names, and keeps the answer.
func (o Options) redeem(ctx context.Context, c Credential, code enrolcode.Code) (Credential, error) {
	host, err := hostOf(c.Hub)
	if err != nil {
		return c, err
	}
	full := c.Pin
	client, err := hubclient.New(hubclient.Options{URL: c.Hub, TLS: noteFullPin(c.Pin, c.Pin.TLSConfig(host, o.Now), &full), Attempts: o.Attempts})
	if err != nil {
		return c, err
	}
	defer client.Close()
	answer, err := client.Enroll(ctx, wire.Enroll{Protocol: wire.Protocol, Code: code.String(),
		Installation: c.Installation, Host: clip(o.Host), Credential: c.Secret})
	if err != nil {
		return c, err
	}
	c.Pin, c.Enrolled = full, o.Now().UTC()
	c.Network, c.Store, c.StoreName, c.Role, c.Catalog = answer.Network, answer.Store, answer.StoreName, answer.Role, answer.Catalog
	return c, c.Write(o.Path)
}

// noteFullPin keeps all 256 bits of the pin, of which a code has room for 80,
// once the CA has shown itself.
func noteFullPin(pin enrolcode.Pin, config *tls.Config, full *enrolcode.Pin) *tls.Config {
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := verify(state); err != nil {
			return err
		}
		*full = pin.Full(state.PeerCertificates)
		return nil
	}
	return config
}

func (o Options) fetchCatalog(ctx context.Context, c Credential) (*catalog.Catalog, []byte, error) {
	client, err := c.Client(o.Now, o.Attempts)
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	return client.Catalog(ctx, c.Catalog)
}

// clip keeps a PC's name within the protocol's limit, and without what a
// terminal would obey.
func clip(host string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(host, ""))
	if len(clean) > wire.MaxNameBytes {
		clean = strings.ToValidUTF8(clean[:wire.MaxNameBytes], "")
	}
	return clean
}
