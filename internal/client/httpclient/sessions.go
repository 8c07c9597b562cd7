package httpclient

import (
	"crypto/tls"
	"sync"
	"time"
)

// sessionCache keeps TLS sessions, which make the next handshake with a host
// short. In a resumed session the host shows no certificate: the connection keeps
// reporting the one of the first handshake, even after the host has renewed it. So
// that a renewed certificate is noticed, a session is not resumed once the
// certificate it began with is to be warned of.
type sessionCache struct {
	tls.ClientSessionCache
	warning time.Duration

	mutex sync.Mutex
	// expiring has the hosts whose certificate is to be warned of.
	expiring map[string]bool
}

// newSessionCache keeps at most capacity sessions.
func newSessionCache(capacity int, warning time.Duration) *sessionCache {
	return &sessionCache{ClientSessionCache: tls.NewLRUClientSessionCache(capacity), warning: warning, expiring: map[string]bool{}}
}

// Get returns the session with a host, if it is to be resumed.
func (s *sessionCache) Get(host string) (*tls.ClientSessionState, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.expiring[host] {
		return nil, false
	}
	return s.ClientSessionCache.Get(host)
}

// observe notes whether the certificate of a connection is to be warned of. It is
// a tls.Config's VerifyConnection: the certificate has been verified before.
func (s *sessionCache) observe(connection tls.ConnectionState) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if time.Until(connection.PeerCertificates[0].NotAfter) <= s.warning {
		s.expiring[connection.ServerName] = true
	} else {
		delete(s.expiring, connection.ServerName)
	}
	return nil
}
