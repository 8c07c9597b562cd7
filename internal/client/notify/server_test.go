package notify

import (
	"context"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestMailServer sends a mail through a real server, which .ci/mail starts. The server
// offers one mechanism, with STARTTLS or with TLS from the beginning. DIVIMS_TEST_SMTP_CA
// is its certificate's file, _PORT and _TLS_PORT are its ports, and _PASSWORD is the
// password of the user divims.
func TestMailServer(t *testing.T) {
	file := os.Getenv("DIVIMS_TEST_SMTP_CA")
	if file == "" {
		t.Skip("needs a mail server: .ci/mail")
	}
	certificate, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(certificate) {
		t.Fatal("no certificate in " + file)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	for name, test := range map[string]struct{ port, password, parameters, err string }{
		"STARTTLS":            {"PORT", os.Getenv("DIVIMS_TEST_SMTP_PASSWORD"), "", ""},
		"TLS from the start":  {"TLS_PORT", os.Getenv("DIVIMS_TEST_SMTP_PASSWORD"), "&encryption=implicittls", ""},
		"the wrong password":  {"PORT", "the-secret", "", "log in: status 535"},
		"without any login":   {"PORT", "the-secret", "&auth=none", "recipients: recipient: status 550"},
		"what is not offered": {"PORT", "the-secret", "&auth=oauth2", "log in: status 504"},
	} {
		t.Run(name, func(t *testing.T) {
			address := url.URL{
				Scheme: "smtp", User: url.UserPassword("divims", test.password),
				Host: net.JoinHostPort("mail.example.com", os.Getenv("DIVIMS_TEST_SMTP_"+test.port)), Path: "/",
				RawQuery: "fromaddress=divims@example.com&toaddresses=ops@example.com,ada%2Bops@example.com" + test.parameters,
			}
			sender, err := New(Config{Addresses: []pool.Secret{pool.NewSecret(address.String())}, Dial: dial, Roots: roots})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			delivered, err := sender.Notify(ctx, pool.Message{Title: news.Title + " " + name, Text: news.Text})
			switch {
			case test.err == "" && (!delivered || err != nil):
				t.Errorf("delivered %t, %v", delivered, err)
			case test.err != "" && (delivered || err == nil || !strings.Contains(err.Error(), test.err) || containsSecret(err.Error())):
				t.Errorf("delivered %t, %v; want the error %q", delivered, err, test.err)
			}
		})
	}
}
