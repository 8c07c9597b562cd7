package handler_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/scaling"
)

const (
	token  = "a-token-of-0123456789"
	bearer = "Bearer " + token
)

// newGuardedStage returns a stage whose function requires the token.
func newGuardedStage(t *testing.T) *stage {
	s := newStage(t)
	s.function = handler.FromEnvironment(append(s.sandbox.Environment(), "DIVIMS_TOKEN="+token), s.log)
	return s
}

// ask sends a request with headers, given as alternating names and values.
func (s *stage) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response := httptest.NewRecorder()
	s.function.ServeHTTP(response, request)
	return response
}

// TestNothingWithoutTheToken sends requests for every route, and for some that do not
// exist.
func TestNothingWithoutTheToken(t *testing.T) {
	s := newGuardedStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	requests := map[string]struct{ method, path, body string }{
		"the page":                     {"GET", "/", ""},
		"the page's headers":           {"HEAD", "/", ""},
		"the allowed methods":          {"OPTIONS", "/", ""},
		"metrics":                      {"GET", "/metrics", ""},
		"an evaluation":                {"POST", "/evaluate", `{"source":"cron"}`},
		"an evaluation without a body": {"POST", "/", ""},
		"another source than cron":     {"POST", "/", `{"source":"me"}`},
		"a dry run":                    {"POST", "/", `{"source":"cron","dry_run":true}`},
		"an additional field":          {"POST", "/", `{"source":"cron","token":"x"}`},
		"two bodies in one":            {"POST", "/", `{"source":"cron"} {"source":"cron"}`},
		"a brace too many":             {"POST", "/", `{"source":"cron"}}`},
		"a body that is not JSON":      {"POST", "/", "source=cron"},
		"a body too long":              {"POST", "/", `{"source":"` + strings.Repeat("x", 1<<20) + `"}`},
		"maintenance":                  {"PUT", "/servers/2/maintenance", `{"reason":"r","author":"a"}`},
		"the end of maintenance":       {"DELETE", "/servers/2/maintenance", ""},
		"a pause":                      {"PUT", "/pause", `{"reason":"r","author":"a"}`},
		"a path that does not exist":   {"GET", "/nowhere", ""},
		"a path with ..":               {"GET", "/healthz/../metrics", ""},
		"an empty segment":             {"POST", "//", `{"source":"cron"}`},
		"a slash too many":             {"GET", "/healthz/", ""},
	}
	credentials := map[string]string{
		"no token": "", "another token": "Bearer another-token-0123456789", "a part of it": bearer[:len(bearer)-1],
		"more than it": bearer + "0", "no scheme": token, "another scheme": "Basic " + token, "an empty token": "Bearer ",
	}
	for name, r := range requests {
		for sent, authorization := range credentials {
			response := s.ask(r.method, r.path, r.body, "Authorization", authorization)
			if response.Code != http.StatusUnauthorized || response.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s, %s: status %d", name, sent, response.Code)
			}
			if text := response.Body.String(); text != `{"error":"the token is missing or wrong"}`+"\n" {
				t.Errorf("%s, %s: body %q", name, sent, text)
			}
		}
	}
	if s.log.Len() != 0 {
		t.Errorf("the log has lines: %s", s.log)
	}
}

func TestTokenAllowsEverything(t *testing.T) {
	s := newGuardedStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	for name, r := range map[string]struct{ method, path, body string }{
		"the page": {"GET", "/", ""}, "metrics": {"GET", "/metrics", ""}, "an evaluation": {"POST", "/evaluate", ""},
		"maintenance": {"PUT", "/servers/3/maintenance", `{"reason":"r","author":"a"}`}, "its end": {"DELETE", "/servers/3/maintenance", ""},
	} {
		for _, authorization := range []string{bearer, "bearer " + token} {
			if response := s.ask(r.method, r.path, r.body, "Authorization", authorization); response.Code != http.StatusOK {
				t.Errorf("%s: status %d %s", name, response.Code, response.Body)
			}
		}
	}
	if response := s.ask("GET", "/healthz", ""); response.Code != http.StatusOK {
		t.Errorf("/healthz without the token: status %d", response.Code)
	}
}

// TestCronTriggerNeedsNoToken checks also that its answer has no information.
func TestCronTriggerNeedsNoToken(t *testing.T) {
	s := newGuardedStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	if response := s.ask("POST", "/", `{"source":"cron"}`); response.Code != http.StatusOK || response.Body.String() != "{}\n" {
		t.Errorf("status %d %q", response.Code, response.Body)
	}
	if !strings.Contains(s.log.String(), `"source":"cron"`) {
		t.Errorf("no evaluation was run: %s", s.log)
	}
	settings, err := config.Load(s.sandbox.Environment())
	if err != nil {
		t.Fatal(err)
	}
	now := s.sandbox.Now()
	if _, err := storeOf(settings).Acquire(t.Context(), "somebody", now, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if response := s.ask("POST", "/", `{"source":"cron"}`); response.Code != http.StatusConflict || strings.Contains(response.Body.String(), "somebody") {
		t.Errorf("status %d %q while the lease is held", response.Code, response.Body)
	}
}

// TestRequestsOfOtherSitesAreRefused uses the headers that a browser sends for the page
// of another site.
func TestRequestsOfOtherSitesAreRefused(t *testing.T) {
	s := newStage(t)
	for name, headers := range map[string][]string{
		"a form of another site":   {"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"},
		"a sibling site":           {"Sec-Fetch-Site", "same-site"},
		"a browser of before 2023": {"Origin", "https://evil.example.com"},
	} {
		for _, path := range []string{"/", "/evaluate"} {
			if response := s.ask("POST", path, `{"source":"cron"}`, headers...); response.Code != http.StatusForbidden {
				t.Errorf("%s: POST %s: status %d", name, path, response.Code)
			}
		}
		if response := s.ask("PUT", "/servers/2/maintenance", `{"reason":"r","author":"a"}`, headers...); response.Code != http.StatusForbidden {
			t.Errorf("%s: maintenance: status %d", name, response.Code)
		}
	}
}

func TestEveryAnswerHasSecurityHeaders(t *testing.T) {
	s := newGuardedStage(t)
	for name, response := range map[string]*httptest.ResponseRecorder{
		"the page": s.ask("GET", "/", "", "Authorization", bearer), "a refusal": s.ask("GET", "/", ""),
		"not found": s.ask("GET", "/nowhere", "", "Authorization", bearer), "health": s.ask("GET", "/healthz", ""),
	} {
		for header, wanted := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Strict-Transport-Security": "max-age=", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := response.Header().Get(header); !strings.Contains(got, wanted) {
				t.Errorf("%s has %s: %q", name, header, got)
			}
		}
	}
}

// TestPageEscapesEverything puts markup into every text that comes from outside: names,
// errors, alerts, reasons, callers.
func TestPageEscapesEverything(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	const markup = `<script>alert("1")</script><img src=x onerror='alert(1)'>`
	hold, err := json.Marshal(map[string]string{"reason": markup, "author": markup})
	if err != nil {
		t.Fatal(err)
	}
	if response := s.call("PUT", "/servers/2/maintenance", string(hold), nil); response.Code != http.StatusOK {
		t.Fatalf("status %d %s", response.Code, response.Body)
	}
	var record cycle.Record
	s.call("POST", "/", `{"source":"cron"}`, &record)
	s.store(hostile(record, markup))

	page := s.get("/", "text/html")
	if n := strings.Count(page, "&lt;script&gt;"); n < 10 {
		t.Errorf("the page shows the markup as text %d times; want at least 10", n)
	}
	if i := strings.Index(page, "<script"); i >= 0 {
		t.Errorf("the page has a script: %s", page[max(0, i-200):i+50])
	}
	if strings.Contains(page, "<img") {
		t.Error("the page has an image")
	}
	for line := range strings.Lines(s.get("/metrics", "*/*")) {
		if strings.HasPrefix(line, "<") {
			t.Errorf("the metrics have the line %q", line)
		}
	}
	if text := s.get("/", "application/json"); strings.ContainsAny(text, "<>") {
		t.Error("the JSON has markup")
	}
}

// hostile returns a record with the given text in every field.
func hostile(record cycle.Record, text string) cycle.Record {
	record.Source = text
	record.Plan.Alerts = []scaling.Alert{{Level: scaling.Critical, Subject: text, Text: fact.Verbatim(text)}}
	record.Plan.Withheld = fact.List{fact.Verbatim(text)}
	record.Plan.Required.Limits = []string{text}
	for i := range record.Plan.Required.Policies {
		record.Plan.Required.Policies[i].Why = []string{text}
	}
	record.Outcomes = []cycle.Outcome{{Kind: scaling.EndMeeting, Server: 1, Reason: text, Result: scaling.Failed, Detail: text}}
	for i := range record.Servers {
		record.Servers[i].Domain, record.Servers[i].Why, record.Servers[i].LeftAlone = text, text, text
	}
	return record
}

// store writes a record to the state and to the day's decisions.
func (s *stage) store(record cycle.Record) {
	s.t.Helper()
	settings, err := config.Load(s.sandbox.Environment())
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := json.Marshal(record)
	if err != nil {
		s.t.Fatal(err)
	}
	store, now := storeOf(settings), s.sandbox.Now()
	state, err := store.Acquire(s.t.Context(), "the test", now, now.Add(time.Minute))
	if err != nil {
		s.t.Fatal(err)
	}
	state.Record = text
	if err := store.AppendDecision(s.t.Context(), now, text); err != nil {
		s.t.Fatal(err)
	}
	if err := store.Commit(s.t.Context(), "the test", state); err != nil {
		s.t.Fatal(err)
	}
	// Use a new instance without caches.
	s.function = handler.FromEnvironment(s.sandbox.Environment(), &bytes.Buffer{})
}
