package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"plait/shared/settings"
)

// validate checks what the settings mean together.
func (c Config) validate(loaded settings.Loaded) error {
	var errs []error
	fail := func(path, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", loaded.Where(path), fmt.Sprintf(format, args...)))
	}
	if c.Data == "" || !filepath.IsAbs(c.Data) {
		fail("data", "%q is not a full path", c.Data)
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port) {
		fail("listen", "%q is not an address and port such as :8443", c.Listen)
	} else if c.TLS.Off && !c.Loopback() {
		fail("tls.off", "TLS can be switched off on a loopback address only, and listen is %q", c.Listen)
	}
	if _, err := c.Zone(); err != nil {
		fail("time_zone", "%.60q is no time zone such as Europe/Berlin: %v", c.TimeZone, err)
	}
	if (c.TLS.Cert == "") != (c.TLS.Key == "") {
		fail("tls.cert", "tls.cert and tls.key are given together or not at all")
	}
	if c.TLS.Off && c.TLS.Cert != "" {
		fail("tls.off", "TLS is switched off and a certificate is given: take one of them out")
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
