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

// doorway serves the function's page on an ordinary address, although the function is in a
// bubble of virtual time, where nobody from outside may wait. A request is put down here,
// and the run answers it when it comes by.
type doorway struct {
	server *http.Server
	asked  chan *visit
	// over is closed when the run has ended.
	over chan struct{}
}

// visit is a request and its answer.
type visit struct {
	request *http.Request
	body    []byte
	answer  *httptest.ResponseRecorder
	done    chan struct{}
}

// visitors is how many requests may wait.
const visitors = 100

// maxVisit is the size of the largest request body, in bytes.
const maxVisit = 1 << 20

// openDoorway serves on a listener.
func openDoorway(listener net.Listener) *doorway {
	d := &doorway{asked: make(chan *visit, visitors), over: make(chan struct{})}
	d.server = &http.Server{Handler: d, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = d.server.Serve(listener) }()
	return d
}

func (d *doorway) close() {
	close(d.over)
	_ = d.server.Close()
}

// ServeHTTP waits until the run has answered.
func (d *doorway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxVisit))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	v := &visit{r, body, httptest.NewRecorder(), make(chan struct{})}
	select {
	case d.asked <- v:
	default:
		http.Error(w, "too many requests wait", http.StatusServiceUnavailable)
		return
	}
	select {
	case <-v.done:
	case <-d.over:
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

// answerAll has the waiting requests answered by a handler, each by start.
func (d *doorway) answerAll(handler http.Handler, start func(func())) {
	for {
		select {
		case v := <-d.asked:
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
