package httpclient

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
)

// proxy returns the proxy for a request, or nil: the one that HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY name. An address in ConnectTo is more specific than a proxy for all, so such a
// host is connected to directly.
func (c Config) proxy(request *http.Request) (*url.URL, error) {
	if c.Dial != nil || c.isRedirected(request.URL) {
		return nil, nil
	}
	if request.URL.Scheme == "https" {
		if err := checkEnvironment(); err != nil {
			return nil, err
		}
	}
	return http.ProxyFromEnvironment(request)
}

// checkEnvironment returns an error if HTTPS_PROXY names a proxy in a way that net/http does
// not read: net/http would then connect without a proxy. The error does not show the value,
// which may hold a password. The variable is read once, as net/http reads it.
var checkEnvironment = sync.OnceValue(func() error {
	value := cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy"))
	if value == "" || isProxy(value) {
		return nil
	}
	return errors.New("HTTPS_PROXY is not the address of a proxy, such as http://proxy.example.com:3128; special characters in a password must be percent-encoded, for example %40 for @")
})

// isProxy reports whether a text is the address of a proxy, whose scheme may be missing.
func isProxy(text string) bool {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	address, err := url.Parse(text)
	return err == nil && address.Hostname() != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, address.Scheme)
}

// isRedirected reports whether ConnectTo has another address for a URL's host.
func (c Config) isRedirected(to *url.URL) bool {
	port := to.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[to.Scheme]
	}
	address := net.JoinHostPort(to.Hostname(), port)
	return c.ConnectTo != nil && c.ConnectTo(address) != address
}
