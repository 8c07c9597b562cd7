package handler_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/cycle"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/report"
)

// inbox is a webhook that keeps messages.
type inbox struct {
	address string // for DIVIMS_NOTIFY_URLS

	mutex    sync.Mutex
	messages []string
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	i := &inbox{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		i.mutex.Lock()
		defer i.mutex.Unlock()
		i.messages = append(i.messages, string(body))
	}))
	t.Cleanup(server.Close)
	i.address = "generic+" + server.URL
	return i
}

// read returns the messages so far, each with its title in the first line.
func (i *inbox) read() []string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return slices.Clone(i.messages)
}

func (i *inbox) titles() (list []string) {
	for _, message := range i.read() {
		title, _, _ := strings.Cut(message, "\n")
		list = append(list, title)
	}
	return list
}

// with replaces the function with one that has other settings.
func (s *stage) with(changes ...string) {
	s.function = handler.FromEnvironment(append(s.sandbox.Environment(), changes...), s.log)
}

// evaluateAt runs a cron evaluation at a minute after the start.
func (s *stage) evaluateAt(minute int) cycle.Record {
	s.t.Helper()
	s.sandbox.AdvanceTo(monday.Add(time.Duration(minute) * time.Minute))
	var record cycle.Record
	s.call("POST", "/", `{"source":"cron"}`, &record)
	return record
}

// failAll makes every call of a service fail until the faults are cleared.
func (s *stage) failAll(service string) {
	s.t.Helper()
	if err := s.sandbox.Faults().Set(faults.Rule{Service: service, Call: "*", Kind: faults.ServerError, Percent: 100}); err != nil {
		s.t.Fatal(err)
	}
}

// entriesAndMachines describes Scalelite's entries and the machines. A dry run must not
// change them.
func (s *stage) entriesAndMachines() (text string) {
	s.sandbox.With(func(w *world.World) { text = fmt.Sprintf("%+v %+v", w.Entries(), w.Machines()) })
	return text
}

// TestOutageIsReportedOnce checks the messages of an outage: one when it begins, one when
// it is resolved, and one about the missing evaluations afterwards.
func TestOutageIsReportedOnce(t *testing.T) {
	s, box := newStage(t), newInbox(t)
	s.with("DIVIMS_NOTIFY_URLS=" + box.address)
	s.evaluateAt(5)
	s.failAll("scalelite")
	s.evaluateAt(10)
	s.evaluateAt(15)
	s.sandbox.Faults().Clear()
	s.evaluateAt(20)
	s.evaluateAt(25)
	s.evaluateAt(45)
	want := []string{"sandbox: warning: state", "sandbox: critical: Scalelite", "sandbox: resolved: Scalelite", "sandbox: warning: lease"}
	if got := box.titles(); !slices.Equal(got, want) {
		t.Errorf("messages %q, want %q", got, want)
	}
}

func TestMessagesUseThePoolsTimeZone(t *testing.T) {
	s, box := newStage(t), newInbox(t)
	s.with("DIVIMS_TIMEZONE=America/Montreal", "DIVIMS_NOTIFY_URLS="+box.address)
	s.evaluateAt(5)
	if messages := box.read(); len(messages) != 1 || !strings.Contains(messages[0], "Pool sandbox at Mon 2026-03-02 02:05 EST: ") {
		t.Errorf("messages %q", messages)
	}
}

// TestDryRunDeploymentOnlyReports checks that a deployment with DIVIMS_DRY_RUN records
// and reports what it would do and changes nothing, and that a single dry run does not
// even record or report.
func TestDryRunDeploymentOnlyReports(t *testing.T) {
	s, box := newStage(t), newInbox(t)
	s.with("DIVIMS_DRY_RUN=true", "DIVIMS_NOTIFY_URLS="+box.address)
	s.sandbox.AdvanceTo(monday.Add(5 * time.Minute))
	var record cycle.Record
	s.call("POST", "/evaluate", `{"dry_run":true}`, &record)
	var status report.Status
	if s.call("GET", "/", "", &status); status.Last != nil || len(box.read()) > 0 {
		t.Errorf("a single dry run left the record %+v and the messages %q", status.Last, box.titles())
	}
	before := s.entriesAndMachines()
	record = s.evaluateAt(5)
	s.evaluateAt(10)
	if planned(record) != "create 2, enable 2" || !record.DryRun {
		t.Errorf("planned %q", planned(record))
	}
	if after := s.entriesAndMachines(); after != before {
		t.Errorf("before: %s, after: %s", before, after)
	}
	if s.call("GET", "/", "", &status); status.Last == nil || !status.Last.DryRun || len(status.Decisions) != 2 {
		t.Errorf("status %+v", status)
	}
	messages := box.read()
	if len(messages) != 1 || !strings.Contains(messages[0], "warning: create server 2: DiViMS would do this now: short of 1 server; it has no machine") {
		t.Errorf("messages %q", messages)
	}
}

// TestUnrecordedEvaluationsAreReportedOnceAnHour checks that a dry run and a request for
// the status report nothing.
func TestUnrecordedEvaluationsAreReportedOnceAnHour(t *testing.T) {
	s, box := newStage(t), newInbox(t)
	s.with("DIVIMS_NOTIFY_URLS=" + box.address)
	s.failAll("storage")
	s.call("POST", "/evaluate", `{"dry_run":true}`, nil)
	s.call("GET", "/", "", nil)
	if got := box.titles(); len(got) != 0 {
		t.Errorf("messages %q", got)
	}
	for range 3 {
		s.call("POST", "/", `{"source":"cron"}`, nil)
	}
	if got := box.titles(); !slices.Equal(got, []string{"sandbox: critical: evaluation failed"}) || !strings.Contains(box.read()[0], "take the pool's lease: ") {
		t.Errorf("messages %q", box.read())
	}
}

func TestBadSettingsAreReported(t *testing.T) {
	box := newInbox(t)
	var log bytes.Buffer
	function := handler.FromEnvironment([]string{"DIVIMS_POOL=campus", "DIVIMS_POOL_SIZE=many", "DIVIMS_NOTIFY_URLS=" + box.address}, &log)
	for range 2 {
		response := httptest.NewRecorder()
		function.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(`{"source":"cron"}`)))
		if response.Code != http.StatusInternalServerError {
			t.Errorf("status %d", response.Code)
		}
	}
	if messages := box.read(); len(messages) != 1 || !strings.HasPrefix(messages[0], "campus: critical: evaluation failed\n") || !strings.Contains(messages[0], "- DIVIMS_POOL_SIZE must be a whole number") {
		t.Errorf("messages %q", messages)
	}
}
