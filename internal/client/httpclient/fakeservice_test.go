package httpclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// fakeService answers each request with the next of its steps, and repeats the
// last one.
type fakeService struct {
	steps []step
	// at has the time of each request since the first one.
	at    []time.Duration
	first time.Time
	open  int // number of bodies that are not closed yet
}

type step func(*fakeService, *http.Request) (*http.Response, error)

func (s *fakeService) RoundTrip(request *http.Request) (*http.Response, error) {
	if len(s.at) == 0 {
		s.first = time.Now()
	}
	s.at = append(s.at, time.Since(s.first))
	return s.steps[min(len(s.at), len(s.steps))-1](s, request)
}

// answer is a step that answers with a status, and with a Retry-After header if
// it is not empty.
func answer(status int, retryAfter string) step {
	return func(s *fakeService, _ *http.Request) (*http.Response, error) {
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
	service *fakeService
}

func (b *body) Close() error {
	b.service.open--
	return nil
}

var errRefused = errors.New("connection refused")

func fail(err error) step {
	return func(*fakeService, *http.Request) (*http.Response, error) { return nil, err }
}

// hang is a step that waits until the request's context ends.
func hang(_ *fakeService, request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

// call sends a request through a transport and returns the status of the answer,
// or 0 and the text of the error.
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
