// Package httpclient creates the HTTP clients that reach the services around a
// pool. They verify certificates, use the proxy that the environment names, follow no
// redirect to another host and send no request after its deadline. AddRetries adds retries and a circuit breaker for the
// requests of one evaluation.
package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"
)

// Config says how services are reached.
type Config struct {
	// CallTimeout is the time limit for connecting to a service. The deadline of the
	// whole call is the caller's.
	CallTimeout time.Duration
	// Interval is the time between two evaluations. Idle connections are kept a
	// minute longer.
	Interval time.Duration
	// PoolSize is the number of servers, ObserveParallel how many of them are
	// observed at once.
	PoolSize, ObserveParallel int
	// CertificateWarning is how long before a certificate expires operators are
	// warned.
	CertificateWarning time.Duration
	// CACertificates are the trusted authorities. Nil means the system's authorities.
	CACertificates *x509.CertPool
	// ConnectTo returns the address to dial instead of "host:port". If ConnectTo is
	// nil, every address is dialed as it is.
	ConnectTo func(address string) string
	// Dial, if set, connects instead of the system's network.
	Dial Dial
}

// otherHosts is an upper bound of the hosts besides the servers: storage,
// Scalelite, the calendar, Scaleway, notification services.
const otherHosts = 20

// minHeaderTimeout is the time that every service gets to begin its answer, even if
// CallTimeout is shorter. CallTimeout does not limit calls that create a machine.
const minHeaderTimeout = 30 * time.Second

// maxHeaderBytes limits the headers of an answer.
const maxHeaderBytes = 64 << 10

// New creates a client that does not retry requests. Only net/http repeats a failed
// request by itself, in two cases: no server can have read it, or it is a GET on a
// connection that the server had closed.
//
// The client uses HTTP/1.1. The requests to a server follow one another over one
// connection; HTTP/2 would take twice the CPU time and more memory for them. An idle
// connection takes about 60 kB, so only about as many are kept as servers are observed
// at once. A TLS session takes 4 kB, so the sessions of all servers are kept: they
// shorten the handshakes of the next evaluation in the same process.
func New(c Config) *http.Client {
	sessions := newSessionCache(c.PoolSize+otherHosts, c.CertificateWarning)
	return &http.Client{
		Transport: deadlineTransport{&http.Transport{
			Proxy:                  c.proxy,
			DialContext:            Dialer(c),
			TLSClientConfig:        &tls.Config{RootCAs: c.CACertificates, MinVersion: tls.VersionTLS12, ClientSessionCache: sessions, VerifyConnection: sessions.observe},
			ResponseHeaderTimeout:  max(minHeaderTimeout, c.CallTimeout),
			MaxIdleConns:           c.ObserveParallel + otherHosts,
			MaxIdleConnsPerHost:    c.ObserveParallel,
			IdleConnTimeout:        c.Interval + time.Minute,
			MaxResponseHeaderBytes: maxHeaderBytes,
		}},
		CheckRedirect: sameHost,
	}
}

// Dialer returns a function that connects to an address, or to the address that
// ConnectTo returns for it, within the call timeout.
func Dialer(c Config) Dial {
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if c.ConnectTo != nil {
			address = c.ConnectTo(address)
		}
		ctx, cancel := context.WithTimeout(ctx, c.CallTimeout)
		defer cancel()
		return dial(ctx, network, address)
	}
}

// AddRetries returns a copy of a client that retries reads and has a circuit
// breaker for each service, for requests whose context is from ForEvaluation. It
// is meant for services whose libraries do not retry by themselves.
func AddRetries(client *http.Client, callTimeout time.Duration) *http.Client {
	own := *client
	own.Transport = breakerTransport{next: retryTransport{next: client.Transport}, fairWait: callTimeout / 2}
	return &own
}

const maxRedirects = 3

// sameHost refuses redirects to another host, which would receive the request's
// credentials.
func sameHost(request *http.Request, via []*http.Request) error {
	if request.URL.Host != via[0].URL.Host || request.URL.Scheme != via[0].URL.Scheme {
		return errors.New("redirected to another host, which is not followed")
	}
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return nil
}
