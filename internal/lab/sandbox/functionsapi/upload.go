package functionsapi

import (
	"crypto/rand"
	"net/http"
	"strconv"
)

// createUploadURL returns a signed URL for one archive of the announced length.
func (p *Platform) createUploadURL(r *http.Request, _ []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(r.URL.Query().Get("content_length"))
	if err != nil || length < 1 || length > maxBodySize {
		return nil, invalid("content_length must be 1 to %d", maxBodySize)
	}
	f.signature, f.length = rand.Text(), length
	return map[string]any{
		"url": p.url + "/uploads/" + f.id + "?X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&X-Amz-Signature=" + f.signature,
		"headers": map[string][]string{
			"content-length": {strconv.Itoa(length)}, "content-type": {"application/octet-stream"},
		},
	}, nil
}

// upload stores an archive. The URL's signature covers its length and its type.
func (p *Platform) upload(r *http.Request, body []byte) (any, error) {
	f, err := p.function(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	signature := r.URL.Query().Get("X-Amz-Signature")
	if signature == "" || signature != f.signature || len(body) != f.length || r.Header.Get("Content-Type") != "application/octet-stream" {
		return nil, &apiError{http.StatusForbidden, map[string]any{"message": "SignatureDoesNotMatch"}}
	}
	f.archive = body
	return nil, nil
}
