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
		named := operation(r, body)
		i.inTurn(named, r, func() { //nolint:contextcheck // it uses the request's
			x.call = i.begin(named)
			x.work()
		})
		x.finish() //nolint:contextcheck // it uses the request's
	})
}

// Refusal is the panic value of a service that does not answer a call.
type Refusal string

// The refusals.
const (
	// NoAnswer sends nothing until the client gives up. The service must not block
	// instead, because other calls may have to wait for it.
	NoAnswer Refusal = "no answer"
	// ConnectionReset resets the connection.
	ConnectionReset Refusal = "connection reset"
)

// Turn runs the work of a call when its turn has come, and returns after that.
type Turn func(operation Operation, r *http.Request, work func())

// TakeTurns makes turn run the work of all calls. Without it, calls work as they come.
// It must be called before the first call.
func (i *Injector) TakeTurns(turn Turn) { i.turn = turn }

func (i *Injector) inTurn(operation Operation, r *http.Request, work func()) {
	if i.turn == nil {
		work()
		return
	}
	i.turn(operation, r, work)
}

// exchange is one request and its response.
type exchange struct {
	injector *Injector
	service  http.Handler
	w        http.ResponseWriter
	r        *http.Request
	body     []byte
	call     Call
	res      response
	// panicked is what the service panicked with; nil if it did not.
	panicked any
}

// work executes the call, unless its fault prevents that. It does not block.
func (x *exchange) work() {
	defer func() {
		x.panicked = recover()
		x.injector.report(x.call)
	}()
	if requestFaults[x.call.Fault] != nil {
		return
	}
	x.res = x.respond(x.r.Context())
	if apply, known := responseFaults[x.call.Fault]; known && !apply(x, &x.res) {
		x.call.Fault = "" // the fault cannot be applied to this response
	}
}

// finish answers the call, or does what its fault says.
func (x *exchange) finish() {
	if refuse := requestFaults[x.call.Fault]; refuse != nil {
		refuse(x.w, x.r)
		return
	}
	switch x.panicked {
	case nil:
		x.send(x.r.Context(), x.res)
	case NoAnswer:
		hang(x.w, x.r)
	case ConnectionReset:
		resetConnection(x.w, nil)
	default:
		panic(x.panicked)
	}
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
