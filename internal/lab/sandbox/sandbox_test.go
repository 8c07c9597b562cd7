package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"divims/internal/client/bbb"
	"divims/internal/client/exporter"
	"divims/internal/client/scalelite"
	"divims/internal/client/scaleway"
	"divims/internal/config"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

var start = time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC)

// fixture is a sandbox with the real clients, which are configured by the sandbox's
// own settings only.
type fixture struct {
	*sandbox.Sandbox
	t        *testing.T
	settings config.Settings
	http     *http.Client
}

// newFixture starts a sandbox with three servers. The first one runs.
func newFixture(t *testing.T, change func(*sandbox.Config)) *fixture {
	t.Helper()
	c := sandbox.Config{Drops: true, World: world.Config{
		Start: start, Seed: 7, Running: 1, RecordingWork: 1, Shipped: true,
		Servers: pool.Servers(3, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
	}}
	if change != nil {
		change(&c)
	}
	s, err := sandbox.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // TestCloseStopsEverything checks the error
	settings, err := config.Load(s.Environment())
	if err != nil {
		t.Fatal(err)
	}
	if c.Moving {
		caller := s.NewCaller()
		t.Cleanup(caller.Close)
		settings.Network.Dial = caller.Dial
	}
	return &fixture{Sandbox: s, t: t, settings: settings, http: newHTTPClient(t, settings)}
}

// newHTTPClient creates a client that connects as the settings say.
func newHTTPClient(t *testing.T, settings config.Settings) *http.Client {
	t.Helper()
	roots, err := settings.Network.CACertificates.Pool()
	if err != nil {
		t.Fatal(err)
	}
	dial := settings.Network.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dial(ctx, network, settings.Network.ConnectTo.Address(address))
		},
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}}
}

// roots returns the authorities that the settings trust.
func (f *fixture) roots() *x509.CertPool {
	f.t.Helper()
	roots, err := f.settings.Network.CACertificates.Pool()
	if err != nil {
		f.t.Fatal(err)
	}
	return roots
}

func (f *fixture) scalelite() *scalelite.Client {
	return scalelite.New(f.settings.Scalelite, f.http)
}

func (f *fixture) bbb() *bbb.Client { return bbb.New(f.settings.BBB.Hash, f.http) }

func (f *fixture) stats() *exporter.Client {
	return exporter.New(exporter.Config{
		URLs: []string{"https://{domain}/node_exporter/metrics"}, User: f.settings.Stats.User, Password: f.settings.Stats.Password,
	}, f.http)
}

func (f *fixture) scaleway() *scaleway.Client {
	f.t.Helper()
	client, err := scaleway.New(scaleway.Config{
		Settings: f.settings.Scaleway,
		Servers:  pool.Servers(f.settings.Decision.Size, 0, f.settings.Pool.HostnameTemplate, f.settings.Pool.DomainTemplate),
	}, f.http)
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

// entry returns a server's entry in Scalelite.
func (f *fixture) entry(number int) pool.Entry {
	f.t.Helper()
	entries, err := f.scalelite().Entries(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	i := slices.IndexFunc(entries, func(e pool.Entry) bool { return strings.Contains(e.URL, domain(number)+"/") })
	if i < 0 {
		f.t.Fatalf("server %d has no entry", number)
	}
	return entries[i]
}

// endpoint returns the address and the secret of a server's BBB.
func (f *fixture) endpoint(number int) pool.Endpoint {
	entry := f.entry(number)
	return pool.Endpoint{URL: entry.URL, Secret: entry.Secret}
}

// clock returns a function that returns the time of a server's clock.
func (f *fixture) clock(number int) func() time.Time {
	return func() (at time.Time) {
		f.With(func(w *world.World) { at = w.ServerClock(domain(number)) })
		return at
	}
}

func (f *fixture) advance(by time.Duration) { f.AdvanceTo(f.Now().Add(by)) }

// rawResponse is the response to a request that no client of ours made.
type rawResponse struct {
	status int
	header http.Header
	body   string
}

func (a rawResponse) want(t *testing.T, status int, kind string, parts ...string) {
	t.Helper()
	if a.status != status || a.header.Get("Content-Type") != kind {
		t.Errorf("status %d, Content-Type %q; want %d, %q", a.status, a.header.Get("Content-Type"), status, kind)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("%.500q\ndoes not contain %q", a.body, part)
		}
	}
}

func (f *fixture) send(method, address, body string, header http.Header) rawResponse {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header = header
	if host := header.Get("Host"); host != "" {
		request.Host = host
	}
	response, err := f.http.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return rawResponse{response.StatusCode, response.Header, string(text)}
}

func (f *fixture) get(address string) rawResponse {
	return f.send(http.MethodGet, address, "", http.Header{"User-Agent": {"DiViMS"}})
}

func domain(number int) string {
	return strings.ReplaceAll(sandbox.DomainTemplate, "{n}", string(rune('0'+number)))
}

// setting returns the value of a DIVIMS_ variable.
func (f *fixture) setting(name string) string {
	for _, setting := range f.Environment() {
		if value, found := strings.CutPrefix(setting, "DIVIMS_"+name+"="); found {
			return value
		}
	}
	f.t.Fatalf("the environment has no DIVIMS_%s", name)
	return ""
}

// lecture returns a meeting that begins the given time after start.
func lecture(after, length time.Duration, people int) demand.Meeting {
	return demand.Meeting{Start: start.Add(after), Duration: length, Participants: people}
}

func TestEnvironmentDescribesTheSandbox(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Servers = pool.Servers(3, 1, sandbox.HostnameTemplate, sandbox.DomainTemplate)
		c.Calendar = []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	})
	if f.settings.Decision.Size != 3 || f.settings.Decision.BareMetal != 1 || f.settings.Decision.Recordings != "shipped" || !f.settings.Calendar.URL.IsSet() {
		t.Errorf("settings %+v; want three servers, one of them bare metal, shipped recordings and a calendar", f.settings)
	}
	for _, setting := range f.Environment() {
		if len(setting) > 1000 {
			t.Errorf("%.40s… is longer than the 1000 characters that the platform accepts", setting)
		}
	}
}

func TestEnvFileCanBeSourced(t *testing.T) {
	f := newFixture(t, nil)
	name := filepath.Join(t.TempDir(), "sandbox's.env")
	if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteEnvFile(name); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600, because the file has secrets", info.Mode(), err)
	}
	shell := exec.CommandContext(t.Context(), "sh", "-c", `set -a; . "$0"; env`, name)
	shell.Env = []string{"PATH=" + os.Getenv("PATH")}
	text, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	sourced := strings.Split(string(text), "\n")
	for _, setting := range f.Environment() {
		if !slices.Contains(sourced, setting) {
			t.Errorf("a shell does not read %.40s… unchanged", setting)
		}
	}
}

func TestFailedEnvFileLeavesNothingBehind(t *testing.T) {
	f := newFixture(t, nil)
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "taken", "by a folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteEnvFile(filepath.Join(folder, "taken")); err == nil {
		t.Error("the file replaced a folder")
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStartRefusesInvalidWorlds(t *testing.T) {
	for name, c := range map[string]sandbox.Config{
		"servers of another domain": {World: world.Config{Start: start, Servers: pool.Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com")}},
		"an invalid world":          {World: world.Config{Start: start, Running: 1}},
		"a world without a start":   {},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := sandbox.Start(c); err == nil {
				t.Error("the sandbox was started")
				_ = s.Close()
			}
		})
	}
}

func TestClockAndCalendar(t *testing.T) {
	calendar := "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
	f := newFixture(t, func(c *sandbox.Config) { c.Calendar = []byte(calendar) })
	clock := f.settings.Function.ClockURL
	f.advance(90*time.Second + time.Millisecond)
	if got := f.get(clock); got.body != "2026-10-05T06:01:30.001Z" {
		t.Errorf("the clock shows %q", got.body)
	}
	feed := f.settings.Calendar.URL.Reveal()
	first := f.get(feed)
	first.want(t, http.StatusOK, "text/calendar; charset=utf-8", calendar)
	if unnamed := f.send(http.MethodGet, feed, "", http.Header{}); unnamed.status != http.StatusForbidden {
		t.Errorf("status %d for Go's own User-Agent, want 403", unnamed.status)
	}
	again := f.send(http.MethodGet, feed, "", http.Header{"User-Agent": {"DiViMS"}, "If-None-Match": {first.header.Get("ETag")}})
	if again.status != http.StatusNotModified {
		t.Errorf("status %d for an unchanged calendar, want 304", again.status)
	}
}

func TestCalendarIsOptional(t *testing.T) {
	f := newFixture(t, nil)
	if f.settings.Calendar.URL.IsSet() {
		t.Error("the settings have a calendar URL")
	}
	if got := f.get(strings.Replace(f.settings.Function.ClockURL, "/clock", "/calendar.ics", 1)); got.status != http.StatusNotFound {
		t.Errorf("status %d for the calendar, want 404", got.status)
	}
}

// Two sandboxes with the same seed differ only in ports and file names.
func TestSameSeedGivesTheSameWorld(t *testing.T) {
	one, two := newFixture(t, nil), newFixture(t, nil)
	for i, setting := range one.Environment() {
		same := setting == two.Environment()[i]
		onceOnly := strings.Contains(setting, "127.0.0.1") || strings.Contains(setting, "file:")
		if same == onceOnly {
			t.Errorf("%.40s… is equal in both sandboxes: %v", setting, same)
		}
	}
	other := newFixture(t, func(c *sandbox.Config) { c.World.Seed = 8 })
	if other.settings.Scaleway.ProjectID == one.settings.Scaleway.ProjectID {
		t.Error("another seed has the same project")
	}
}

func TestCloseStopsEverything(t *testing.T) {
	f := newFixture(t, nil)
	for range 20 {
		if _, err := f.bbb().Meetings(t.Context(), f.endpoint(1)); err != nil {
			t.Fatal(err)
		}
	}
	_, certificate, _ := strings.Cut(f.setting("CA_CERTIFICATES"), "file:")
	if _, err := os.Stat(certificate); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(certificate); !os.IsNotExist(err) {
		t.Errorf("the certificate was not removed from %s", certificate)
	}
	if _, err := f.scalelite().Entries(t.Context()); err == nil {
		t.Error("Scalelite still answers")
	}
	// A connection's goroutine ends shortly after Close knows that it is closed.
	deadline := time.Now().Add(10 * time.Second)
	for serving() && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if serving() {
		t.Error("goroutines of connections are still running")
	}
}

// serving reports whether the goroutine of any connection still runs.
func serving() bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "net/http.(*conn).serve")
}

// Clients call every service while virtual time passes. The race detector and the
// clients find mistakes.
func TestConcurrentCalls(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		for i := range 60 {
			c.World.Meetings = append(c.World.Meetings, lecture(time.Duration(i)*time.Minute, 20*time.Minute, 30))
		}
	})
	at, lb, stats, hoster := f.endpoint(1), f.scalelite(), f.stats(), f.scaleway()
	var wg sync.WaitGroup
	for name, ask := range map[string]func() error{
		"Scalelite": func() error { _, err := lb.Entries(t.Context()); return err },
		"BBB":       func() error { _, err := f.bbb().Meetings(t.Context(), at); return err },
		"stats": func() error {
			_, err := stats.Stats(t.Context(), pool.Server{Domain: domain(1)}, f.clock(1))
			return err
		},
		"Scaleway": func() error { _, err := hoster.Machines(t.Context(), nil); return err },
	} {
		for range 4 {
			wg.Go(func() {
				for range 10 {
					if err := ask(); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
	}
	wg.Go(func() {
		for range 60 {
			f.advance(time.Minute)
		}
	})
	wg.Wait()
}
