package httpclient

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"divims/internal/config/setting"
)

// Settings say whom to trust and where to connect.
type Settings struct {
	// CACertificates is not secret, but deployed as a secret because it may be longer
	// than 1000 characters, the limit for variables on the platform.
	CACertificates CACertificates `envconfig:"CA_CERTIFICATES" group:"Network" deploy:"secret" example:"file:/etc/ssl/campus.pem" desc:"authorities to trust besides the system's: PEM text, or file:PATH. On the platform a variable can have 1000 characters, a secret 65,536 bytes"`
	ConnectTo      ConnectTo      `envconfig:"CONNECT_TO" example:"example.com=10.0.0.5:443" desc:"addresses to connect to instead of a host and its subdomains, for private networks and the sandbox"`
	// Dial, if set, connects instead of the system's network. Only the sandbox sets it.
	Dial Dial `ignored:"true"`
}

// Dial connects to an address, as net.Dialer.DialContext does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// CACertificates are authorities to trust besides the system's.
type CACertificates struct{ pem []byte }

// UnmarshalText reads PEM text, or "file:PATH" for a file that contains it.
func (c *CACertificates) UnmarshalText(text []byte) error {
	if path, found := strings.CutPrefix(string(text), "file:"); found {
		content, err := setting.ReadFile(path)
		if err != nil {
			return setting.Error("names a file that cannot be read")
		}
		text = content
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return setting.Error("must be certificates in PEM, or file:PATH for a file that contains them")
	}
	c.pem = bytes.Clone(text)
	return nil
}

// Pool returns the system's authorities and the others. If there are no others, it
// returns nil: tls.Config then uses the system's authorities.
func (c CACertificates) Pool() (*x509.CertPool, error) {
	if c.pem == nil {
		return nil, nil
	}
	authorities, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("read the system's certificate authorities: %w", err)
	}
	authorities.AppendCertsFromPEM(c.pem)
	return authorities, nil
}

// ConnectTo redirects connections, as curl's --connect-to does. Names in requests
// and certificates stay the same.
type ConnectTo []redirection

type redirection struct {
	host string
	to   netip.AddrPort
}

// UnmarshalText reads a list such as "example.com=10.0.0.5:443".
func (c *ConnectTo) UnmarshalText(text []byte) error {
	for part := range strings.SplitSeq(string(text), ",") {
		host, address, _ := strings.Cut(strings.TrimSpace(part), "=")
		to, err := netip.ParseAddrPort(address)
		host = strings.TrimPrefix(bareName(host), ".")
		if err != nil || to.Port() == 0 || !setting.IsHostname(host) {
			return setting.Error("must be a list of HOST=IP:PORT")
		}
		*c = append(*c, redirection{host, to})
	}
	return nil
}

// bareName returns a name in lower case and without a dot at its end.
func bareName(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// Address returns the address to dial for "host:port". The first entry for the host or
// one of its parent domains decides; upper case and a dot at the end of the host make no
// difference. Without an entry, the result is "host:port" itself.
func (c ConnectTo) Address(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	host = bareName(host)
	for _, r := range c {
		if host == r.host || strings.HasSuffix(host, "."+r.host) {
			return r.to.String()
		}
	}
	return address
}
