package faults

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// response is what a service responds. Its header and body may be kept for a Stale
// response, so they are replaced and never changed.
type response struct {
	status int
	header http.Header
	body   []byte
}

// responseRecorder records a response.
type responseRecorder struct{ response }

func (r *responseRecorder) Header() http.Header { return r.header }

func (r *responseRecorder) WriteHeader(status int) { r.status = status }

func (r *responseRecorder) Write(text []byte) (int, error) {
	r.body = append(r.body, text...)
	return len(text), nil
}

// begin writes the status and the header.
func (res response) begin(w http.ResponseWriter) {
	for name, values := range res.header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.status)
}

func (res response) write(w http.ResponseWriter) {
	res.begin(w)
	_, _ = w.Write(res.body)
}

// firstHalf returns the response as sent up to the middle of its body. If the body is
// empty, it returns half of the status line and header.
func (res response) firstHalf() []byte {
	var wire bytes.Buffer
	response := http.Response{
		StatusCode: res.status, ProtoMajor: 1, ProtoMinor: 1, Header: res.header,
		ContentLength: int64(len(res.body)), Body: io.NopCloser(bytes.NewReader(res.body)),
	}
	_ = response.Write(&wire) // a Buffer returns no error
	if len(res.body) == 0 {
		return wire.Bytes()[:wire.Len()/2]
	}
	return wire.Bytes()[:wire.Len()-(len(res.body)+1)/2]
}

// A trickle sends the first bytes one by one, for a second in all, and then the rest.
const (
	trickleInterval = 20 * time.Millisecond
	trickleBytes    = 50
)

func (res response) trickle(ctx context.Context, w http.ResponseWriter) {
	res.begin(w)
	drops := res.body[:min(trickleBytes, len(res.body))]
	pause := time.NewTicker(trickleInterval)
	defer pause.Stop()
	for drop := range slices.Chunk(drops, 1) {
		_, _ = w.Write(drop)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		case <-pause.C:
		}
	}
	_, _ = w.Write(res.body[len(drops):])
}
