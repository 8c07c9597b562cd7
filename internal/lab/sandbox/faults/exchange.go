package faults

import (
	"bytes"
	"io"
	"net/http"
)

// maxBodySize is far above any body that a sandbox's service is sent, in bytes.
const maxBodySize = 64 << 20

// Wrap puts a service behind the injector. operation tells of a request, whose body is
// read already, which call it is; Service and Name must be set.
func (i *Injector) Wrap(operation func(r *http.Request, body []byte) Operation, service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only when the body is read, net/http notices that a client went.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		x := exchange{injector: i, service: service, w: w, r: r, body: body}
		x.call = i.begin(operation(r, body))
		x.serve()
	})
}

// exchange is one request and its answer.
type exchange struct {
	injector *Injector
	service  http.Handler
	w        http.ResponseWriter
	r        *http.Request
	body     []byte
	call     Call
}

func (x *exchange) serve() {
	if refuse, known := requestFaults[x.call.Fault]; known {
		x.injector.settle(x.call)
		refuse(x.w, x.r)
		return
	}
	a := x.response()
	if apply, known := responseFaults[x.call.Fault]; known && !apply(x, &a) {
		x.call.Fault = "" // there was nothing that it could be done to
	}
	x.injector.settle(x.call)
	x.send(a)
}

// answer has the call carried out, unless an old answer will do.
func (x *exchange) response() response {
	switch x.call.Fault {
	case Stale:
		if old, known := x.injector.recall(x.r, x.call.Service); known {
			return old
		}
		x.call.Fault = ""
	case Duplicate:
		x.carryOut()
	}
	a := x.carryOut()
	x.injector.remember(x.r, x.call.Service, a)
	return a
}

func (x *exchange) carryOut() response {
	r := x.r.Clone(x.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	a := responseRecorder{response: response{status: http.StatusOK, header: http.Header{}}}
	x.service.ServeHTTP(&a, r)
	return a.response
}

func (x *exchange) send(a response) {
	switch x.call.Fault {
	case LostAnswer, KillAfter:
		resetConnection(x.w, nil)
	case Reset:
		resetConnection(x.w, a.firstHalf())
	case Trickle:
		a.trickle(x.w, x.r.Context())
	default:
		a.write(x.w)
	}
}
