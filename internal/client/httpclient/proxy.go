package httpclient

import (
	"net"
	"net/http"
	"net/url"
)

// proxy returns the proxy for a request, or nil: the one that HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY name. An address in ConnectTo is more specific than a proxy for all, so such a
// host is connected to directly.
func (c Config) proxy(request *http.Request) (*url.URL, error) {
	if c.Dial != nil || c.isRedirected(request.URL) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(request)
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
