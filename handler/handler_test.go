package handler_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/contract"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// monday is the start of every stage.
var monday = contract.Start

// stage is the function in a sandbox with one meeting of 200 participants.
type stage struct {
	t        *testing.T
	sandbox  *sandbox.Sandbox
	function http.Handler
	log      *bytes.Buffer
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, sandbox: contract.Pool(t), log: &bytes.Buffer{}}
	s.function = handler.FromEnvironment(s.sandbox.Environment(), s.log)
	return s
}

// call sends a request and decodes the JSON answer unless answer is nil.
func (s *stage) call(method, path, body string, answer any) *httptest.ResponseRecorder {
	s.t.Helper()
	request := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	request.Header.Set("Accept", "application/json")
	response := httptest.NewRecorder()
	s.function.ServeHTTP(response, request)
	if answer != nil {
		if err := json.Unmarshal(response.Body.Bytes(), answer); err != nil {
			s.t.Fatalf("%s %s: status %d %q: %v", method, path, response.Code, response.Body, err)
		}
	}
	return response
}

func (s *stage) get(path, accept string) string {
	request := httptest.NewRequestWithContext(s.t.Context(), "GET", path, nil)
	request.Header.Set("Accept", accept)
	response := httptest.NewRecorder()
	s.function.ServeHTTP(response, request)
	if response.Code != http.StatusOK {
		s.t.Errorf("GET %s: status %d %q", path, response.Code, response.Body)
	}
	return response.Body.String()
}

func TestServerInMaintenanceIsLeftAlone(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	if response := s.call("PUT", "/servers/2/maintenance", `{"reason":"new disk","author":"Ada"}`, nil); response.Code != http.StatusOK {
		t.Fatalf("status %d %q", response.Code, response.Body)
	}
	var record cycle.Record
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if planned(record) != "create 3 done, enable 3 done" {
		t.Errorf("planned %q although server 2 is in maintenance", planned(record))
	}
	if m := record.Servers[1].Maintenance; m == nil || m.Reason != "new disk" || m.Author != "Ada" || m.Since.IsZero() {
		t.Errorf("maintenance %+v", m)
	}
	s.call("DELETE", "/servers/2/maintenance", "", nil)
	var status report.Status
	s.call("GET", "/", "", &status)
	if status.Last.Servers[1].Maintenance != nil {
		t.Error("the status shows maintenance that has ended")
	}
}

func TestPauseStopsActions(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	if response := s.call("PUT", "/pause", `{"reason":"exams","author":"Ada"}`, nil); response.Code != http.StatusOK {
		t.Fatalf("status %d %q", response.Code, response.Body)
	}
	var record cycle.Record
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if len(record.Plan.Actions) != 0 || record.Participants != 200 {
		t.Errorf("planned %q for %d participants", planned(record), record.Participants)
	}
	s.call("DELETE", "/pause", "", nil)
	s.sandbox.AdvanceTo(monday.Add(10 * time.Minute))
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if len(record.Plan.Actions) == 0 {
		t.Error("no action after the pause")
	}
}

func TestForcedNumberReplacesThePolicies(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	until := monday.Add(time.Hour).Format(time.RFC3339)
	order := `{"servers":3,"until":"` + until + `","reason":"exams","author":"Ada"`
	var tried pool.Intervention
	s.call("PUT", "/required", order+`,"dry_run":true}`, &tried)
	var record cycle.Record
	s.call("POST", "/evaluate", `{"dry_run":true}`, &record)
	if got, _ := record.Plan.Required.Servers.Get(); got == 3 || tried.Author != "Ada" {
		t.Fatalf("after a dry run %d servers are required: %+v", got, tried)
	}
	if response := s.call("PUT", "/required", order+`}`, nil); response.Code != http.StatusOK {
		t.Fatalf("status %d %q", response.Code, response.Body)
	}
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if got, _ := record.Plan.Required.Servers.Get(); got != 3 {
		t.Errorf("%d servers are required, want 3", got)
	}
	if len(record.Interventions) != 1 || record.Interventions[0].Author != "Ada" || record.Interventions[0].Reason != "exams" {
		t.Errorf("recorded interventions %+v", record.Interventions)
	}
	s.sandbox.AdvanceTo(monday.Add(65 * time.Minute))
	record = cycle.Record{}
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if got, _ := record.Plan.Required.Servers.Get(); got == 3 || len(record.Interventions) != 0 {
		t.Errorf("%d servers are required after the end, interventions %v", got, record.Interventions)
	}
}

func TestOperatorEndsADrain(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	endDrain := func(status int, body string) {
		t.Helper()
		if response := s.call("PUT", "/servers/1/end-drain", body, nil); response.Code != status {
			t.Errorf("%s: status %d %q", body, response.Code, response.Body)
		}
	}
	s.call("POST", "/", `{"source":"cron"}`, nil)
	endDrain(http.StatusConflict, `{"confirm":"bbb-w1","reason":"r","author":"Ada"}`) // the server is not draining
	s.sandbox.With(func(w *world.World) {
		for _, entry := range w.Entries() {
			if strings.Contains(entry.URL, "bbb-w1.") {
				_ = w.SetState(entry.ID, pool.Cordoned)
			}
		}
	})
	var record cycle.Record
	s.call("PUT", "/pause", `{"reason":"hands off","author":"Ada"}`, nil)
	s.call("POST", "/", `{"source":"cron"}`, nil)
	s.call("DELETE", "/pause", "", nil)
	endDrain(http.StatusConflict, `{"confirm":"bbb-w1","reason":"r","author":"Ada"}`) // somebody has cordoned it by hand
	s.call("DELETE", "/servers/1/maintenance", "", nil)
	endDrain(http.StatusBadRequest, `{"confirm":"bbb-w2","reason":"r","author":"Ada"}`) // the name of another server
	endDrain(http.StatusOK, `{"confirm":"bbb-w1","reason":"fire drill","author":"Ada"}`)
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if got := planned(record); !strings.Contains(got, "end meeting 1 done") {
		t.Errorf("planned %q", got)
	}
}

func TestOperatorRecyclesAServer(t *testing.T) {
	s := newStage(t)
	if response := s.call("PUT", "/servers/1/recycle", `{"reason":"r","author":"Ada"}`, nil); response.Code != http.StatusConflict {
		t.Errorf("a server without a known machine: status %d %q", response.Code, response.Body)
	}
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	s.call("POST", "/", `{"source":"cron"}`, nil)
	if response := s.call("PUT", "/servers/1/recycle", `{"reason":"odd noises","author":"Ada"}`, nil); response.Code != http.StatusOK {
		t.Errorf("status %d %q", response.Code, response.Body)
	}
	s.sandbox.AdvanceTo(monday.Add(10 * time.Minute))
	var record cycle.Record
	s.call("POST", "/", `{"source":"cron"}`, &record)
	if server := record.Servers[0]; server.Health != scaling.ToRecycle || !strings.Contains(server.Why, "odd noises") {
		t.Errorf("health %s: %s", server.Health, server.Why)
	}
	s.call("DELETE", "/servers/1/recycle", "", nil)
	s.call("POST", "/evaluate", `{"dry_run":true}`, &record)
	if server := record.Servers[0]; server.Health == scaling.ToRecycle {
		t.Error("the server is still to be recycled after the order was cancelled")
	}
}

func TestHeldLeaseIsAConflict(t *testing.T) {
	s := newStage(t)
	settings, err := config.Load(s.sandbox.Environment())
	if err != nil {
		t.Fatal(err)
	}
	holder := storeOf(settings)
	if _, err := holder.Acquire(t.Context(), "somebody", monday, monday.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	response := s.call("POST", "/", `{"source":"cron"}`, nil)
	if response.Code != http.StatusConflict || !strings.Contains(response.Body.String(), "somebody") || response.Header().Get("Retry-After") == "" {
		t.Errorf("status %d %q %v", response.Code, response.Body, response.Header())
	}
	s.sandbox.AdvanceTo(monday.Add(2 * time.Minute))
	if response := s.call("POST", "/", `{"source":"cron"}`, nil); response.Code != http.StatusOK {
		t.Errorf("after the lease's end: status %d %q", response.Code, response.Body)
	}
}

func TestBlindEvaluationIs503(t *testing.T) {
	s := newStage(t)
	environment := append(s.sandbox.Environment(), "DIVIMS_SCALELITE_SECRET=another")
	function := handler.FromEnvironment(environment, s.log)
	response := httptest.NewRecorder()
	function.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(`{"source":"cron"}`)))
	var record cycle.Record
	if err := json.Unmarshal(response.Body.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	var text, page strings.Builder
	status := report.Status{Last: &record}
	if err := errors.Join(status.Text(&text), status.Page(&page, "")); err != nil {
		t.Fatal(err)
	}
	if shown := text.String() + page.String(); strings.Contains(shown, "0 participants") || strings.Contains(shown, "<b>0</b>") || record.Draining != 0 {
		t.Errorf("unknown values are shown as zero: %s", shown)
	}
	if response.Code != http.StatusServiceUnavailable || !record.Blind || len(record.Plan.Actions) != 0 {
		t.Errorf("status %d, plan %+v", response.Code, record.Plan)
	}
	if !slices.ContainsFunc(record.Plan.Alerts, func(a scaling.Alert) bool {
		return a.Level == scaling.Critical && a.Subject == "Scalelite" && strings.Contains(a.Text.String(), "checksumError")
	}) {
		t.Errorf("alerts %+v", record.Plan.Alerts)
	}
}

func TestBadSettingsAreLoggedAndNotAnswered(t *testing.T) {
	var log bytes.Buffer
	function := handler.FromEnvironment([]string{"DIVIMS_POOL=campus", "DIVIMS_POOL_SIZE=many"}, &log)
	response := httptest.NewRecorder()
	function.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(`{"source":"cron"}`)))
	if response.Code != http.StatusInternalServerError || strings.Contains(response.Body.String(), "DIVIMS_") {
		t.Errorf("status %d %q", response.Code, response.Body)
	}
	for _, wanted := range []string{"DIVIMS_POOL_SIZE", "DIVIMS_SCALELITE_URL", "DIVIMS_STORAGE_BUCKET"} {
		if !strings.Contains(log.String(), wanted) {
			t.Errorf("the log lacks %s: %s", wanted, log.String())
		}
	}
	response = httptest.NewRecorder()
	function.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), "GET", "/healthz", nil))
	if response.Code != http.StatusOK {
		t.Errorf("/healthz: status %d", response.Code)
	}
}

func TestLogHasOneLineForEachEvent(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	s.call("POST", "/", `{"source":"cron"}`, nil)
	var messages []string
	for line := range strings.Lines(s.log.String()) {
		var entry struct{ Msg, Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("not JSON: %q", line)
		}
		if entry.Level != slog.LevelDebug.String() {
			messages = append(messages, entry.Msg)
		}
	}
	if want := []string{"action", "action", "alert", "evaluation"}; !slices.Equal(messages, want) {
		t.Errorf("logged %q, want %q", messages, want)
	}
}

// TestServerNumberHasOneForm checks that a server has one path only: a number with a
// sign or leading zeros is refused.
func TestServerNumberHasOneForm(t *testing.T) {
	s := newStage(t)
	for number, status := range map[string]int{
		"1": http.StatusOK, "+1": http.StatusBadRequest, "01": http.StatusBadRequest, "-1": http.StatusBadRequest,
		"%201": http.StatusBadRequest, "1.0": http.StatusBadRequest, "one": http.StatusBadRequest, "0": http.StatusNotFound, "999": http.StatusNotFound,
	} {
		if response := s.call("DELETE", "/servers/"+number+"/maintenance", "", nil); response.Code != status {
			t.Errorf("server %s answers %d %q; want %d", number, response.Code, response.Body, status)
		}
	}
}

// TestOrdersSayWhatIsMissing checks the answers of the HTTP routes.
func TestOrdersSayWhatIsMissing(t *testing.T) {
	s := newStage(t)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	for body, says := range map[string]string{
		`{"reason":"exams"}`:                  "an author is missing",
		`{"author":"Ada","reason":" "}`:       "a reason is missing",
		`{}`:                                  "a reason and an author are missing",
		`{"author":"Ada","reason":"a\u0007"}`: "without control characters",
	} {
		if response := s.call("PUT", "/pause", body, nil); response.Code != http.StatusBadRequest || !strings.Contains(response.Body.String(), says) {
			t.Errorf("%s: %d %q, want 400 and %q", body, response.Code, response.Body, says)
		}
	}
	var effect handler.Effect
	s.call("PUT", "/required", `{"servers":99,"until":"`+monday.Add(time.Hour).Format(time.RFC3339)+`","reason":"exams","author":"Ada"}`, &effect)
	if !strings.HasPrefix(effect.Note, "limited to ") || effect.Unchanged {
		t.Errorf("99 servers are forced with the effect %+v", effect)
	}
	effect = handler.Effect{}
	s.call("DELETE", "/pause", "", &effect)
	if !effect.Unchanged || effect.Change != "the pool is not paused" {
		t.Errorf("the end of no pause has the effect %+v", effect)
	}
}
