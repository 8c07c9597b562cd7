package ovh

import (
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is the largest answer that is read, in bytes. Answers about the records of a
// name are far smaller.
const maxAnswer = 1 << 20

// bounded is a transport that limits the length of answers. Reading more than maxAnswer
// bytes of an answer is an error.
type bounded struct{ next http.RoundTripper }

// RoundTrip sends a request, and limits the length of its answer.
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
	if b.read += n; b.read > maxAnswer {
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return n, err
}
