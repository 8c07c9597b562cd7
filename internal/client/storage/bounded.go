package storage

import (
	"io"
	"net/http"
)

const (
	// maxSize bounds an object that is read or written, in bytes.
	maxSize = 16 << 20
	// maxFailure bounds what is read of an error, in bytes. S3's have some hundred.
	maxFailure = 64 << 10
)

// bounded is the HTTP client under the library, which reads errors to their end,
// however far that is. One byte more than the bound is let through, to tell that
// there was more.
type bounded struct{ client *http.Client }

// Do sends a request.
func (b *bounded) Do(request *http.Request) (*http.Response, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	limit := int64(maxSize)
	if response.StatusCode >= http.StatusMultipleChoices {
		limit = maxFailure
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, limit+1), response.Body}
	return response, nil
}
