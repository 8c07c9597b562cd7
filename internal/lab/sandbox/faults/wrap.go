package faults

import (
	"bytes"
	"io"
	"net/http"
)

// largestBody is far above any body that a sandbox's service is sent, in bytes.
const largestBody = 64 << 20

// Wrap puts a service behind the layer. site tells of a request, whose body is
// read already, which call it is; Service and Name must be set.
func (l *Layer) Wrap(site func(r *http.Request, body []byte) Site, service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only when the body is read, net/http notices that a client went.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		x := exchange{layer: l, service: service, w: w, r: r, body: body}
		x.call = l.begin(site(r, body))
		x.serve()
	})
}

// exchange is one request and its answer.
type exchange struct {
	layer   *Layer
	service http.Handler
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
	call    Call
}

func (x *exchange) serve() {
	if refuse, known := refusals[x.call.Fault]; known {
		x.layer.settle(x.call)
		refuse(x.w, x.r)
		return
	}
	a := x.answer()
	if distort, known := distortions[x.call.Fault]; known && !distort(x, &a) {
		x.call.Fault = "" // there was nothing that it could be done to
	}
	x.layer.settle(x.call)
	x.send(a)
}

// answer has the call carried out, unless an old answer will do.
func (x *exchange) answer() answer {
	switch x.call.Fault {
	case Stale:
		if old, known := x.layer.recall(x.r, x.call.Service); known {
			return old
		}
		x.call.Fault = ""
	case Duplicate:
		x.carryOut()
	}
	a := x.carryOut()
	x.layer.remember(x.r, x.call.Service, a)
	return a
}

func (x *exchange) carryOut() answer {
	r := x.r.Clone(x.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	a := recorder{answer: answer{status: http.StatusOK, header: http.Header{}}}
	x.service.ServeHTTP(&a, r)
	return a.answer
}

func (x *exchange) send(a answer) {
	switch x.call.Fault {
	case LostAnswer, KillAfter:
		breakOff(x.w, nil)
	case Reset:
		breakOff(x.w, a.half())
	case Trickle:
		a.trickle(x.w, x.r.Context())
	default:
		a.write(x.w)
	}
}
