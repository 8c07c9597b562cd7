package httpclient

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"divims/internal/config/setting"
)

// Settings say whom to trust and where to connect.
type Settings struct {
	// CACertificates is no secret, but longer than the 1000 characters that a
	// variable may have on the platform.
	CACertificates CACertificates `envconfig:"CA_CERTIFICATES" group:"Network" deploy:"secret" example:"file:/etc/ssl/campus.pem" desc:"authorities to trust besides the system's: PEM text, or file:PATH. On the platform a variable ends at 1000 characters, a secret at 65,536 bytes"`
	ConnectTo      ConnectTo      `envconfig:"CONNECT_TO" example:"example.com=10.0.0.5:443" desc:"hosts whose connections, and those of their subdomains, go to another address, for private networks and the sandbox"`
}

// CACertificates are authorities to trust besides the system's.
type CACertificates struct{ pem []byte }

// UnmarshalText reads PEM text, or "file:PATH" of a file with it.
func (c *CACertificates) UnmarshalText(text []byte) error {
	if path, found := strings.CutPrefix(string(text), "file:"); found {
		content, err := setting.ReadFile(path)
		if err != nil {
			return setting.Error("names a file that cannot be read")
		}
		text = content
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return setting.Error("must be certificates in PEM, or file: and a path to them")
	}
	c.pem = bytes.Clone(text)
	return nil
}

// Pool returns the system's authorities and the others. It returns nil, which
// means the system's alone to tls.Config, if there are no others.
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
		host = strings.TrimPrefix(host, ".")
		if err != nil || to.Port() == 0 || !setting.IsHostname(host) {
			return setting.Error("must be a list of HOST=IP:PORT, with host names in lower case")
		}
		*c = append(*c, redirection{host, to})
	}
	return nil
}

// Address returns the address to dial for "host:port": that of the first entry
// whose host is the host or a parent domain of it, else the same.
func (c ConnectTo) Address(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	for _, r := range c {
		if host == r.host || strings.HasSuffix(host, "."+r.host) {
			return r.to.String()
		}
	}
	return address
}
