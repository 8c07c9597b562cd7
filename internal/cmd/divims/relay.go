package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// relay serves the function's page on an ordinary address, although the function is in a
// bubble of virtual time, where a connection from outside would stop the time. It queues the
// requests, and the run answers them between two steps.
type relay struct {
	server *http.Server
	queue  chan *relayed
	// over is closed when the run has ended.
	over chan struct{}
}

// relayed is a request and its answer.
type relayed struct {
	request *http.Request
	body    []byte
	answer  *httptest.ResponseRecorder
	done    chan struct{}
}

// maxRelayed is the most requests that may wait.
const maxRelayed = 100

// maxRelayedBody is the size of the largest request body, in bytes.
const maxRelayedBody = 1 << 20

// startRelay serves on a listener.
func startRelay(listener net.Listener) *relay {
	q := &relay{queue: make(chan *relayed, maxRelayed), over: make(chan struct{})}
	q.server = &http.Server{Handler: q, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = q.server.Serve(listener) }()
	return q
}

func (q *relay) close() {
	close(q.over)
	_ = q.server.Close()
}

// ServeHTTP waits until the run has answered.
func (q *relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRelayedBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	v := &relayed{r, body, httptest.NewRecorder(), make(chan struct{})}
	select {
	case q.queue <- v:
	default:
		http.Error(w, "too many requests wait", http.StatusServiceUnavailable)
		return
	}
	select {
	case <-v.done:
	case <-q.over:
		http.Error(w, "the run has ended", http.StatusServiceUnavailable)
		return
	case <-r.Context().Done():
		return
	}
	for name, values := range v.answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(v.answer.Code)
	_, _ = w.Write(v.answer.Body.Bytes())
}

// answerAll answers the waiting requests with a handler. start starts a goroutine for each.
func (q *relay) answerAll(handler http.Handler, start func(func())) {
	for {
		select {
		case v := <-q.queue:
			start(func() {
				defer close(v.done)
				request := v.request.Clone(context.Background()) // the caller's context is outside
				request.Body = io.NopCloser(bytes.NewReader(v.body))
				handler.ServeHTTP(v.answer, request)
			})
		default:
			return
		}
	}
}
