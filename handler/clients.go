package handler

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"divims/internal/config"
)

// otherHosts is more than there are beside the servers: storage, Scalelite, the
// calendar, Scaleway.
const otherHosts = 20

// longestSilence bounds the wait for an answer, also of a creation, which has
// more time than DIVIMS_CALL_TIMEOUT because it takes several calls.
const longestSilence = 30 * time.Second

// newHTTPClient is the one client that everything outside is reached with:
// certificates are always verified, and redirects to another host, which would
// take credentials along, are not followed. Nothing is sent after its deadline. Of
// requests that failed, net/http itself repeats only those that no server can have
// read, and GETs on a connection that had been closed.
//
// It speaks HTTP/1.1. A server is asked one thing after the other over one
// connection, and HTTP/2 would take twice the CPU time for that, and more memory.
// An evaluation needs most connections only while it looks at their server, and
// each holds some 60 kB: no more are kept than servers are looked at at once. The
// sessions of all servers are kept, 4 kB each, so that the handshakes of a warm
// instance's next evaluation are short ones.
func newHTTPClient(settings config.Settings) (*http.Client, error) {
	roots, err := settings.CACertificates.Pool()
	if err != nil {
		return nil, err
	}
	sessions := newSessions(settings.PoolSize+otherHosts, settings.CertificateWarning)
	return &http.Client{
		Transport: punctual{&http.Transport{
			DialContext:            dialer(settings),
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ClientSessionCache: sessions, VerifyConnection: sessions.look},
			ResponseHeaderTimeout:  max(longestSilence, settings.CallTimeout),
			MaxIdleConns:           settings.ObserveParallel + otherHosts,
			MaxIdleConnsPerHost:    settings.ObserveParallel,
			IdleConnTimeout:        settings.Interval + time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		}},
		CheckRedirect: sameHost,
	}, nil
}

// dialer connects to where the settings say that a host is.
func dialer(settings config.Settings) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: settings.CallTimeout}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, settings.ConnectTo.Address(address))
	}
}

// persist makes the client for those services whose own clients do not repeat
// requests: all but object storage and the calendar.
func persist(client *http.Client, settings config.Settings) *http.Client {
	own := *client
	own.Transport = breaking{next: repeating{next: client.Transport}, fairWait: settings.CallTimeout / 2}
	return &own
}

const mostRedirects = 3

func sameHost(request *http.Request, via []*http.Request) error {
	if request.URL.Host != via[0].URL.Host || request.URL.Scheme != via[0].URL.Scheme {
		return errors.New("redirected to another host, which is not followed")
	}
	if len(via) > mostRedirects {
		return errors.New("too many redirects")
	}
	return nil
}
