package httpclient

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// A request is tried at most three times, after pauses of about 0.2 and 0.6 seconds.
const (
	maxTries        = 3
	firstPause      = 200 * time.Millisecond
	pauseMultiplier = 3
)

// MaxRequestedPause is the longest pause that a service may ask for with Retry-After. A
// request for which it asks for more is not tried again.
const MaxRequestedPause = 5 * time.Second

// retryTransport retries requests that are safe to repeat, while their deadline and
// the evaluation's retry budget allow it. Changes are not retried: the next
// evaluation looks first, and does again what is still missing. Object storage and the
// calendar have retries of their own, in their clients.
type retryTransport struct{ next http.RoundTripper }

// RoundTrip returns the first good answer, or else the last answer or error.
func (r retryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	evaluation := evaluationOf(ctx)
	if evaluation == nil {
		return r.next.RoundTrip(request)
	}
	evaluation.budget.countRequest()
	if !isRepeatable(request) {
		return r.next.RoundTrip(request)
	}
	pause := newRetryPause(request.URL.String(), &evaluation.budget)
	options := []backoff.RetryOption{backoff.WithBackOff(pause), backoff.WithMaxTries(maxTries), backoff.WithMaxElapsedTime(0)}
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, backoff.WithMaxElapsedTime(time.Until(deadline)))
	}
	var last *http.Response
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		if last != nil {
			_ = last.Body.Close()
		}
		var err error
		last, err = r.next.RoundTrip(request) //nolint:bodyclose // the next try or the caller closes it
		return struct{}{}, pause.classify(last, err)
	}, options...)
	if last != nil {
		return last, nil // also if its status is an error
	}
	return nil, err
}

// isRepeatable reports whether a request changes nothing. BBB's `end` is a GET that
// changes something: repeated, it could end the next meeting with the same id.
func isRepeatable(request *http.Request) bool {
	return (request.Method == http.MethodGet || request.Method == http.MethodHead) &&
		(request.Body == nil || request.Body == http.NoBody) &&
		!strings.HasSuffix(request.URL.Path, "/api/end")
}

// retryPause is the time before each retry: exponential with jitter, added to what
// the service asked for with Retry-After.
type retryPause struct {
	*backoff.ExponentialBackOff
	url    string
	budget *retryBudget
	// requested is the Retry-After of the last answer.
	requested time.Duration
}

func newRetryPause(url string, budget *retryBudget) *retryPause {
	return &retryPause{url: url, budget: budget, ExponentialBackOff: &backoff.ExponentialBackOff{
		InitialInterval: firstPause, Multiplier: pauseMultiplier, MaxInterval: MaxRequestedPause,
	}}
}

// NextBackOff returns the pause before the next retry. It returns backoff.Stop when
// the budget is used up or the service asked for more than MaxRequestedPause.
func (p *retryPause) NextBackOff() time.Duration {
	if p.requested > MaxRequestedPause || !p.budget.take() {
		return backoff.Stop
	}
	return p.requested + Jitter(p.url, p.ExponentialBackOff.NextBackOff())
}

// errTemporary is the error of a status that another try may change.
var errTemporary = errors.New("the service cannot answer now")

// classify returns nil for an answer to keep, a permanent error if a retry would
// not help, and any other error if it might.
func (p *retryPause) classify(response *http.Response, err error) error {
	p.requested = 0
	switch {
	case err != nil && isNoAnswer(err):
		return err
	case err != nil:
		return backoff.Permanent(err)
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		p.requested = RetryAfter(response.Header.Get("Retry-After"))
		return errTemporary
	}
	return nil
}

// RetryAfter parses a Retry-After header, which is a number of seconds or a date
// (RFC 9110, 10.2.3). It returns 0 for anything else.
func RetryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// isNoAnswer reports whether an error means that the service did not answer. An
// unknown host name and an invalid certificate are as good as an answer: a retry
// would not change them.
func isNoAnswer(err error) bool {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	return !errors.As(err, &certificate) && (!errors.As(err, &name) || !name.IsNotFound)
}
