package handler

import (
	"crypto/tls"
	"sync"
	"time"
)

// sessions are those of TLS, which make the next handshake with a host a short one.
// There the host shows no certificate: the one of the first handshake stands, for as
// long as the host resumes the session, be it renewed or not. So that operators are
// not warned of a certificate that is renewed, a session is not resumed once its own
// is to be warned of.
type sessions struct {
	tls.ClientSessionCache
	warning time.Duration

	mutex sync.Mutex
	// ending are the hosts whose certificate is to be warned of.
	ending map[string]bool
}

// newSessions keeps as many sessions.
func newSessions(capacity int, warning time.Duration) *sessions {
	return &sessions{ClientSessionCache: tls.NewLRUClientSessionCache(capacity), warning: warning, ending: map[string]bool{}}
}

// Get finds the session with a host, if it is to be resumed.
func (s *sessions) Get(host string) (*tls.ClientSessionState, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ending[host] {
		return nil, false
	}
	return s.ClientSessionCache.Get(host)
}

// look takes in the certificate of a handshake, which has been verified.
func (s *sessions) look(connection tls.ConnectionState) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if time.Until(connection.PeerCertificates[0].NotAfter) <= s.warning {
		s.ending[connection.ServerName] = true
	} else {
		delete(s.ending, connection.ServerName)
	}
	return nil
}
