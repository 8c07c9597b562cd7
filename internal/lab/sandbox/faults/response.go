package faults

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// answer is what a service answers. Its header and body are not changed, but
// replaced: they may be kept to be given again.
type response struct {
	status int
	header http.Header
	body   []byte
}

// responseRecorder takes an answer down.
type responseRecorder struct{ response }

func (r *responseRecorder) Header() http.Header { return r.header }

func (r *responseRecorder) WriteHeader(status int) { r.status = status }

func (r *responseRecorder) Write(text []byte) (int, error) {
	r.body = append(r.body, text...)
	return len(text), nil
}

// begin writes everything but the body.
func (a response) begin(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
}

func (a response) write(w http.ResponseWriter) {
	a.begin(w)
	_, _ = w.Write(a.body)
}

// half is the answer as it is on the wire up to the middle of its body, or, if
// there is none, to the middle of what comes before.
func (a response) firstHalf() []byte {
	var wire bytes.Buffer
	response := http.Response{
		StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: a.header,
		ContentLength: int64(len(a.body)), Body: io.NopCloser(bytes.NewReader(a.body)),
	}
	_ = response.Write(&wire) // a Buffer takes everything
	if len(a.body) == 0 {
		return wire.Bytes()[:wire.Len()/2]
	}
	return wire.Bytes()[:wire.Len()-(len(a.body)+1)/2]
}

// A trickle is a byte at a time for a second; the rest comes at once.
const (
	trickleInterval = 20 * time.Millisecond
	trickleBytes    = 50
)

func (a response) trickle(w http.ResponseWriter, ctx context.Context) {
	a.begin(w)
	drops := a.body[:min(trickleBytes, len(a.body))]
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
	_, _ = w.Write(a.body[len(drops):])
}
