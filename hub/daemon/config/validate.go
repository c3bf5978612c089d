package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/v2"
)

// where names the place in which a setting was written.
func (o origins) where(path string) string {
	if at, ok := o[path]; ok {
		return at
	}
	return path
}

// check converts every value to its setting's type: what comes from variables
// is text.
func check(k *koanf.Koanf, from origins) error {
	var errs []error
	for _, key := range Keys {
		value, err := convert(key, k.Get(key.Path))
		if err == nil {
			err = k.Set(key.Path, value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", from.where(key.Path), err))
		}
	}
	return errors.Join(errs...)
}

func convert(key Key, value any) (any, error) {
	switch key.Default.(type) {
	case bool:
		b, err := strconv.ParseBool(fmt.Sprint(value))
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", fmt.Sprint(value))
		}
		return b, nil
	case time.Duration:
		d, err := time.ParseDuration(fmt.Sprint(value))
		if err != nil {
			return nil, fmt.Errorf("%q is not a time span such as 90m or 24h", fmt.Sprint(value))
		}
		return d, nil
	case []string:
		return texts(value), nil
	}
	text := fmt.Sprint(value)
	if key.Choices != nil && !slices.Contains(key.Choices, text) {
		return nil, fmt.Errorf("%q is not one of %s", text, strings.Join(key.Choices, ", "))
	}
	return text, nil
}

// texts reads a list, or a single text as a list of one.
func texts(value any) []string {
	switch list := value.(type) {
	case []string:
		return list
	case []any:
		out := make([]string, len(list))
		for i, v := range list {
			out[i] = fmt.Sprint(v)
		}
		return out
	default:
		return splitList(fmt.Sprint(value))
	}
}

// Bounds of the time spans.
const (
	minGrace, maxGrace = time.Minute, 31 * 24 * time.Hour
	minValid, maxValid = 5 * time.Minute, 14 * 24 * time.Hour
)

// validate checks what the settings mean together.
func (c Config) validate(from origins) error {
	var errs []error
	fail := func(path, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", from.where(path), fmt.Sprintf(format, args...)))
	}
	if c.Data == "" || !filepath.IsAbs(c.Data) {
		fail("data", "%q is not a full path", c.Data)
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port) {
		fail("listen", "%q is not an address and port such as :8443", c.Listen)
	} else if c.TLS.Off && !c.Loopback() {
		fail("tls.off", "TLS can be switched off on a loopback address only, and listen is %q", c.Listen)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		fail("tls.cert", "tls.cert and tls.key are given together or not at all")
	}
	if c.TLS.Off && c.TLS.Cert != "" {
		fail("tls.off", "TLS is switched off and a certificate is given: take one of them out")
	}
	if c.Contact.Grace < minGrace || c.Contact.Grace > maxGrace {
		fail("contact.grace", "%v is not between %v and %v", c.Contact.Grace, minGrace, maxGrace)
	}
	if c.Enrol.Valid < minValid || c.Enrol.Valid > maxValid {
		fail("enrol.valid", "%v is not between %v and %v", c.Enrol.Valid, minValid, maxValid)
	}
	for _, name := range c.Names {
		if strings.ContainsAny(name, ":/") && net.ParseIP(name) == nil {
			fail("names", "%q is not a name or address: leave out https:// and the port", name)
		}
	}
	return errors.Join(errs...)
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// Loopback reports whether only this machine can reach the address to listen on.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
