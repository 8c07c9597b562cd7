package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// maxResponse is how much of a response is read, in bytes.
const maxResponse = 64 << 10

// post sends a request with a JSON body (none if body is nil) and returns the response's
// body.
func post(ctx context.Context, via Config, method string, address *url.URL, header http.Header, body any) ([]byte, error) {
	if header == nil {
		header = http.Header{}
	}
	if body == nil {
		return send(ctx, via, method, address, header, nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	header.Set("Content-Type", "application/json")
	return send(ctx, via, method, address, header, text)
}

// send sends a request and returns the response's body. A status other than 2xx is an error.
func send(ctx context.Context, via Config, method string, address *url.URL, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the URL cannot be used")
	}
	request.Header = header
	response, err := via.Client.Do(request)
	if err != nil {
		return nil, redact(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	switch {
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, fmt.Errorf("HTTP status %d", response.StatusCode)
	case err != nil:
		return nil, redact(err)
	}
	return text, nil
}

// redact returns an error without secrets: errors of net/http contain the whole URL.
func redact(err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &network):
		return network
	}
	return errBroken
}

var errBroken = errors.New("the connection broke, the response was not HTTP, or it redirected to another host")
