package scenario

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// fakeRun notes what a scenario does with the run of the function.
type fakeRun struct {
	sandbox *sandbox.Sandbox
	notes   []string
	refuses error
}

func (f *fakeRun) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// undo returns a function that notes its call.
func (f *fakeRun) undo(what string) func() { return func() { f.note("%s", what) } }

func (f *fakeRun) Sandbox() *sandbox.Sandbox { return f.sandbox }

func (f *fakeRun) Operate(order string) string { f.note("order %s", order); return "forced" }

func (f *fakeRun) Evaluate() { f.note("evaluate") }

func (f *fakeRun) StopCron() func() { f.note("stop cron"); return f.undo("resume cron") }

func (f *fakeRun) SetClock(ahead time.Duration) func() {
	f.note("clock %s", ahead)
	return f.undo("restore clock")
}

func (f *fakeRun) KillNext(after int) { f.note("kill after %d", after) }

func (f *fakeRun) Deploy(setting string) error {
	f.note("deploy %s", setting)
	return f.refuses
}

func newFakeRun(t *testing.T) *fakeRun {
	t.Helper()
	s, err := sandbox.Start(sandbox.Config{
		Inbox: true, Calendar: []byte("BEGIN:VCALENDAR"),
		World: world.Config{
			Start: time.Date(2026, time.March, 2, 6, 0, 0, 0, time.UTC), Seed: 1, Running: 1,
			Servers: pool.Servers(2, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &fakeRun{sandbox: s}
}

// runKind returns the kind of event with this name.
func runKind(t *testing.T, name string) kind {
	t.Helper()
	i := slices.IndexFunc(runKinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		t.Fatalf("there is no event %s", name)
	}
	return runKinds[i]
}

// begin makes an event happen and returns what ends it.
func (f *fakeRun) begin(t *testing.T, name string, values map[string]string) (end func(), err error) {
	t.Helper()
	h := &happening{Event: &Event{Kind: name, Values: values}, Run: f}
	err = runKind(t, name).begin(h)
	return func() {
		for _, undo := range slices.Backward(h.ends) {
			undo()
		}
	}, err
}

// Each event of the run does what it says, and its end takes back what does not stay.
func TestRunKinds(t *testing.T) {
	for _, test := range []struct {
		name   string
		values map[string]string
		want   []string
	}{
		{"operator", map[string]string{"do": "force 8 --for 4h"}, []string{"order force 8 --for 4h"}},
		{"evaluate", nil, []string{"evaluate"}},
		{"cron-stops", nil, []string{"stop cron", "resume cron"}},
		{"our-clock", map[string]string{"offset": "-11m"}, []string{"clock -11m0s", "restore clock"}},
		{"kill", map[string]string{"after": "20"}, []string{"kill after 20"}},
		{"state-lost", nil, nil},
		{"setting", map[string]string{"set": "MAX_CREATIONS=50"}, []string{"deploy MAX_CREATIONS=50"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := newFakeRun(t)
			end, err := run.begin(t, test.name, test.values)
			end()
			if err != nil || !slices.Equal(run.notes, test.want) {
				t.Errorf("it did %q, %v; want %q", run.notes, err, test.want)
			}
		})
	}
}

// A setting that the deployment refuses is an error of the event.
func TestSettingReturnsRefusal(t *testing.T) {
	run := newFakeRun(t)
	run.refuses = errors.New("refused")
	if _, err := run.begin(t, "setting", map[string]string{"set": "MAX_CREATIONS=many"}); !errors.Is(err, run.refuses) {
		t.Errorf("%v, want the refusal", err)
	}
}

// Services that are down answer 503 until the event's end.
func TestServicesGoDown(t *testing.T) {
	run := newFakeRun(t)
	address := func(name string) string {
		for _, variable := range run.sandbox.Environment() {
			if value, found := strings.CutPrefix(variable, "DIVIMS_"+name+"="); found {
				return strings.TrimPrefix(value, "generic+")
			}
		}
		t.Fatalf("the sandbox has no %s", name)
		return ""
	}
	status := func(method, url string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(`{"title":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	for event, call := range map[string]struct{ method, url string }{
		"storage-down":  {http.MethodGet, address("STORAGE_URL") + "/"},
		"calendar-down": {http.MethodGet, address("CALENDAR_URL")},
		"notify-down":   {http.MethodPost, address("NOTIFY_URLS")},
	} {
		before := status(call.method, call.url)
		end, err := run.begin(t, event, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := status(call.method, call.url); got != http.StatusServiceUnavailable {
			t.Errorf("%s: status %d, want 503", event, got)
		}
		end()
		if got := status(call.method, call.url); got != before || got == http.StatusServiceUnavailable {
			t.Errorf("after %s: status %d, want %d as before", event, got, before)
		}
	}
}

// The values of the keys are checked when the file is read.
func TestRunKindsCheckTheirKeys(t *testing.T) {
	for _, test := range []struct{ event, right, wrong string }{
		{"operator", "unforce", " "},
		{"our-clock", "90s", "0s"},
		{"our-clock", "-1h", "11"},
		{"kill", "1", "0"},
		{"kill", "300", "some"},
		{"setting", "POLICIES=load,schedule", "policies=load"},
		{"setting", "CALENDAR_URL=", "MAX_CREATIONS"},
	} {
		check := runKind(t, test.event).keys[0].check
		if err := check(test.right); err != nil {
			t.Errorf("%s refuses %q: %v", test.event, test.right, err)
		}
		if check(test.wrong) == nil {
			t.Errorf("%s accepts %q", test.event, test.wrong)
		}
	}
}
