package httpclient

import (
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestConnectTo(t *testing.T) {
	var connect ConnectTo
	if err := connect.UnmarshalText([]byte("A.example.com.=10.0.0.5:8443, .example.com=[::1]:443")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, want string }{
		"the host itself":               {"a.example.com:443", "10.0.0.5:8443"},
		"upper case and a final dot":    {"A.Example.COM.:443", "10.0.0.5:8443"},
		"a subdomain":                   {"x.a.example.com:443", "10.0.0.5:8443"},
		"a subdomain of the second":     {"b.example.com:443", "[::1]:443"},
		"a host with the same end":      {"badexample.com:443", "badexample.com:443"},
		"a host that is not in it":      {"example.org:443", "example.org:443"},
		"an address that has no port":   {"a.example.com", "a.example.com"},
		"the parent of the first entry": {"example.com:443", "[::1]:443"},
	} {
		if got := connect.Address(c.address); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
	for _, text := range []string{"", "a", "=127.0.0.1:443", "a=localhost:443", "a=127.0.0.1", "a=127.0.0.1:0", "a_b=127.0.0.1:443"} {
		if err := new(ConnectTo).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestCACertificatesAreTrusted(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "authorities.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"as text": string(text), "from a file": "file:" + file} {
		t.Run(name, func(t *testing.T) {
			var authorities CACertificates
			if err := authorities.UnmarshalText([]byte(value)); err != nil {
				t.Fatal(err)
			}
			roots, err := authorities.Pool()
			if err != nil {
				t.Fatal(err)
			}
			config := &tls.Config{RootCAs: roots, ServerName: "example.com"}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatalf("the authority is not trusted: %v", err)
			}
			_ = response.Body.Close()
		})
	}
}
