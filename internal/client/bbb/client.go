// Package bbb speaks the BigBlueButton API of any server.
// In go a server's endpoint and a call; out come its meetings, its recordings, or
// an error that names the call and the host. Answers are read as they arrive.
package bbb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

const (
	// largestAnswer bounds what is read of an answer, in bytes. An attendee takes
	// about 350, so this is room for more than 20,000 people on one server.
	largestAnswer = 8 << 20
	// largestRest bounds what is read after an answer so that its connection can
	// be used again, in bytes.
	largestRest = 4 << 10
)

// Client calls any server. It is a pool.MeetingService.
type Client struct {
	hash checksum.Hash
	http *http.Client
}

// New gives a client that signs with hash, which every server has to allow.
// Redirects are not followed: another host's answer says nothing about a server.
func New(hash checksum.Hash, client *http.Client) *Client {
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{hash, &direct}
}

// call makes a signed call and hands the answer to parse. The connection tells of
// the server's certificate; it is nil without TLS.
func (c *Client) call(ctx context.Context, at pool.Endpoint, call string, query url.Values,
	parse func(io.Reader) error) (*tls.ConnectionState, error) {
	return c.get(ctx, at, call, "/"+call+"?"+c.hash.Sign(call, query, at.Secret), parse)
}

// get asks for what is at the path below the server's URL.
func (c *Client) get(ctx context.Context, at pool.Endpoint, call, path string,
	parse func(io.Reader) error) (*tls.ConnectionState, error) {
	address := strings.TrimRight(at.URL, "/") + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: the server's URL: %w", call, withoutURL(err))
	}
	connection, err := c.exchange(request, parse)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", call, request.URL.Host, err)
	}
	return connection, nil
}

func (c *Client) exchange(request *http.Request, parse func(io.Reader) error) (*tls.ConnectionState, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer response.Body.Close()
	if err := judge(response, parse); err != nil {
		if ended := request.Context().Err(); ended != nil {
			return nil, ended // an answer that the deadline cuts off may seem to end by itself
		}
		return nil, err
	}
	_, _ = io.CopyN(io.Discard, response.Body, largestRest)
	return response.TLS, nil
}

// judge parses the answer, and takes BBB's own word for a failure before the
// HTTP status, which may be a proxy's.
func judge(response *http.Response, parse func(io.Reader) error) error {
	body := &io.LimitedReader{R: response.Body, N: largestAnswer}
	err := parse(body)
	var failure *Error
	switch {
	case errors.As(err, &failure):
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("HTTP status %d", response.StatusCode)
	case err != nil && body.N == 0:
		return fmt.Errorf("the answer is longer than %d bytes", largestAnswer)
	}
	return err
}

// withoutURL takes the URL, and with it the checksum, out of an error.
func withoutURL(err error) error {
	var failure *url.Error
	if errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
