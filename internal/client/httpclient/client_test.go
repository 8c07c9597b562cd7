package httpclient

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is a TLS server with a self-signed certificate.
type site struct {
	*httptest.Server
	authority string // its certificate as PEM

	mutex sync.Mutex
	// requests has the path and the credentials of each request.
	requests []string
}

// newSite starts a site whose certificate is valid for a host name until a time.
func newSite(t *testing.T, name string, until time.Time, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		s.requests = append(s.requests, r.URL.Path+" "+r.Header.Get("Authorization")+r.Header.Get("X-Auth-Token"))
		s.mutex.Unlock()
		answer(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the tests look at the client's errors
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

// newTestClient creates a client that connects to the first site for example.com and
// to the last one for other.example.org. It trusts their certificates if trusted is set.
func newTestClient(t *testing.T, trusted bool, sites ...*site) *http.Client {
	t.Helper()
	c := Config{CallTimeout: 8 * time.Second, ObserveParallel: 1, ConnectTo: func(address string) string {
		if strings.HasPrefix(address, "other.example.org:") {
			return sites[len(sites)-1].Listener.Addr().String()
		}
		return sites[0].Listener.Addr().String()
	}}
	authorities := ""
	for _, s := range sites {
		authorities += s.authority
	}
	if trusted {
		c.CACertificates = trust(authorities)
	}
	client := New(c)
	t.Cleanup(client.CloseIdleConnections)
	return AddRetries(client, c.CallTimeout)
}

// trust returns a pool of the authorities in PEM.
func trust(authorities string) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(authorities))
	return pool
}

// get sends a GET request.
func get(t *testing.T, client *http.Client, address string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client.Do(request)
}

func ok(http.ResponseWriter, *http.Request) {}

func TestCertificatesAreVerified(t *testing.T) {
	tomorrow, yesterday := time.Now().AddDate(0, 0, 1), time.Now().AddDate(0, 0, -1)
	for name, c := range map[string]struct {
		host    string
		until   time.Time
		trusted bool
		wanted  string // part of the error; empty for none
	}{
		"trusted":                 {"example.com", tomorrow, true, ""},
		"of an unknown authority": {"example.com", tomorrow, false, "unknown authority"},
		"expired":                 {"example.com", yesterday, true, "expired"},
		"for another name":        {"other.example.org", tomorrow, true, "other.example.org, not example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, c.host, c.until, ok)
			request, err := http.NewRequestWithContext(ForEvaluation(t.Context()), http.MethodGet, "https://example.com/api", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Auth-Token", "secret")
			response, err := newTestClient(t, c.trusted, s).Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if (err == nil) != (c.wanted == "") || err != nil && !strings.Contains(err.Error(), c.wanted) {
				t.Errorf("error %v; want %q", err, c.wanted)
			}
			if err != nil && len(s.requests) != 0 {
				t.Errorf("the site received %q", s.requests)
			}
		})
	}
}

// TestRedirectsElsewhereAreNotFollowed checks the rule of New. Packages that need no
// redirects at all have a stricter one.
func TestRedirectsElsewhereAreNotFollowed(t *testing.T) {
	tomorrow := time.Now().AddDate(0, 0, 1)
	for name, c := range map[string]struct {
		to       string
		followed bool
	}{
		"on the same host":                  {"/there", true},
		"to another host":                   {"https://other.example.org/there", false},
		"to a subdomain":                    {"https://below.example.com/there", false},
		"to another port":                   {"https://example.com:8443/there", false},
		"to plain HTTP":                     {"http://example.com/there", false},
		"without a scheme":                  {"//other.example.org/there", false},
		"to another host, the name as user": {"https://example.com@other.example.org/there", false},
		"in a loop":                         {"/api", false},
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
			response, err := newTestClient(t, true, first, other).Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
			if (err == nil) != c.followed {
				t.Errorf("error %v", err)
			}
			if len(other.requests) != 0 {
				t.Errorf("the other host received %q", other.requests)
			}
			if len(first.requests) > maxRedirects+1 {
				t.Errorf("%d requests; want at most %d", len(first.requests), maxRedirects+1)
			}
		})
	}
}

func TestDeadHostGetsTwoRequests(t *testing.T) {
	dead := newSite(t, "example.com", time.Now().AddDate(0, 0, 1), ok)
	client := newTestClient(t, true, dead)
	dead.Close()
	evaluation := ForEvaluation(t.Context())
	var errs []string
	for range 3 {
		request, err := http.NewRequestWithContext(evaluation, http.MethodPost, "https://example.com/api", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			t.Fatal("a request to the dead host succeeded")
		}
		errs = append(errs, err.Error())
	}
	for i, wanted := range []string{"connection refused", "connection refused", "not asked again: example.com did not answer 2 times in a row"} {
		if !strings.Contains(errs[i], wanted) {
			t.Errorf("call %d: %s; want %q", i+1, errs[i], wanted)
		}
	}
}

func TestEndlessHeadersAreNotRead(t *testing.T) {
	s := newSite(t, "example.com", time.Now().Add(time.Hour), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
	})
	response, err := get(t, newTestClient(t, true, s), "https://example.com/")
	if err == nil {
		_ = response.Body.Close()
		t.Error("a header of 1 MB was read")
	}
}
