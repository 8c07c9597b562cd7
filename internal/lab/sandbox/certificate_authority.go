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
)

// A server's certificate lives as long as those of Let's Encrypt, and is renewed
// as early.
const (
	certificateLifetime = 90 * 24 * time.Hour
	renewBefore         = 30 * 24 * time.Hour
	authorityLifetime   = 20 * 365 * 24 * time.Hour
)

// authority certifies the domains of a sandbox. Clients that check certificates
// by the wall clock are content as well as those that do it by virtual time.
type certificateAuthority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey

	lock   sync.Mutex
	issued map[string]*tls.Certificate
	// notRenewed are those that are not renewed.
	notRenewed map[string]bool
	serial     int64
}

// newCertificateAuthority makes an authority with a key of its own, which never leaves it.
func newCertificateAuthority(virtual time.Time) (*certificateAuthority, error) {
	a := &certificateAuthority{issued: map[string]*tls.Certificate{}, notRenewed: map[string]bool{}}
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
		return nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	a.certificate, a.key, a.serial = certificate, key, 1
	return a, nil
}

// validity begins before both clocks and ends the given time after the later.
func validity(virtual time.Time, life time.Duration) (from, until time.Time) {
	from, until = virtual, time.Now()
	if from.After(until) {
		from, until = until, from
	}
	return from.Add(-time.Hour), until.Add(life)
}

// sign makes a key and its certificate. An authority that has none yet signs its own.
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

// pem is the authority's certificate as a trust store takes it.
func (a *certificateAuthority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// certify gives the certificate that a server has at a virtual time.
func (a *certificateAuthority) certificateFor(domain string, virtual time.Time) (*tls.Certificate, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if known := a.issued[domain]; known != nil && (a.notRenewed[domain] || virtual.Before(known.Leaf.NotAfter.Add(-renewBefore))) {
		return known, nil
	}
	from, until := validity(virtual, certificateLifetime)
	certificate, err := a.issue(domain, from, until)
	if err == nil {
		a.issued[domain] = certificate
	}
	return certificate, err
}

// keep gives a domain a certificate that expires at a time and is not renewed, or
// with no time lets it be renewed again.
func (a *certificateAuthority) setExpiry(domain string, virtual, until time.Time) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	delete(a.issued, domain)
	a.notRenewed[domain] = !until.IsZero()
	if until.IsZero() {
		return nil
	}
	from, _ := validity(virtual, 0)
	certificate, err := a.issue(domain, from, until)
	a.issued[domain] = certificate
	return err
}

// expired gives a certificate that was a server's until an hour before both clocks.
func (a *certificateAuthority) expiredCertificate(domain string, virtual time.Time) (*tls.Certificate, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	until, _ := validity(virtual, 0)
	return a.issue(domain, until.Add(-certificateLifetime), until)
}

// issue makes a certificate while the lock is held.
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
		return nil, fmt.Errorf("make the certificate of %s: %w", domain, err)
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}
