package ovh

import (
	"fmt"
	"io"
	"net/http"
)

// largestAnswer is far above any answer about a name's records, in bytes.
const largestAnswer = 1 << 20

// bounded gives an error, and not an early end, for an answer that is too long.
type bounded struct{ next http.RoundTripper }

// RoundTrip sends one request.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request)
	if err == nil {
		response.Body = &body{ReadCloser: response.Body}
	}
	return response, err
}

type body struct {
	io.ReadCloser
	read int
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.read += n; b.read > largestAnswer {
		return 0, fmt.Errorf("the answer is longer than %d bytes", largestAnswer)
	}
	return n, err
}
