package httpclient

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// connectProxy is an HTTP proxy on this machine. It leads every host to one site.
type connectProxy struct {
	net.Listener
	site string

	mutex sync.Mutex
	// seen holds the requests: method, host and credentials.
	seen []string
}

func newConnectProxy(t *testing.T, site string) *connectProxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &connectProxy{Listener: listener, site: site}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

// serve reads one request. It answers a CONNECT to refused.example.com with status 403, and
// leads any other to the site.
func (p *connectProxy) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	p.mutex.Lock()
	p.seen = append(p.seen, strings.TrimSpace(request.Method+" "+request.Host+" "+request.Header.Get("Proxy-Authorization")))
	p.mutex.Unlock()
	if strings.HasPrefix(request.Host, "refused.") {
		_, _ = io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\n\r\n")
		return
	}
	to, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.site)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(to, reader) }()
	_, _ = io.Copy(conn, to)
}

// TestProxyOfTheEnvironment sends requests in another process, because net/http reads the
// variables only once.
func TestProxyOfTheEnvironment(t *testing.T) {
	s := newSite(t, "*.example.com", time.Now().AddDate(0, 0, 1), ok)
	file := t.TempDir() + "/authority.pem"
	if err := os.WriteFile(file, []byte(s.authority), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		host        string
		environment []string
		authority   string
		seen        string // by the proxy
		err         string // part of the output
	}{
		"by the proxy":                        {"bbb.example.com", nil, file, "CONNECT bbb.example.com:443 Basic ZGl2aW1zOnNlc2FtZQ==", "error: none"},
		"not for a host in NO_PROXY":          {"direct.invalid", []string{"NO_PROXY=.example.org,direct.invalid"}, file, "", "lookup direct.invalid"},
		"not for a host in CONNECT_TO":        {"inside.example.com", []string{"TEST_CONNECT_TO=inside.example.com=" + s.Listener.Addr().String()}, file, "", "error: none"},
		"CONNECT_TO is another host":          {"bbb.example.com", []string{"TEST_CONNECT_TO=inside.example.com=127.0.0.1:1"}, file, "CONNECT bbb.example.com:443 Basic ZGl2aW1zOnNlc2FtZQ==", "error: none"},
		"not in the sandbox's network":        {"bbb.example.com", []string{"TEST_DIAL=" + s.Listener.Addr().String()}, file, "", "error: none"},
		"the certificate is the site's":       {"bbb.example.org", nil, file, "CONNECT bbb.example.org:443 Basic ZGl2aW1zOnNlc2FtZQ==", "certificate is valid for *.example.com"},
		"the site's authority is not trusted": {"bbb.example.com", nil, "", "CONNECT bbb.example.com:443 Basic ZGl2aW1zOnNlc2FtZQ==", "unknown authority"},
		"the proxy refuses":                   {"refused.example.com", nil, file, "CONNECT refused.example.com:443 Basic ZGl2aW1zOnNlc2FtZQ==", "Forbidden"},
		"the address is malformed":            {"bbb.example.com", []string{"HTTPS_PROXY=http://divims:sesame%@127.0.0.1:1"}, file, "", "HTTPS_PROXY is not the address of a proxy"},
		"there is no proxy":                   {"bbb.example.com", []string{"HTTPS_PROXY=http://divims:sesame@127.0.0.1:1"}, file, "", "proxyconnect tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := newConnectProxy(t, s.Listener.Addr().String())
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestRequestByProxy$", "-test.v")
			command.Env = append([]string{"HTTPS_PROXY=http://divims:sesame@" + proxy.Addr().String(), "TEST_PROXY_URL=https://" + c.host, "TEST_AUTHORITY=" + c.authority}, c.environment...)
			output, err := command.CombinedOutput()
			if err != nil || strings.Contains(string(output), "sesame") {
				t.Errorf("%v, or it shows the proxy's password: %s", err, output)
			}
			if !strings.Contains(string(output), "error: ") || !strings.Contains(string(output), c.err) {
				t.Errorf("output %s; want %q", output, c.err)
			}
			if got := strings.Join(proxy.seen, "; "); got != c.seen {
				t.Errorf("the proxy saw %q; want %q", got, c.seen)
			}
		})
	}
}

// TestRequestByProxy is the other process of TestProxyOfTheEnvironment.
func TestRequestByProxy(t *testing.T) {
	address := os.Getenv("TEST_PROXY_URL")
	if address == "" {
		t.Skip("runs in a process of TestProxyOfTheEnvironment")
	}
	var settings Settings
	if text := os.Getenv("TEST_CONNECT_TO"); text != "" {
		if err := settings.ConnectTo.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if file := os.Getenv("TEST_AUTHORITY"); file != "" {
		if err := settings.CACertificates.UnmarshalText([]byte("file:" + file)); err != nil {
			t.Fatal(err)
		}
	}
	authorities, err := settings.CACertificates.Pool()
	if err != nil {
		t.Fatal(err)
	}
	config := Config{CallTimeout: 8 * time.Second, CACertificates: authorities, ConnectTo: settings.ConnectTo.Address}
	if to := os.Getenv("TEST_DIAL"); to != "" {
		config.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, to)
		}
	}
	response, err := get(t, New(config), address)
	if err != nil {
		t.Logf("error: %v", err)
		return
	}
	_ = response.Body.Close()
	t.Log("error: none")
}

// An address of a proxy may lack its scheme.
func TestProxyAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"http://proxy.example.com:3128": true, "https://user:pass%40word@10.0.0.1": true, "socks5://[fd00::1]:1080": true, "proxy.example.com:3128": true, "HTTP://proxy": true, "user:word@proxy:3128": true,
		"http://user:pass%word@proxy": false, "http://user:pass word@proxy": false, "ftp://proxy": false, "http://": false, ":3128": false,
	} {
		if got := isProxy(text); got != want {
			t.Errorf("isProxy(%q) = %t", text, got)
		}
	}
}
