package storage

import (
	"io"
	"net/http"
)

const (
	// maxSize is the largest object that is read or written, in bytes.
	maxSize = 16 << 20
	// maxErrorBody is how much of an error answer is read, in bytes. S3's errors have a
	// few hundred bytes.
	maxErrorBody = 64 << 10
)

// bounded limits the size of answers. The S3 library reads error answers without a
// limit of its own. One byte more than the limit is passed on, so that a reader can
// see that the answer was too large.
type bounded struct{ client *http.Client }

// Do sends a request and limits its answer.
func (b *bounded) Do(request *http.Request) (*http.Response, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	limit := int64(maxSize)
	if response.StatusCode >= http.StatusMultipleChoices {
		limit = maxErrorBody
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, limit+1), response.Body}
	return response, nil
}
