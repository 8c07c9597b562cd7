package main

import (
	"bytes"
	"encoding/json"
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
	return &accounted{t, s, l, settings, handler.FromEnvironment(environ, io.Discard)}
}

// evaluate runs evaluations, each an interval after the one before.
func (a *accounted) evaluate(times int) {
	a.t.Helper()
	for range times {
		a.AdvanceTo(a.Now().Add(interval))
		end := a.begin()
		answer := httptest.NewRecorder()
		a.function.ServeHTTP(answer, httptest.NewRequestWithContext(a.t.Context(), http.MethodPost, "/", strings.NewReader(`{"source":"cron"}`)))
		var record cycle.Record
		if err := json.Unmarshal(answer.Body.Bytes(), &record); err != nil || answer.Code != http.StatusOK {
			a.t.Fatalf("the function answers %d: %s", answer.Code, answer.Body)
		}
		end(record, nil)
	}
}

func (a *accounted) operate(order string) {
	a.t.Helper()
	if err := operate(a.t.Context(), a.settings, order, io.Discard); err != nil {
		a.t.Fatal(err)
	}
}

// Two of three servers do not answer while an operator requires four. DiViMS takes that
// for a fault of the network and changes nothing, although server 4 is left: it freezes.
// A pause is no freeze, and neither is it when server 4 is in maintenance.
func TestLedgerMeasuresAFreeze(t *testing.T) {
	a := newAccounted(t)
	a.operate("force 3 --for 4h")
	a.evaluate(1)
	a.AdvanceTo(a.Now().Add(10 * time.Minute)) // the machines are past their grace time
	a.With(func(w *world.World) {
		for _, server := range []int{1, 2} {
			w.Break(server, world.BBBStopped{Contact: world.Fails})
		}
	})
	a.operate("force 4 --for 4h")
	a.evaluate(3)
	a.close()
	f := a.figures()
	if f.Evaluations != 4 || f.FailedEvaluations != 0 || f.LongestFreezeMinutes != 15 || f.Alerts["network"] != 3 {
		t.Errorf("got %+v; want 4 evaluations, none failed, a freeze of 15 minutes and 3 times the alert network", f)
	}
	if f.MinutesBelowRequired != 15 { // 06:16 to 06:20 with 1 of 3, 06:21 to 06:30 with 1 of 4
		t.Errorf("%d minutes below what was required, want 15", f.MinutesBelowRequired)
	}
	if f.Messages == 0 || f.Messages != len(a.Messages()) {
		t.Errorf("%d messages, of which the inbox has %d", f.Messages, len(a.Messages()))
	}
	a.operate("pause")
	a.evaluate(2)
	a.operate("resume")
	a.operate("maintenance start 4")
	a.evaluate(4)
	if f := a.figures(); f.LongestFreezeMinutes != 15 {
		t.Errorf("the longest freeze is %d minutes after a pause and with no server left, want 15", f.LongestFreezeMinutes)
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
