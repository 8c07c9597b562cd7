package handler

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// script is a service that answers each request with the next of its steps, and
// then with the last one for ever.
type script struct {
	steps []step
	// at is when each request came, since the first one.
	at    []time.Duration
	first time.Time
	open  int // answers whose body nobody has closed
}

type step func(*script, *http.Request) (*http.Response, error)

func (s *script) RoundTrip(request *http.Request) (*http.Response, error) {
	if len(s.at) == 0 {
		s.first = time.Now()
	}
	s.at = append(s.at, time.Since(s.first))
	return s.steps[min(len(s.at), len(s.steps))-1](s, request)
}

// answer gives a status, with Retry-After if there is a text for it.
func answer(status int, retryAfter string) step {
	return func(s *script, _ *http.Request) (*http.Response, error) {
		s.open++
		header := http.Header{}
		if retryAfter != "" {
			header.Set("Retry-After", retryAfter)
		}
		return &http.Response{StatusCode: status, Header: header, Body: &body{strings.NewReader("text"), s}}, nil
	}
}

type body struct {
	io.Reader
	script *script
}

func (b *body) Close() error {
	b.script.open--
	return nil
}

var errRefused = errors.New("connection refused")

func fail(err error) step {
	return func(*script, *http.Request) (*http.Response, error) { return nil, err }
}

// hang answers nothing until the request's context ends.
func hang(_ *script, request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

// call sends a request by the transport, closes the answer, and gives its status
// or the error's text.
func call(ctx context.Context, t *testing.T, transport http.RoundTripper, method, address string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err.Error()
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, ""
}
