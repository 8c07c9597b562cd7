package httpclient

import (
	"crypto/tls"
	"sync"
	"time"
)

// sessionCache keeps TLS sessions, which make the next handshake with a host
// short. In a resumed session the host sends no certificate: the connection keeps
// reporting the certificate of the first handshake, even after the host has renewed
// it. So a session is not resumed if that certificate expires within the warning
// time. The full handshake then shows whether it has been renewed.
type sessionCache struct {
	tls.ClientSessionCache
	warning time.Duration

	mutex sync.Mutex
	// expiring holds the hosts whose certificate expires within the warning time.
	expiring map[string]bool
}

// newSessionCache returns an empty cache for at most capacity sessions.
func newSessionCache(capacity int, warning time.Duration) *sessionCache {
	return &sessionCache{ClientSessionCache: tls.NewLRUClientSessionCache(capacity), warning: warning, expiring: map[string]bool{}}
}

// Get returns the session with a host, unless the host's certificate expires within
// the warning time.
func (s *sessionCache) Get(host string) (*tls.ClientSessionState, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.expiring[host] {
		return nil, false
	}
	return s.ClientSessionCache.Get(host)
}

// observe notes whether the certificate of a connection expires within the warning
// time. It is used as tls.Config.VerifyConnection, which is called after the
// certificate has been verified. It returns no error.
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
