package handler

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/config"
)

// site is a TLS server with a certificate of its own authority.
type site struct {
	*httptest.Server
	authority string // its certificate as PEM

	mutex sync.Mutex
	// asked has the path of each request, with its credentials.
	asked []string
}

// newSite serves for the name until the given time.
func newSite(t *testing.T, name string, until time.Time, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		s.asked = append(s.asked, r.URL.Path+" "+r.Header.Get("Authorization")+r.Header.Get("X-Auth-Token"))
		s.mutex.Unlock()
		answer(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients are told of errors
	certificate, authority := certify(t, name, until)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.authority = authority
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func certify(t *testing.T, name string, until time.Time) (certificate tls.Certificate, authority string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// reaching is the client of a pool that trusts the authorities of some sites and
// reaches example.com at the first, other.example.org at the last of them.
func reaching(t *testing.T, trusted bool, sites ...*site) *http.Client {
	t.Helper()
	settings := config.Settings{CallTimeout: 8 * time.Second, ObserveParallel: 1}
	authorities := ""
	for _, s := range sites {
		authorities += s.authority
	}
	if trusted {
		if err := settings.CACertificates.UnmarshalText([]byte(authorities)); err != nil {
			t.Fatal(err)
		}
	}
	detours := fmt.Sprintf("example.com=%s,other.example.org=%s", sites[0].Listener.Addr(), sites[len(sites)-1].Listener.Addr())
	if err := settings.ConnectTo.UnmarshalText([]byte(detours)); err != nil {
		t.Fatal(err)
	}
	client, err := newHTTPClient(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return persist(client, settings)
}

func ok(http.ResponseWriter, *http.Request) {}

func TestCertificatesAreVerified(t *testing.T) {
	tomorrow, yesterday := time.Now().AddDate(0, 0, 1), time.Now().AddDate(0, 0, -1)
	for name, c := range map[string]struct {
		of      string
		until   time.Time
		trusted bool
		wanted  string // of the error; empty for none
	}{
		"of an authority in the settings": {"example.com", tomorrow, true, ""},
		"of an authority of nobody":       {"example.com", tomorrow, false, "unknown authority"},
		"expired":                         {"example.com", yesterday, true, "expired"},
		"for another name":                {"other.example.org", tomorrow, true, "other.example.org, not example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, c.of, c.until, ok)
			request, err := http.NewRequestWithContext(withEffort(t.Context()), http.MethodGet, "https://example.com/api", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Auth-Token", "secret")
			response, err := reaching(t, c.trusted, s).Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if (err == nil) != (c.wanted == "") || err != nil && !strings.Contains(err.Error(), c.wanted) {
				t.Errorf("error %v; want %q", err, c.wanted)
			}
			if err != nil && len(s.asked) != 0 {
				t.Errorf("it was told %q nevertheless", s.asked)
			}
		})
	}
}

// TestRedirectsElsewhereAreNotFollowed holds the one rule that all clients have
// from newHTTPClient; those that need no redirect at all have a stricter one.
func TestRedirectsElsewhereAreNotFollowed(t *testing.T) {
	tomorrow := time.Now().AddDate(0, 0, 1)
	for name, c := range map[string]struct {
		to       string
		followed bool
	}{
		"on the same host":           {"/there", true},
		"to another host":            {"https://other.example.org/there", false},
		"to a host below":            {"https://below.example.com/there", false},
		"to another port":            {"https://example.com:8443/there", false},
		"to plain HTTP":              {"http://example.com/there", false},
		"without a scheme":           {"//other.example.org/there", false},
		"to the same name as a user": {"https://example.com@other.example.org/there", false},
		"in a circle":                {"/api", false},
	} {
		t.Run(name, func(t *testing.T) {
			other := newSite(t, "other.example.org", tomorrow, ok)
			first := newSite(t, "example.com", tomorrow, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api" {
					http.Redirect(w, r, c.to, http.StatusFound)
				}
			})
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/api", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Auth-Token", "secret")
			request.Header.Set("Authorization", "Basic c2VjcmV0")
			response, err := reaching(t, true, first, other).Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if (err == nil) != c.followed {
				t.Errorf("error %v", err)
			}
			if len(other.asked) != 0 {
				t.Errorf("the other host was asked %q", other.asked)
			}
			if len(first.asked) > mostRedirects+1 {
				t.Errorf("asked %d times", len(first.asked))
			}
		})
	}
}

func TestADeadHostIsNotAskedForEver(t *testing.T) {
	dead := newSite(t, "example.com", time.Now().AddDate(0, 0, 1), ok)
	client := reaching(t, true, dead)
	dead.Close()
	evaluation := withEffort(t.Context())
	var errs []string
	for range 3 {
		request, err := http.NewRequestWithContext(evaluation, http.MethodPost, "https://example.com/api", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Do(request)
		errs = append(errs, err.Error())
	}
	for i, wanted := range []string{"connection refused", "connection refused", "not asked again: example.com did not answer 2 times in a row"} {
		if !strings.Contains(errs[i], wanted) {
			t.Errorf("call %d: %s; want %q", i+1, errs[i], wanted)
		}
	}
}
