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

// longestAnswer bounds what is read of an answer, in bytes.
const longestAnswer = 64 << 10

// post sends a request with a JSON body, nil for none, and gives the answer's body.
func post(ctx context.Context, way Config, method string, address *url.URL, header http.Header, body any) ([]byte, error) {
	if header == nil {
		header = http.Header{}
	}
	if body == nil {
		return send(ctx, way, method, address, header, nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	header.Set("Content-Type", "application/json")
	return send(ctx, way, method, address, header, text)
}

// send sends a request and gives the answer's body, unless its status is an error.
func send(ctx context.Context, way Config, method string, address *url.URL, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("its address makes no request")
	}
	request.Header = header
	response, err := way.Client.Do(request)
	if err != nil {
		return nil, plain(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	switch {
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, fmt.Errorf("HTTP status %d", response.StatusCode)
	case err != nil:
		return nil, plain(err)
	}
	return answer, nil
}

// plain is what may be told of an error: errors of net/http hold the whole
// address, which is a secret.
func plain(err error) error {
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
	return errors.New("the connection broke, or the answer was none of HTTP, or led elsewhere")
}
