package handler

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

// A request is tried three times, after pauses of about 0.2 and 0.6 seconds.
const (
	mostTries  = 3
	firstPause = 200 * time.Millisecond
	growth     = 3
	jitter     = 0.5 // of the pause, more or less
	// longestAsked is the longest pause that a service may ask for. One that
	// asks for more is asked by the next evaluation.
	longestAsked = 5 * time.Second
)

// repeating tries a request again that is safe to repeat, while its deadline and
// the evaluation's budget allow it. Changes are left to the next evaluation,
// which looks first: it enables or cordons an entry again if Scalelite does not
// have it so, and creates no machine that is there.
type repeating struct{ next http.RoundTripper }

// RoundTrip gives the first good answer, or else the last one or its error.
func (r repeating) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	effort := effortOf(ctx)
	if effort == nil {
		return r.next.RoundTrip(request)
	}
	effort.count()
	if !isRepeatable(request) {
		return r.next.RoundTrip(request)
	}
	pause := newPause(effort)
	options := []backoff.RetryOption{backoff.WithBackOff(pause), backoff.WithMaxTries(mostTries), backoff.WithMaxElapsedTime(0)}
	if deadline, ok := ctx.Deadline(); ok {
		options = append(options, backoff.WithMaxElapsedTime(time.Until(deadline)))
	}
	var last *http.Response
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		if last != nil {
			_ = last.Body.Close()
		}
		var err error
		last, err = r.next.RoundTrip(request)
		return struct{}{}, pause.judge(last, err)
	}, options...)
	if last != nil {
		return last, nil // an answer, though perhaps a bad one
	}
	return nil, err
}

// isRepeatable tells what changes nothing. BBB's end is a GET, but when it is
// asked again, another meeting of that name may have begun.
func isRepeatable(request *http.Request) bool {
	return (request.Method == http.MethodGet || request.Method == http.MethodHead) &&
		(request.Body == nil || request.Body == http.NoBody) &&
		!strings.HasSuffix(request.URL.Path, "/api/end")
}

// pause is the time before each next try, with jitter, and never shorter than
// the service asks for.
type pause struct {
	*backoff.ExponentialBackOff
	effort *effort
	asked  time.Duration
}

func newPause(effort *effort) *pause {
	return &pause{effort: effort, ExponentialBackOff: &backoff.ExponentialBackOff{
		InitialInterval: firstPause, Multiplier: growth, RandomizationFactor: jitter, MaxInterval: longestAsked,
	}}
}

// NextBackOff is asked once for each repeat, and ends the tries by backoff.Stop.
func (p *pause) NextBackOff() time.Duration {
	if p.asked > longestAsked || !p.effort.mayRepeat() {
		return backoff.Stop
	}
	return p.asked + p.ExponentialBackOff.NextBackOff()
}

// errBadAnswer says that the next answer may be a better one.
var errBadAnswer = errors.New("the service cannot answer now")

// judge gives an error that another try may mend, one that it will not, or nil.
func (p *pause) judge(response *http.Response, err error) error {
	p.asked = 0
	switch {
	case err != nil && isSilence(err):
		return err
	case err != nil:
		return backoff.Permanent(err)
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		p.asked = retryAfter(response.Header.Get("Retry-After"))
		return errBadAnswer
	}
	return nil
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3); zero for neither.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// isSilence tells errors of a service that did not answer from those that are
// as good as an answer: nobody bears the name, or the certificate is wrong.
func isSilence(err error) bool {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	return !errors.As(err, &certificate) && !(errors.As(err, &name) && name.IsNotFound)
}
