// Package bbb is a client of the BigBlueButton API. A Client takes the endpoint of
// a server and returns its meetings, recordings or version, or ends a meeting.
// Errors name the call and the host. An error that shows that the server is alive
// wraps a *pool.AnsweredError.
//
// Responses are parsed while they arrive, by a reader of our own around
// encoding/xml: it skips what we do not need, such as attendees, without decoding
// it. A response with 200 attendees (60 kB) takes 0.25 to 0.4 ms and 8.5 kB of
// memory; encoding/xml alone takes 4 ms and 520 kB. To measure this again, run
//
//	go test -run '^$' -bench 'MeetingsWith200Attendees|EncodingXML' -benchmem ./internal/client/bbb
package bbb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

const (
	// maxResponse is the largest response that is read, in bytes. An attendee takes
	// about 350 bytes, so it has room for more than 20,000 people on one server.
	maxResponse = 8 << 20
	// maxDrain is how much is read after the XML, in bytes, so that the connection
	// can be used again.
	maxDrain = 4 << 10
)

// Client calls the API of any server. It implements pool.MeetingService.
type Client struct {
	hash checksum.Hash
	http *http.Client
}

// New returns a Client that signs its calls with hash, which every server must
// accept. It does not follow redirects, because a response of another host says
// nothing about the server.
func New(hash checksum.Hash, client *http.Client) *Client {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{hash, &direct}
}

// answer is what is known of a response besides its body.
type answer struct {
	// tls is the TLS state of the connection. It is nil without TLS or a response.
	tls *tls.ConnectionState
	// date is the Date header; zero if there was none.
	date time.Time
	// from is the address that answered; invalid if unknown.
	from netip.Addr
}

// call makes a signed call and passes the response to parse. The answer is also
// returned with an error, as far as there was one.
func (c *Client) call(ctx context.Context, at pool.Endpoint, call string, query url.Values,
	parse func(io.Reader) error) (answer, error) {
	return c.get(ctx, at, call, "/"+call+"?"+c.hash.Sign(call, query, at.Secret), parse)
}

// get requests a path below the server's URL, and passes the response to parse.
func (c *Client) get(ctx context.Context, at pool.Endpoint, call, path string,
	parse func(io.Reader) error) (answer, error) {
	var from netip.Addr
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		from = addressOf(info.Conn.RemoteAddr())
	}})
	address := strings.TrimRight(at.URL, "/") + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, fmt.Errorf("%s: the server's URL: %w", call, withoutURL(err))
	}
	request.Header.Set("Cache-Control", "no-cache")
	got, err := c.exchange(request, parse)
	if pool.IsAnswered(err) {
		got.from = from
	}
	if err != nil {
		return got, fmt.Errorf("%s of %s: %w", call, request.URL.Host, err)
	}
	return got, nil
}

// addressOf returns the IP address of one end of a connection; invalid if it has none.
func addressOf(end net.Addr) netip.Addr {
	if tcp, ok := end.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

func (c *Client) exchange(request *http.Request, parse func(io.Reader) error) (answer, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, certificateAnswers(withoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	date, _ := http.ParseTime(response.Header.Get("Date")) // zero without the header
	got := answer{tls: response.TLS, date: date}
	if err := parseResponse(response, parse); err != nil {
		if ended := request.Context().Err(); ended != nil {
			err = ended // a deadline may look like a truncated response
		}
		return got, &pool.AnsweredError{Err: err}
	}
	_, _ = io.CopyN(io.Discard, response.Body, maxDrain)
	return got, nil
}

// certificateAnswers marks the refusal of a server's certificate as an answer: the server
// completed its part of the TLS handshake.
func certificateAnswers(err error) error {
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		return &pool.AnsweredError{Err: err}
	}
	return err
}

// parseResponse passes the body to parse. An *Error of BBB takes precedence over the
// HTTP status, which may come from a proxy.
func parseResponse(response *http.Response, parse func(io.Reader) error) error {
	body := &io.LimitedReader{R: response.Body, N: maxResponse}
	err := parse(body)
	var failure *Error
	switch {
	case errors.As(err, &failure):
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("HTTP status %d", response.StatusCode)
	case err != nil && body.N == 0:
		return fmt.Errorf("the response is longer than %d bytes", maxResponse)
	}
	return err
}

// withoutURL removes the URL from an error, because it contains the checksum.
func withoutURL(err error) error {
	var failure *url.Error
	if errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
