package httpclient

import (
	"crypto/tls"
	"io"
	"sync/atomic"
	"testing"
	"time"
)

// TestRenewedCertificateIsNoticed checks that sessions are resumed, except when the
// certificate of their first handshake expires within the warning time.
func TestRenewedCertificateIsNoticed(t *testing.T) {
	days := func(n int) time.Time {
		return time.Now().Add(time.Duration(n) * 24 * time.Hour).Truncate(time.Second).UTC()
	}
	after := days(90)
	for name, c := range map[string]struct {
		before  time.Time
		resumed bool
	}{
		"warned of":  {days(10), false},
		"long valid": {days(60), true},
	} {
		t.Run(name, func(t *testing.T) {
			old, oldAuthority := certify(t, "example.com", c.before)
			renewed, newAuthority := certify(t, "example.com", after)
			var shown atomic.Pointer[tls.Certificate]
			shown.Store(&old)
			s := newSite(t, "example.com", days(1), ok)
			s.Config.SetKeepAlivesEnabled(false) // so that each request needs a handshake
			s.TLS.Certificates = nil
			s.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }

			client := New(Config{
				CallTimeout: 8 * time.Second, ObserveParallel: 1, CertificateWarning: 15 * 24 * time.Hour,
				CACertificates: trust(oldAuthority + newAuthority),
				ConnectTo:      func(string) string { return s.Listener.Addr().String() },
			})
			// The first handshake is a full one and the third is resumed. The second is
			// full only if the first certificate expires within the warning time.
			for i, resumed := range []bool{false, c.resumed, true} {
				response, err := get(t, client, "https://example.com/")
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				until := c.before
				if i > 0 && !c.resumed {
					until = after
				}
				if got := response.TLS.PeerCertificates[0].NotAfter; !got.Equal(until) || response.TLS.DidResume != resumed {
					t.Errorf("handshake %d: certificate until %s, resumed %t; want %s, %t", i+1, got, response.TLS.DidResume, until, resumed)
				}
				shown.Store(&renewed)
			}
		})
	}
}
