package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"

	"divims/internal/lab/world"
)

// Servers' certificates have the lifetime of Let's Encrypt's, and are renewed as long
// before their expiry as Let's Encrypt recommends.
const (
	certificateLifetime = 90 * 24 * time.Hour
	renewBefore         = 30 * 24 * time.Hour
	authorityLifetime   = 20 * 365 * 24 * time.Hour
)

// certificateAuthority issues the certificates of the servers' domains. They are
// valid by the wall clock and in virtual time, so either kind of client accepts them.
type certificateAuthority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey

	lock   sync.Mutex
	issued map[string]*tls.Certificate
	serial int64
}

// newCertificateAuthority creates an authority with a new key, which stays in memory.
func newCertificateAuthority(virtual time.Time) (*certificateAuthority, error) {
	a := &certificateAuthority{issued: map[string]*tls.Certificate{}}
	from, until := validity(virtual, authorityLifetime)
	template := &x509.Certificate{
		SerialNumber:                big.NewInt(1),
		Subject:                     pkix.Name{CommonName: "DiViMS sandbox"},
		NotBefore:                   from,
		NotAfter:                    until,
		IsCA:                        true,
		BasicConstraintsValid:       true,
		KeyUsage:                    x509.KeyUsageCertSign,
		PermittedDNSDomains:         []string{Domain},
		PermittedDNSDomainsCritical: true,
	}
	certificate, key, err := a.sign(template)
	if err != nil {
		return nil, fmt.Errorf("create the certificate of the authority: %w", err)
	}
	a.certificate, a.key, a.serial = certificate, key, 1
	return a, nil
}

// validity returns a period that begins an hour before the earlier of the two clocks
// and ends the given time after the later one.
func validity(virtual time.Time, life time.Duration) (from, until time.Time) {
	from, until = virtual, time.Now()
	if from.After(until) {
		from, until = until, from
	}
	return from.Add(-time.Hour), until.Add(life)
}

// sign creates a key and its certificate. The authority's first certificate is
// self-signed.
func (a *certificateAuthority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

// pem returns the authority's certificate in PEM, as trust stores read it.
func (a *certificateAuthority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// certificateFor returns a domain's certificate at a virtual time. It issues a new
// one if the last one is due for renewal.
func (a *certificateAuthority) certificateFor(domain string, virtual time.Time) (*tls.Certificate, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if known := a.issued[domain]; known != nil && virtual.Before(known.Leaf.NotAfter.Add(-renewBefore)) {
		return known, nil
	}
	from, until := validity(virtual, certificateLifetime)
	certificate, err := a.issue(domain, from, until)
	if err == nil {
		a.issued[domain] = certificate
	}
	return certificate, err
}

// show returns the certificate that a web server shows at a virtual time. One that has
// expired has also expired by the wall clock.
func (a *certificateAuthority) show(shown world.Certificate, virtual time.Time) (*tls.Certificate, error) {
	domain := shown.Domain
	if shown.WrongName {
		domain = "another." + Domain
	}
	if shown.Expires.IsZero() {
		return a.certificateFor(domain, virtual)
	}
	until := shown.Expires
	if from, _ := validity(virtual, 0); !until.After(virtual) && from.Before(until) {
		until = from
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.issue(domain, until.Add(-certificateLifetime), until)
}

// issue creates a certificate. The caller holds the lock.
func (a *certificateAuthority) issue(domain string, from, until time.Time) (*tls.Certificate, error) {
	a.serial++
	leaf, key, err := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(a.serial),
		Subject:      pkix.Name{CommonName: domain},
		DNSNames:     []string{domain},
		NotBefore:    from,
		NotAfter:     until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, fmt.Errorf("create the certificate of %s: %w", domain, err)
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}
