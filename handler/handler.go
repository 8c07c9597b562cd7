// Package handler is the function: it reads the invocation, runs one evaluation
// of its pool, and serves the pool's status. In goes an HTTP request of the cron
// trigger or of an operator; out comes the decision record or the status.
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
	// open wires the pool up; it is called once, by the first request that needs it.
	open func() (*Pool, error)
	// token is what callers have to show; not set, it is not asked for.
	token       pool.Secret
	crossOrigin http.CrossOriginProtection
	// distress tells operators of evaluations that cannot remember that they did.
	distress *distress
	log      *slog.Logger
}

// New serves a pool that is wired up on first use, so that a function with a bad
// configuration still starts, answers 500 and says in its log what is wrong.
func New(open func() (*Pool, error), log *slog.Logger) *Handler {
	h := &Handler{routes: http.NewServeMux(), open: sync.OnceValues(open), log: log}
	h.routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	h.routes.HandleFunc("POST /{$}", h.refusing(h.evaluate))
	h.routes.HandleFunc("POST /evaluate", h.refusing(h.evaluate))
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

// refusal is an error that the caller is told in words, with a status of its own.
type refusal struct {
	status int
	text   string
}

func (e refusal) Error() string { return e.text }

// withPool makes a route of a function that needs the pool.
func (h *Handler) withPool(serve func(*Pool, http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return h.refusing(func(w http.ResponseWriter, r *http.Request) error {
		p, err := h.open()
		if err != nil {
			return err
		}
		return serve(p, w, r)
	})
}

// refusing makes a route of a function that may fail.
func (h *Handler) refusing(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := serve(w, r); err != nil {
			h.refuse(w, r, err)
		}
	}
}

// retryHeld is after how many seconds who met another's lease may try again: most
// evaluations are over then.
const retryHeld = "5"

// refuse answers with an error. One that is no refusal is told to the log and
// not to the caller, and who holds the lease not to an unknown one.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	answer := refusal{http.StatusInternalServerError, "the request could not be served; the log says why"}
	var held *pool.LeaseHeldError
	switch {
	case errors.As(err, &answer):
	case errors.As(err, &held):
		h.log.InfoContext(r.Context(), "lease held", "holder", held.Holder, "until", held.Until)
		w.Header().Set("Retry-After", retryHeld)
		answer = refusal{http.StatusConflict, "another evaluation holds the lease"}
		if h.isKnown(r) {
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
	_ = json.NewEncoder(w).Encode(value) // the caller is gone: nobody to tell
}

// bodyLimit bounds what a caller may send; every body we know is far smaller.
const bodyLimit = 64 << 10

// readBody reads a JSON object into value. An empty body leaves value as it is;
// unknown fields are refused, since a misspelt dry_run must not act.
func readBody(w http.ResponseWriter, r *http.Request, value any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
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

// invocation is the body of the cron trigger and of a forced evaluation.
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
		return invocation{}, refusal{http.StatusBadRequest, "source: at most 40 plain characters"}
	}
	return call, nil
}

// evaluate goes on when the caller hangs up: an evaluation that is broken off in
// the middle has still to be finished by somebody.
func (h *Handler) evaluate(w http.ResponseWriter, r *http.Request) error {
	known := h.isKnown(r)
	call, err := readInvocation(w, r)
	if !known && (err != nil || call != cronCall) {
		return errUnknownCaller
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
			h.distress.tell(ctx, err)
		}
		return err
	}
	if !known {
		answerJSON(w, statusOf(record), struct{}{})
		return nil
	}
	answerJSON(w, statusOf(record), record)
	return nil
}

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
