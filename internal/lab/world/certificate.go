package world

import (
	"fmt"
	"time"
)

// CertificateFault is a fault of a server's certificate. It stays with the server, also on
// its later machines.
type CertificateFault struct {
	// WrongName makes the certificate one for another name.
	WrongName bool
	// Expires, if set, is when the certificate expires: nobody renews it.
	Expires time.Time
}

// heldCertificateFault is a fault that a certificate has. expired is set once it has expired.
type heldCertificateFault struct {
	CertificateFault
	expired bool
}

// Certificate is what a web server shows.
type Certificate struct {
	// Domain is the domain of the server whose certificate it is. With WrongName, the
	// certificate is for another name.
	Domain    string
	WrongName bool
	// Expires is zero for a certificate that is renewed in time.
	Expires time.Time
}

// SpoilCertificate gives a server a certificate with a fault until renew is called. Errors:
// ErrNotFound for an unknown server.
func (w *World) SpoilCertificate(server int, fault CertificateFault) (renew func(), err error) {
	s, err := w.serverByNumber(server)
	if err != nil {
		return nil, fmt.Errorf("spoil a certificate: %w", err)
	}
	renew = s.certificates.add(heldCertificateFault{CertificateFault: fault})
	held := s.certificates.newest()
	switch {
	case fault.Expires.After(w.now):
		w.once(fault.Expires, byHoster, func() { held.expired = true })
	case !fault.Expires.IsZero():
		held.expired = true
	}
	return renew, nil
}

// Certificate returns what the web server shows that a domain leads to.
func (w *World) Certificate(domain string) Certificate {
	if s := w.domains[domain]; s != nil {
		return s.leadsTo().certificate()
	}
	return Certificate{Domain: domain}
}

// certificate returns the server's certificate with all its faults. Of several expiries, the
// first counts.
func (s *server) certificate() Certificate {
	shown := Certificate{Domain: s.Domain}
	for _, fault := range s.certificates.items {
		shown.WrongName = shown.WrongName || fault.WrongName
		if !fault.Expires.IsZero() && (shown.Expires.IsZero() || fault.Expires.Before(shown.Expires)) {
			shown.Expires = fault.Expires
		}
	}
	return shown
}

// isTrusted reports whether callers of the server's domain trust the certificate there.
// Scalelite verifies certificates, as Ruby does by default.
func (s *server) isTrusted() bool {
	to := s.leadsTo()
	return to == s && s.certificates.last(func(held heldCertificateFault) bool { return held.WrongName || held.expired }) == nil
}
