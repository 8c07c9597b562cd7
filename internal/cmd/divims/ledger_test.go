package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/lab/figures"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// accounted is a sandbox with four servers, of which three serve, with its ledger.
type accounted struct {
	t *testing.T
	*sandbox.Sandbox
	*ledger
	settings config.Settings
	function http.Handler
	// noStorage is set while the storage fails.
	noStorage bool
}

func newAccounted(t *testing.T) *accounted {
	t.Helper()
	l := newLedger(nil)
	s, err := sandbox.Start(sandbox.Config{Inbox: true, World: world.Config{
		Start: sandboxStart, Seed: 1, Running: 3, EachMinute: l.minute,
		Servers: pool.Servers(4, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	l.open(s)
	environ := s.Environment()
	settings, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	l.deployed(settings)
	return &accounted{t, s, l, settings, handler.FromEnvironment(environ, io.Discard), false}
}

// evaluate runs evaluations, each an interval after the one before. All must succeed, unless
// the storage was made to fail: then none does.
func (a *accounted) evaluate(times int) {
	a.t.Helper()
	for range times {
		a.AdvanceTo(a.Now().Add(interval))
		end := a.begin()
		answer := httptest.NewRecorder()
		a.function.ServeHTTP(answer, httptest.NewRequestWithContext(a.t.Context(), http.MethodPost, "/", strings.NewReader(`{"source":"cron"}`)))
		var record cycle.Record
		switch err := json.Unmarshal(answer.Body.Bytes(), &record); {
		case a.noStorage && answer.Code == http.StatusInternalServerError:
			end(cycle.Record{}, errors.New("the storage fails"))
		case a.noStorage || err != nil || answer.Code != http.StatusOK:
			a.t.Fatalf("the function answers %d: %s", answer.Code, answer.Body)
		default:
			end(record, nil)
		}
	}
}

// failStorage makes the storage refuse every call, or answer again.
func (a *accounted) failStorage(fails bool) {
	a.t.Helper()
	a.noStorage = fails
	a.Faults().Clear()
	if !fails {
		return
	}
	if err := a.Faults().Set(faults.Rule{Service: "storage", Call: "*", Kind: faults.Forbidden, Percent: 100}); err != nil {
		a.t.Fatal(err)
	}
}

func (a *accounted) operate(order string) {
	a.t.Helper()
	if err := operate(a.t.Context(), a.settings, order, io.Discard); err != nil {
		a.t.Fatal(err)
	}
}

// Two of three servers do not answer, and an operator requires four. While the storage fails,
// DiViMS changes nothing, although server 4 is left: it freezes. A pause is no freeze, and
// neither is it when server 4 is in maintenance.
func TestLedgerMeasuresAFreeze(t *testing.T) {
	a := newAccounted(t)
	a.operate("force 3 --for 4h")
	a.evaluate(1)
	a.AdvanceTo(a.Now().Add(10 * time.Minute))
	a.With(func(w *world.World) {
		for _, server := range []int{1, 2} {
			w.Break(server, world.BBBStopped{Contact: world.Fails})
		}
	})
	a.failStorage(true)
	a.evaluate(3)
	a.failStorage(false)
	if f := a.figures(); f.LongestFreezeMinutes != 15 || f.FailedEvaluations != 3 {
		t.Errorf("got %+v; want 3 failed evaluations, and a freeze of 15 minutes", f)
	}
	a.operate("pause")
	a.evaluate(2)
	a.operate("maintenance start 4")
	a.operate("resume")
	a.operate("force 4 --for 4h")
	a.evaluate(4)
	a.close()
	f := a.figures()
	if f.Evaluations != 10 || f.LongestFreezeMinutes != 15 || f.Alerts["network"] != 6 {
		t.Errorf("got %+v; want 10 evaluations, no longer freeze after a pause and with no server left, and 6 times the alert network", f)
	}
	if f.MinutesBelowRequired != 45 { // 06:16 to 06:40 with 1 of 3, 06:41 to 07:00 with 1 of 4
		t.Errorf("%d minutes below what was required, want 45", f.MinutesBelowRequired)
	}
	if f.Messages == 0 || f.Messages != len(a.Messages()) {
		t.Errorf("%d messages, of which the inbox has %d", f.Messages, len(a.Messages()))
	}
}

func TestLedgerSummaryAndMessages(t *testing.T) {
	a := newAccounted(t)
	a.evaluate(2)
	a.close()
	var text, line bytes.Buffer
	if err := a.summarize(&text, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.2 virtual hours, 2 evaluations, 0 failed", "longest freeze 0 minutes", "1 message, alerts: state (1)"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, text.String())
		}
	}
	if err := a.summarize(&line, true); err != nil {
		t.Fatal(err)
	}
	var f figures.Figures
	if err := json.Unmarshal(line.Bytes(), &f); err != nil || f.Evaluations != 2 || strings.Count(line.String(), "\n") != 1 {
		t.Errorf("the figures are %s, %v", line.String(), err)
	}
	name := filepath.Join(t.TempDir(), "messages.txt")
	if err := writeMessages(name, a.Sandbox); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(name)
	if err != nil || !strings.HasPrefix(string(file), "=== Mon 2026-03-02 06:05:00 CET\nsandbox: warning: state\n\n") {
		t.Errorf("the messages are %s, %v", file, err)
	}
}

func TestListAlerts(t *testing.T) {
	for want, alerts := range map[string]map[string]int{
		"none":                       nil,
		"network (12), server 3 (4)": {"server 3": 4, "network": 12},
		"a (2), b (2), c (1), d (1), e (1), f (1), and 2 more": {"b": 2, "a": 2, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1},
	} {
		if got := listAlerts(alerts); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
