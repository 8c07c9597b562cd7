package faults

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// maxBodySize is the largest request body that is read, in bytes. No client of a sandbox
// sends nearly as much.
const maxBodySize = 64 << 20

// Wrap injects faults into a service. operation returns the Operation of a request, with
// Service and Name set. It must not read the request's Body, but gets the bytes as body.
func (i *Injector) Wrap(operation func(r *http.Request, body []byte) Operation, service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// net/http notices that a client is gone only once the body is read.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		x := exchange{injector: i, service: service, w: w, r: r, body: body}
		x.call = i.begin(operation(r, body))
		x.serve(r.Context())
	})
}

// exchange is one request and its response.
type exchange struct {
	injector *Injector
	service  http.Handler
	w        http.ResponseWriter
	r        *http.Request
	body     []byte
	call     Call
}

func (x *exchange) serve(ctx context.Context) {
	if refuse, known := requestFaults[x.call.Fault]; known {
		x.injector.report(x.call)
		refuse(x.w, x.r)
		return
	}
	res := x.respond(ctx)
	if apply, known := responseFaults[x.call.Fault]; known && !apply(x, &res) {
		x.call.Fault = "" // the fault cannot be applied to this response
	}
	x.injector.report(x.call)
	x.send(ctx, res)
}

// respond returns the service's response, or an old one if the fault is Stale.
func (x *exchange) respond(ctx context.Context) response {
	switch x.call.Fault {
	case Stale:
		if old, known := x.injector.recall(x.r, x.call.Service); known {
			return old
		}
		x.call.Fault = ""
	case Duplicate:
		x.execute(ctx)
	}
	res := x.execute(ctx)
	x.injector.remember(x.r, x.call.Service, res)
	return res
}

func (x *exchange) execute(ctx context.Context) response {
	r := x.r.Clone(ctx)
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	res := responseRecorder{response: response{status: http.StatusOK, header: http.Header{}}}
	x.service.ServeHTTP(&res, r)
	return res.response
}

func (x *exchange) send(ctx context.Context, res response) {
	switch x.call.Fault {
	case LostAnswer, KillAfter:
		resetConnection(x.w, nil)
	case Reset:
		resetConnection(x.w, res.firstHalf())
	case Trickle:
		res.trickle(ctx, x.w)
	default:
		res.write(x.w)
	}
}
