package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"divims/handler"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// setFaults sets the rules of a --faults text and empties the call log.
func (f *fixture) setFaults(spec string) {
	f.t.Helper()
	var plan faults.Plan
	if err := plan.UnmarshalText([]byte(spec)); err != nil {
		f.t.Fatal(err)
	}
	if err := f.Faults().Set(plan.Rules...); err != nil {
		f.t.Fatal(err)
	}
	f.Faults().Reset()
}

// appliedFaults returns the calls in the log that a fault hit.
func (f *fixture) appliedFaults() (calls []string) {
	for _, call := range f.Faults().Calls() {
		if call.Fault != "" {
			calls = append(calls, call.String())
		}
	}
	return calls
}

// withLecture adds a meeting of 40 people on the first server, from the start.
func withLecture(c *sandbox.Config) { c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 40)} }

// Each fault of a call that reads becomes an error of the real client that names the
// cause. The call after the fault succeeds.
func TestClientsReportEveryFault(t *testing.T) {
	f := newFixture(t, withLecture)
	f.advance(time.Minute)
	at := f.endpoint(1)
	reads := map[string]func(ctx context.Context) error{
		"scalelite:getServers": func(ctx context.Context) error { _, err := f.scalelite().Entries(ctx); return err },
		"bbb#1:getMeetings":    func(ctx context.Context) error { _, err := f.bbb().Meetings(ctx, at); return err },
		"bbb#1:getRecordings":  func(ctx context.Context) error { _, err := f.bbb().Recordings(ctx, at, pool.Processing); return err },
		"stats#1:metrics": func(ctx context.Context) error {
			_, err := f.stats().Stats(ctx, pool.Server{Domain: domain(1)}, f.clock(1))
			return err
		},
		"scaleway:GET servers": func(ctx context.Context) error { _, err := f.scaleway().Machines(ctx, nil); return err },
	}
	for call, read := range reads {
		for kind, problem := range map[string]string{
			"refused": "reset", "reset": "reset", "lost-answer": "reset", "kill-before": "reset", "kill-after": "reset",
			"429": "429", "429-bare": "429", "500": "500", "502": "502", "403": "403", "truncated": "",
		} {
			t.Run(call+" "+kind, func(t *testing.T) {
				f.setFaults(call + ":" + kind + "@1")
				if err := read(t.Context()); err == nil || !strings.Contains(err.Error(), problem) {
					t.Errorf("got error %v, want %q", err, problem)
				}
				if got := f.appliedFaults(); !slices.Equal(got[:1], []string{call + "@1 (" + kind + ")"}) {
					t.Errorf("applied faults: %q", got)
				}
				f.Faults().Clear()
				if err := read(t.Context()); err != nil {
					t.Errorf("after the fault was cleared: %v", err)
				}
			})
		}
	}
}

// Go's HTTP client repeats a GET by itself if a reused connection ends without any
// byte. It must not repeat any of a hundred requests with an injected fault.
func TestHTTPClientRepeatsNoFaultyRequest(t *testing.T) {
	f := newFixture(t, nil)
	at := f.endpoint(1)
	for _, kind := range []string{"refused", "lost-answer"} {
		for i := range 100 {
			f.setFaults("bbb:version:" + kind + "@2")
			_, first := f.bbb().Version(t.Context(), at)
			_, second := f.bbb().Version(t.Context(), at)
			if first != nil || !errors.Is(second, syscall.ECONNRESET) {
				t.Fatalf("%s, round %d: first call %v, second call %v; want success and a connection reset", kind, i, first, second)
			}
		}
	}
}

func TestHangEndsWhenTheClientGivesUp(t *testing.T) {
	f := newFixture(t, nil)
	id := f.entry(1).ID
	f.setFaults("*:*:hang")
	for name, ask := range map[string]func(context.Context) error{
		"plain":       func(ctx context.Context) error { _, err := f.scalelite().Entries(ctx); return err },
		"with a body": func(ctx context.Context) error { return f.scalelite().SetState(ctx, id, pool.Cordoned) },
		"over TLS": func(ctx context.Context) error {
			_, err := f.stats().Stats(ctx, pool.Server{Domain: domain(1)}, f.clock(1))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f.Faults().OnCall(func(faults.Call) { cancel() })
			if err := ask(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	f.Faults().OnCall(nil)
	f.Faults().Clear()
	if state := f.entry(1).State; state != pool.Enabled {
		t.Errorf("the call that hung was executed: the entry is %s", state)
	}
}

func TestHangEndsWhenTheSandboxCloses(t *testing.T) {
	f := newFixture(t, nil)
	f.setFaults("*:*:hang")
	hanging := make(chan struct{})
	f.Faults().OnCall(func(faults.Call) { close(hanging) })
	ended := make(chan error)
	go func() { _, err := f.scalelite().Entries(context.Background()); ended <- err }()
	<-hanging
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("a call that hung was answered when the sandbox closed")
	}
}

func TestStatusFaultsLookLikeServicesAndProxies(t *testing.T) {
	f := newFixture(t, nil)
	for kind, c := range map[string]struct {
		status            int
		body, kind, retry string
	}{
		"429":      {http.StatusTooManyRequests, "Too Many Requests\n", "text/plain", "1"},
		"429-bare": {http.StatusTooManyRequests, "", "", ""},
		"500":      {http.StatusInternalServerError, "", "", ""},
		"403":      {http.StatusForbidden, "Forbidden\n", "text/plain", ""},
	} {
		f.setFaults("calendar:*:500; bbb:*:" + kind)
		got := f.call(1, "getMeetings", nil)
		if got.status != c.status || got.body != c.body || got.header.Get("Content-Type") != c.kind || got.header.Get("Retry-After") != c.retry {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	f.setFaults("bbb:*:502")
	f.call(1, "getMeetings", nil).want(t, http.StatusBadGateway, asHTML, "<h1>502 Bad Gateway</h1>")
}

func TestTruncatedBodyLooksComplete(t *testing.T) {
	f := newFixture(t, withLecture)
	f.advance(time.Minute)
	whole := f.call(1, "getMeetings", nil)
	f.setFaults("bbb:*:truncated")
	if got := f.call(1, "getMeetings", nil); got.status != http.StatusOK || got.body != whole.body[:len(whole.body)/2] {
		t.Errorf("status %d, %d of %d bytes; want 200 and half of them", got.status, len(got.body), len(whole.body))
	}
}

func TestResetComesInTheMiddleOfTheBody(t *testing.T) {
	f := newFixture(t, withLecture)
	f.advance(time.Minute)
	whole := f.call(1, "getMeetings", nil)
	f.setFaults("bbb:*:reset")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+domain(1)+"/bigbluebutton/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := f.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if !errors.Is(err, syscall.ECONNRESET) || response.ContentLength < 100 || int64(len(got)) != response.ContentLength/2 {
		t.Errorf("%d of %d bytes, %v; want half and a reset", len(got), response.ContentLength, err)
	}
	if len(whole.body) == 0 {
		t.Error("the response without a fault has no body")
	}
}

func TestScaleliteClientRefusesWrongContentType(t *testing.T) {
	f := newFixture(t, nil)
	f.setFaults("scalelite:*:wrong-type")
	if _, err := f.scalelite().Entries(t.Context()); err == nil || !strings.Contains(err.Error(), "text/html") {
		t.Errorf("got error %v, want one that names text/html", err)
	}
}

// A body of three bytes comes one byte at a time. The server stops if the client
// cancels.
func TestTrickleIsSlowAndComplete(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.Calendar = []byte("abc") })
	f.setFaults("calendar:*:trickle")
	began := time.Now()
	if got := f.get(f.settings.Calendar.URL.Reveal()); got.body != "abc" || time.Since(began) < 40*time.Millisecond {
		t.Errorf("got %q after %s; want abc after at least 40ms", got.body, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.settings.Calendar.URL.Reveal(), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := f.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := response.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(response.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request was canceled: %v, want a canceled context", err)
	}
}

// Three machines are on two pages of a list.
func TestMissingPageIsEmpty(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Running = 3 })
	list := f.settings.Scaleway.URL + "/instance/v1/zones/fr-par-1/servers?per_page=2&page="
	token := http.Header{"X-Auth-Token": {f.settings.Scaleway.SecretKey.Reveal()}}
	f.setFaults("scaleway:GET servers:missing-page")
	first, last := f.send(http.MethodGet, list+"1", "", token), f.send(http.MethodGet, list+"2", "", token)
	if strings.Count(first.body, `"commercial_type"`) != 2 || last.body != `{"servers":[]}` {
		t.Errorf("%d machines on the first page, the last page is %q", strings.Count(first.body, `"commercial_type"`), last.body)
	}
	if total := last.header.Get("X-Total-Count"); total != "3" {
		t.Errorf("total %s, want 3", total)
	}
	if got := f.appliedFaults(); !slices.Equal(got, []string{"scaleway:GET servers@2 (missing-page)"}) {
		t.Errorf("applied faults: %q", got)
	}
	if machines, err := f.scaleway().Machines(t.Context(), nil); err == nil {
		t.Errorf("the client read %d of 3 machines without an error", len(machines))
	}

	f.setFaults("scaleway:block GET volumes:missing-page")
	volumes := f.send(http.MethodGet, f.settings.Scaleway.URL+"/block/v1/zones/fr-par-1/volumes", "", token)
	if volumes.body != `{"total_count":3,"volumes":[]}` {
		t.Errorf("volumes: %q, want none and a total of 3", volumes.body)
	}
}

func TestStaleRepeatsTheLastAnswer(t *testing.T) {
	f := newFixture(t, withLecture)
	f.Faults().Reset()
	f.advance(time.Minute)
	if got := f.participants(1); got != 40 {
		t.Fatalf("%d people, want 40", got)
	}
	f.advance(2 * time.Hour)
	f.setFaults("bbb:getMeetings:stale")
	if got := f.participants(1); got != 40 {
		t.Errorf("%d people, want the 40 of two hours ago", got)
	}
	f.setFaults("bbb:getMeetings:stale@2")
	if now, old := f.participants(1), f.participants(1); now != 0 || old != 0 {
		t.Errorf("%d people and then %d; want 0 both times, as in the last answer", now, old)
	}
}

func TestDuplicateIsExecutedTwice(t *testing.T) {
	f := newFixture(t, nil)
	f.setFaults("scalelite#2:addServer:duplicate")
	if _, err := f.scalelite().Register(t.Context(), "https://"+domain(2)+"/bigbluebutton/api", pool.NewSecret("s")); err != nil {
		t.Fatal(err)
	}
	if entries, err := f.scalelite().Entries(t.Context()); err != nil || len(entries) != 5 {
		t.Errorf("%d entries, %v; want the first three and two new ones", len(entries), err)
	}
}

// The machine is created although the client gets no answer.
func TestLostAnswerLeavesTheMachine(t *testing.T) {
	f := newFixture(t, nil)
	f.setFaults("scaleway#2:POST servers:lost-answer@1")
	_, err := f.scaleway().Create(t.Context(), pool.MachineOrder{
		Server: pool.Server{Number: 2, Hostname: "bbb-w2", Domain: domain(2)}, Zones: f.settings.Scaleway.Zones, Types: f.settings.Evaluation.Types,
	})
	if err == nil {
		t.Error("the client reported no error")
	}
	if got := f.appliedFaults(); !slices.Equal(got, []string{"scaleway#2:POST servers@1 (lost-answer)"}) {
		t.Errorf("applied faults: %q", got)
	}
	var machines []pool.Machine
	f.With(func(w *world.World) { machines = w.Machines() })
	if len(machines) != 2 || machines[1].Name != "bbb-w2" {
		t.Errorf("machines: %+v, want bbb-w1 and bbb-w2", machines)
	}
}

func TestLostAnswerOfStorageKeepsTheObject(t *testing.T) {
	f := newFixture(t, nil)
	f.setFaults("storage:PUT state.json:lost-answer; storage:*:500%0.0000001")
	key := "divims/sandbox/state.json"
	_, err := f.s3Client(nil).PutObject(t.Context(), &s3.PutObjectInput{Bucket: &f.settings.Storage.Bucket, Key: &key, Body: bytes.NewReader([]byte("kept"))})
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got error %v, want a connection reset", err)
	}
	object, err := f.s3Client(nil).GetObject(t.Context(), &s3.GetObjectInput{Bucket: &f.settings.Storage.Bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(object.Body); string(text) != "kept" {
		t.Errorf("the object contains %q, want kept", text)
	}
}

// All times that a service reports are ten minutes ahead or behind if its clock is.
func TestClockSkewShiftsAllReportedTimes(t *testing.T) {
	f := newFixture(t, withLecture)
	f.advance(30 * time.Minute)
	for name, read := range map[string]func() time.Time{
		"a meeting's creation":   f.meetingCreation,
		"the probe":              f.probeTime,
		"a machine's creation":   f.machineCreation,
		"the date of a response": f.responseDate,
	} {
		f.setFaults("")
		right := read()
		for kind, want := range map[string]time.Duration{"skew-ahead": faults.Skew, "skew-behind": -faults.Skew} {
			f.setFaults("*:*:" + kind)
			// The Date header follows the wall clock, so it can be later.
			if got := read().Sub(right); got < want || got > want+10*time.Second {
				t.Errorf("%s with %s is off by %s", name, kind, got)
			}
		}
	}
}

func (f *fixture) meetingCreation() time.Time {
	f.t.Helper()
	conference, err := f.bbb().Meetings(f.t.Context(), f.endpoint(1))
	if err != nil {
		f.t.Fatal(err)
	}
	return conference.Meetings[0].Created
}

// probeTime also checks that durations do not change with the clock.
func (f *fixture) probeTime() time.Time {
	f.t.Helper()
	stats, err := f.stats().Stats(f.t.Context(), pool.Server{Domain: domain(1)}, f.reportedClock)
	if err != nil {
		f.t.Fatal(err)
	}
	probe, known := stats.Probe.Get()
	uptime, _ := stats.Uptime.Get()
	age, _ := stats.Age.Get()
	if !known || uptime != 30*time.Minute || age != 0 {
		f.t.Errorf("uptime %s, age %s, probe %v; want 30m, 0 and a known probe", uptime, age, stats.Probe)
	}
	return probe.At
}

// reportedClock is the Date of an answer of the first server's BBB.
func (f *fixture) reportedClock() time.Time {
	conference, err := f.bbb().Meetings(f.t.Context(), f.endpoint(1))
	if err != nil {
		f.t.Fatal(err)
	}
	return conference.Date
}

func (f *fixture) machineCreation() time.Time {
	f.t.Helper()
	machines, err := f.scaleway().Machines(f.t.Context(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return machines[0].Created
}

func (f *fixture) responseDate() time.Time {
	f.t.Helper()
	date, err := http.ParseTime(f.get(f.settings.Storage.URL).header.Get("Date"))
	if err != nil {
		f.t.Fatal(err)
	}
	return date
}

// The clients of BBB and of the stats refuse the certificate of the server that has a
// bad one, from the first call on. Other servers are not affected.
func TestClientsRefuseBadCertificates(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Running = 2 })
	ask := func(number int) (meetings, stats error) {
		_, meetings = f.bbb().Meetings(t.Context(), f.endpoint(number))
		_, stats = f.stats().Stats(t.Context(), pool.Server{Domain: domain(number)}, f.clock(number))
		return meetings, stats
	}
	good := func(number int) {
		t.Helper()
		if meetings, stats := ask(number); meetings != nil || stats != nil {
			t.Errorf("server %d: meetings %v, stats %v; want no errors", number, meetings, stats)
		}
	}
	good(1)
	for kind, problem := range map[string]string{
		"expired-certificate": "certificate has expired",
		"wrong-name":          "certificate is valid for another.sandbox.test, not " + domain(1),
	} {
		f.setFaults("tls#1:handshake:" + kind)
		meetings, stats := ask(1)
		for _, err := range []error{meetings, stats} {
			if err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("%s: %v, want %q", kind, err, problem)
			}
		}
		if got := f.appliedFaults(); len(got) < 2 || got[0] != "tls#1:handshake@1 ("+kind+")" {
			t.Errorf("applied faults: %q", got)
		}
		good(2)
		f.Faults().Clear()
		good(1)
	}
}

// What a killed caller did before its death stays done, and later calls fail.
func TestKilledCallerDoesNothingMore(t *testing.T) {
	for kind, want := range map[string]pool.EntryState{"kill-before": pool.Enabled, "kill-after": pool.Cordoned} {
		f := newFixture(t, nil)
		id := f.entry(1).ID
		f.setFaults("scalelite#1:updateServer:" + kind)
		cordoned := f.scalelite().SetState(t.Context(), id, pool.Cordoned)
		_, later := f.scaleway().Machines(t.Context(), nil)
		if cordoned == nil || later == nil {
			t.Errorf("%s: the calls returned the errors %v and %v; want two errors", kind, cordoned, later)
		}
		f.Faults().Clear()
		if got := f.entry(1).State; got != want {
			t.Errorf("%s: server 1 is %s, want %s", kind, got, want)
		}
	}
}

// The real function grows a pool, and the log shows which operations it called.
func TestCallsOfAnEvaluationAreNamed(t *testing.T) {
	calendar := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261005T000000Z\r\n" +
		"DTSTART:20261005T060000Z\r\nDTEND:20261005T200000Z\r\nSUMMARY:users=60%\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	f := newFixture(t, func(c *sandbox.Config) { c.Calendar = []byte(calendar) })
	f.Faults().Reset()
	function, err := handler.Open(f.settings, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := function.Evaluate(t.Context(), "test", false); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i, call := range f.Faults().Calls() {
		names[call.Operation.String()] = true
		if call.Number != i+1 || call.Fault != "" || strings.Contains(call.Name, "/") {
			t.Errorf("call %d of the log is %+v", i+1, call)
		}
	}
	for _, want := range []string{
		"scalelite:getServers", "scalelite#2:updateServer", "bbb#1:getMeetings", "stats#1:metrics", "calendar:calendar.ics",
		"scaleway:GET servers", "scaleway:GET images", "scaleway:GET ips", "scaleway#2:POST servers", "scaleway#2:action poweron",
		"scaleway:block GET volumes",
		"storage:GET state.json", "storage:PUT state.json", "storage:PUT history", "storage:PUT decisions", "storage:PUT calendar.ics",
	} {
		if !names[want] {
			t.Errorf("%s was not called; called were %v", want, names)
		}
	}
}

// RacePercent of the faults sets the world's share of cordons that race.
func TestRacePercentReachesTheWorld(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.Faults.RacePercent = 100
		c.World.Running = 2
		for i := range 30 {
			c.World.Meetings = append(c.World.Meetings, lecture(time.Duration(90+20*i)*time.Second, time.Hour, 1))
		}
	})
	if err := f.scalelite().SetState(t.Context(), f.entry(1).ID, pool.Cordoned); err != nil {
		t.Fatal(err)
	}
	f.advance(10 * time.Minute)
	if f.entry(1).State == pool.Enabled || f.participants(1) == 0 {
		t.Errorf("server 1 is %s with %d people; want some people although it is not enabled", f.entry(1).State, f.participants(1))
	}
}

func TestStartRefusesInvalidFaults(t *testing.T) {
	c := sandbox.Config{Faults: faults.Plan{RacePercent: -1}}
	c.World.Start, c.World.Servers = start, pool.Servers(1, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate)
	if s, err := sandbox.Start(c); err == nil {
		t.Error("a race of -1 % was accepted")
		_ = s.Close()
	}
}
