package scaleway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// bodyLimit is the largest answer that is read, in bytes. A page of 100 servers takes
// 300 kB.
const bodyLimit = 8 << 20

var errNoMetadata = errors.New("the API's metadata are not needed")

// boundedClient is the HTTP client that the SDK uses. It adds what the SDK lacks: a limit on
// the size of answers, and no redirects, so that credentials stay with their host. It
// also refuses requests for the API's metadata; see Do.
type boundedClient struct{ client http.Client }

func newBoundedClient(client *http.Client) *boundedClient {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	// net/http forwards the X-Auth-Token header to whatever host a redirect
	// names. The API never redirects.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &boundedClient{own}
}

// Do sends a request, unless it is for the API's metadata. After most calls the SDK
// fetches the metadata without the call's deadline and without a lock. It needs them
// only for a way of naming resources that we do not use, and works without them.
func (b *boundedClient) Do(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.URL.Path, "/metadata") {
		return nil, errNoMetadata
	}
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	response.Body = &limitedBody{ReadCloser: response.Body, left: bodyLimit}
	return response, nil
}

// limitedBody fails when more than the limit is read. It does not just end early.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	if b.left < 0 {
		return 0, fmt.Errorf("answer is longer than %d bytes", bodyLimit)
	}
	return n, err
}
