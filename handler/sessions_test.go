package handler

import (
	"crypto/tls"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"divims/internal/config"
)

// TestARenewedCertificateIsNoticed where the host goes on to resume its sessions:
// as soon as the one before was to be warned of, and until then handshakes are short.
func TestARenewedCertificateIsNoticed(t *testing.T) {
	days := func(n int) time.Time {
		return time.Now().Add(time.Duration(n) * 24 * time.Hour).Truncate(time.Second).UTC()
	}
	after := days(90)
	for name, c := range map[string]struct {
		before  time.Time
		resumed bool
	}{
		"it was to be warned of":     {days(10), false},
		"it was good for some weeks": {days(60), true},
	} {
		t.Run(name, func(t *testing.T) {
			old, oldAuthority := certify(t, "example.com", c.before)
			renewed, newAuthority := certify(t, "example.com", after)
			var shown atomic.Pointer[tls.Certificate]
			shown.Store(&old)
			s := newSite(t, "example.com", days(1), ok)
			s.Config.SetKeepAlivesEnabled(false) // each request has a handshake
			s.TLS.Certificates = nil
			s.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }

			settings := config.Settings{CallTimeout: 8 * time.Second, ObserveParallel: 1, CertificateWarning: 15 * 24 * time.Hour}
			if err := settings.CACertificates.UnmarshalText([]byte(oldAuthority + newAuthority)); err != nil {
				t.Fatal(err)
			}
			if err := settings.ConnectTo.UnmarshalText([]byte("example.com=" + s.Listener.Addr().String())); err != nil {
				t.Fatal(err)
			}
			client, err := newHTTPClient(settings)
			if err != nil {
				t.Fatal(err)
			}
			// The first handshake is a whole one, and so is the second, if it has to be;
			// the third never is.
			for i, resumed := range []bool{false, c.resumed, true} {
				response, err := client.Get("https://example.com/")
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
					t.Errorf("handshake %d: a certificate until %s, resumed %t; wanted %s, %t", i+1, got, response.TLS.DidResume, until, resumed)
				}
				shown.Store(&renewed)
			}
		})
	}
}
