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

// idleConnections is how many connections a warm instance keeps for its next
// evaluation: one for each server of a large pool.
const idleConnections = 1000

// newHTTPClient is the one client that everything outside is reached with:
// certificates are always verified, and redirects to another host, which would
// take credentials along, are not followed.
func newHTTPClient(settings config.Settings) (*http.Client, error) {
	roots, err := settings.CACertificates.Pool()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: settings.CallTimeout}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, settings.ConnectTo.Address(address))
			},
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(idleConnections)},
			ForceAttemptHTTP2:   true,
			MaxIdleConns:        idleConnections,
			MaxIdleConnsPerHost: settings.ObserveParallel,
			IdleConnTimeout:     settings.Interval + time.Minute,
		},
		CheckRedirect: sameHost,
	}, nil
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
