// Package handler serves the function's HTTP requests: the cron trigger's and the
// operators'. It checks the caller, wires the clients up, runs one evaluation or
// carries out an order, and answers with the decision record or the pool's status.
package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
)

// Handler serves the HTTP surface of the function.
type Handler struct {
	routes *http.ServeMux
	// open wires the pool up. It is called once, by the first request that needs it.
	open func() (*Pool, error)
	// token is the bearer token that callers must send. If it is not set, none is required.
	token       pool.Secret
	crossOrigin http.CrossOriginProtection
	// failures notifies operators of evaluations that could not be recorded.
	failures *failureNotifier
	log      *slog.Logger
}

// New creates a handler for a pool that is wired up on first use. So a function with bad
// settings still starts, answers 500 and logs what is wrong.
func New(open func() (*Pool, error), log *slog.Logger) *Handler {
	h := &Handler{routes: http.NewServeMux(), open: sync.OnceValues(open), log: log}
	h.routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	h.routes.HandleFunc("POST /{$}", h.handleErrors(h.evaluate))
	h.routes.HandleFunc("POST /evaluate", h.handleErrors(h.evaluate))
	h.routes.HandleFunc("GET /{$}", h.withPool(showStatus))
	h.routes.HandleFunc("GET /metrics", h.withPool(showMetrics))
	for route, order := range orders {
		h.routes.HandleFunc(route, h.withPool(intervene(order)))
	}
	return h
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", report.PagePolicy)
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Strict-Transport-Security", "max-age=31536000")
	if err := h.admit(r); err != nil {
		h.refuse(w, r, err)
		return
	}
	h.routes.ServeHTTP(w, r)
}

// refusal is an error whose text and HTTP status the caller gets.
type refusal struct {
	status int
	text   string
}

func (e refusal) Error() string { return e.text }

// withPool returns a handler that calls serve with the pool.
func (h *Handler) withPool(serve func(*Pool, http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return h.handleErrors(func(w http.ResponseWriter, r *http.Request) error {
		p, err := h.open()
		if err != nil {
			return err
		}
		return serve(p, w, r)
	})
}

// handleErrors returns a handler that calls serve and answers its errors.
func (h *Handler) handleErrors(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := serve(w, r); err != nil {
			h.refuse(w, r, err)
		}
	}
}

// retryHeld is the Retry-After value in seconds while another evaluation holds the
// lease. Most evaluations take less.
const retryHeld = "5"

// refuse answers with an error. Only a refusal's own text is sent to the caller. Any other
// error is logged and answered with a general text. The holder of the lease is shown only
// to callers with the token.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	answer := refusal{http.StatusInternalServerError, "the request could not be served; the function's log says why"}
	var held *pool.LeaseHeldError
	switch {
	case errors.As(err, &answer):
	case errors.As(err, &held):
		h.log.InfoContext(r.Context(), "lease held", "holder", held.Holder, "until", held.Until)
		w.Header().Set("Retry-After", retryHeld)
		answer = refusal{http.StatusConflict, "another evaluation holds the lease"}
		if h.isAuthorized(r) {
			answer.text = held.Error()
		}
	default:
		h.log.ErrorContext(r.Context(), "request not served", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if answer.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	answerJSON(w, answer.status, map[string]string{"error": answer.text})
}

func answerJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // fails only if the caller has hung up
}

// maxBody is the size of the largest accepted request body, in bytes. All valid ones
// are far smaller.
const maxBody = 64 << 10

// readBody reads a JSON object into value. An empty body leaves value unchanged. Unknown
// fields are refused: a misspelt dry_run must not become a real run.
func readBody(w http.ResponseWriter, r *http.Request, value any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(value)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		err = errors.New("more than one JSON value")
	}
	if err != nil {
		return refusal{http.StatusBadRequest, fmt.Sprintf("the body cannot be read: %.200s", err)}
	}
	return nil
}

// invocation is the body of a request for an evaluation.
type invocation struct {
	Source string `json:"source"`
	DryRun bool   `json:"dry_run"`
}

func readInvocation(w http.ResponseWriter, r *http.Request) (invocation, error) {
	call := invocation{Source: "http"}
	if err := readBody(w, r, &call); err != nil {
		return invocation{}, err
	}
	if len(call.Source) > 40 || strings.ContainsFunc(call.Source, func(c rune) bool { return c < ' ' || c > '~' }) {
		return invocation{}, refusal{http.StatusBadRequest, "source: at most 40 printable ASCII characters"}
	}
	return call, nil
}

// evaluate runs an evaluation. It does not stop if the caller hangs up, because a
// partly done plan would have to be completed by the next evaluation.
func (h *Handler) evaluate(w http.ResponseWriter, r *http.Request) error {
	authorized := h.isAuthorized(r)
	call, err := readInvocation(w, r)
	if !authorized && (err != nil || call != cronCall) {
		return errUnauthorized
	}
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context())
	var record cycle.Record
	p, err := h.open()
	if err == nil {
		record, err = p.Evaluate(ctx, call.Source, call.DryRun)
	}
	if err != nil {
		if !call.DryRun {
			h.failures.notify(ctx, err)
		}
		return err
	}
	if !authorized {
		answerJSON(w, statusOf(record), struct{}{})
		return nil
	}
	answerJSON(w, statusOf(record), record)
	return nil
}

// statusOf returns the HTTP status for a record: 503 if the evaluation could not read the
// pool.
func statusOf(record cycle.Record) int {
	if record.Blind {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

func showStatus(p *Pool, w http.ResponseWriter, r *http.Request) error {
	status, err := p.Status(r.Context())
	if err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		answerJSON(w, http.StatusOK, status)
		return nil
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return status.Page(w, r.Header.Get("Accept-Language"))
}

func showMetrics(p *Pool, w http.ResponseWriter, r *http.Request) error {
	status, err := p.Status(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", report.MetricsContentType)
	return status.Metrics(w)
}
