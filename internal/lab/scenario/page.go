package scenario

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Parse(pageText))

// pagePath is the path of the page with what was done to the pool. framePath is that of
// the function's own page in its frame.
const (
	pagePath  = "/scenario"
	framePath = pagePath + "/function"
)

// pagePolicy is the page's Content-Security-Policy. It allows only the page's own style,
// its empty icon and the frame.
var pagePolicy = "default-src 'none'; style-src 'sha256-" + hashOf(pageStyle) + "'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(hash[:])
}

// Handler returns a handler that serves, at GET /scenario, what was done to the pool beside
// the page of the function. The function serves all other requests. now returns the
// virtual time.
func (t *Timeline) Handler(function http.Handler, now func() time.Time) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET "+pagePath, func(w http.ResponseWriter, _ *http.Request) {
		entries := t.Entries()
		slices.Reverse(entries)
		var text bytes.Buffer // so that an error does not follow a part of the page
		if err := page.Execute(&text, view{t.scenario, entries, now()}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("X-Content-Type-Options", "nosniff")
		_, _ = text.WriteTo(w) // fails only if the caller has hung up
	})
	routes.HandleFunc("GET "+framePath, func(w http.ResponseWriter, r *http.Request) {
		framed := r.Clone(r.Context())
		framed.URL.Path = "/"
		function.ServeHTTP(&frameable{ResponseWriter: w}, framed)
	})
	routes.Handle("/", function)
	return routes
}

// frameable changes the policy of a page that may not be shown in a frame, so that pages of
// the same origin may show it.
type frameable struct {
	http.ResponseWriter
	begun bool
}

func (w *frameable) WriteHeader(status int) {
	const name = "Content-Security-Policy"
	policy := w.Header().Get(name)
	w.Header().Set(name, strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors 'self'", 1))
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *frameable) Write(text []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(text)
}

// view is what the page's template uses.
type view struct {
	scenario *Scenario
	// Entries are the events that have happened, the last first.
	Entries []Entry
	// Now is the virtual time.
	Now time.Time
}

// Name returns the name of the scenario's file.
func (v view) Name() string { return v.scenario.Name }

// Style returns the page's style.
func (v view) Style() template.CSS { return template.CSS(pageStyle) }

// Function returns the path of the function's page.
func (v view) Function() string { return framePath }

// Stamp returns a time for programs (RFC 3339).
func (v view) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Moment returns a time in the form of the terminal's lines.
func (v view) Moment(t time.Time) string { return t.In(v.scenario.options.Zone).Format(momentForm) }

// State returns whether an event is ongoing, over or without effect.
func (v view) State(e Entry) string {
	switch {
	case e.HasNoEffect:
		return "without effect"
	case e.Instant:
		return "done"
	case e.Over:
		return "over since " + v.Moment(e.Until)
	case e.Until.IsZero():
		return "ongoing"
	}
	return "ongoing until " + v.Moment(e.Until)
}
