package sandbox_test

import (
	"context"
	"crypto/tls"
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
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

var start = time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC)

// fixture is a sandbox with the clients that talk to it, wired up by nothing but
// its own settings.
type fixture struct {
	*sandbox.Sandbox
	t        *testing.T
	settings config.Settings
	http     *http.Client
}

// newFixture starts a sandbox with three servers, the first of which runs.
func newFixture(t *testing.T, change func(*sandbox.Config)) *fixture {
	t.Helper()
	c := sandbox.Config{World: world.Config{
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
	t.Cleanup(func() { _ = s.Close() }) // TestCloseEndsEverything looks at the error
	settings, err := config.Load(s.Environment())
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Sandbox: s, t: t, settings: settings, http: newHTTPClient(t, settings)}
}

// newHTTPClient connects as the settings say.
func newHTTPClient(t *testing.T, settings config.Settings) *http.Client {
	t.Helper()
	roots, err := settings.CACertificates.Pool()
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, settings.ConnectTo.Address(address))
		},
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}}
}

func (f *fixture) scalelite() *scalelite.Client {
	return scalelite.New(f.settings.ScaleliteURL, f.settings.ScaleliteSecret, f.settings.ScaleliteChecksum, f.http)
}

func (f *fixture) bbb() *bbb.Client { return bbb.New(f.settings.BBBChecksum, f.http) }

func (f *fixture) stats() *exporter.Client {
	return exporter.New(exporter.Config{
		URLs: []string{"https://{domain}/node_exporter/metrics"}, User: f.settings.StatsUser, Password: f.settings.StatsPassword,
	}, f.http)
}

func (f *fixture) scaleway() *scaleway.Client {
	f.t.Helper()
	client, err := scaleway.New(scaleway.Config{
		URL: f.settings.ScalewayURL, ProjectID: f.settings.ScalewayProjectID,
		AccessKey: f.settings.ScalewayAccessKey, SecretKey: f.settings.ScalewaySecretKey,
		Zones: f.settings.Zones, Tag: f.settings.Tag, ImageName: f.settings.ImageName,
		Servers: pool.Servers(f.settings.PoolSize, 0, f.settings.HostnameTemplate, f.settings.DomainTemplate),
	}, f.http)
	if err != nil {
		f.t.Fatal(err)
	}
	return client
}

// entry is Scalelite's entry of a server.
func (f *fixture) entry(number int) pool.Entry {
	f.t.Helper()
	entries, err := f.scalelite().Entries(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	i := slices.IndexFunc(entries, func(e pool.Entry) bool { return strings.Contains(e.URL, domain(number)+"/") })
	if i < 0 {
		f.t.Fatalf("no entry of server %d", number)
	}
	return entries[i]
}

// endpoint is where a server's BBB is.
func (f *fixture) endpoint(number int) pool.Endpoint {
	entry := f.entry(number)
	return pool.Endpoint{URL: entry.URL, Secret: entry.Secret}
}

func (f *fixture) advance(by time.Duration) { f.AdvanceTo(f.Now().Add(by)) }

// answer is what a raw request got.
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
			t.Errorf("%.500q\nis without %q", a.body, part)
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
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return rawResponse{response.StatusCode, response.Header, string(text)}
}

func (f *fixture) get(address string) rawResponse {
	return f.send(http.MethodGet, address, "", http.Header{})
}

func domain(number int) string {
	return strings.ReplaceAll(sandbox.DomainTemplate, "{n}", string(rune('0'+number)))
}

// setting is the value of a DIVIMS_ variable.
func (f *fixture) setting(name string) string {
	for _, setting := range f.Environment() {
		if value, found := strings.CutPrefix(setting, "DIVIMS_"+name+"="); found {
			return value
		}
	}
	f.t.Fatalf("no setting %s", name)
	return ""
}

// lecture is one meeting.
func lecture(after, length time.Duration, people int) world.Meeting {
	return world.Meeting{Start: start.Add(after), Duration: length, Participants: people}
}

func TestTheEnvironmentIsAllThatIsNeeded(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Servers = pool.Servers(3, 1, sandbox.HostnameTemplate, sandbox.DomainTemplate)
		c.Calendar = []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	})
	if f.settings.PoolSize != 3 || f.settings.BareMetalCount != 1 || f.settings.Recordings != "shipped" || !f.settings.CalendarURL.IsSet() {
		t.Errorf("settings %+v do not tell of three servers, one of them bare metal, that ship recordings, and of the calendar", f.settings)
	}
	for _, setting := range f.Environment() {
		if len(setting) > 1000 {
			t.Errorf("%.40s… is longer than the platform takes", setting)
		}
	}
}

func TestTheEnvFileCanBeSourced(t *testing.T) {
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
		t.Errorf("mode %v, %v; want 0600: there are secrets in it", info.Mode(), err)
	}
	shell := exec.Command("sh", "-c", `set -a; . "$0"; env`, name)
	shell.Env = []string{"PATH=" + os.Getenv("PATH")}
	text, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	sourced := strings.Split(string(text), "\n")
	for _, setting := range f.Environment() {
		if !slices.Contains(sourced, setting) {
			t.Errorf("a shell does not see %.40s… as it is", setting)
		}
	}
}

func TestAnEnvFileThatCannotBeWrittenLeavesNothing(t *testing.T) {
	f := newFixture(t, nil)
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "taken", "by a folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteEnvFile(filepath.Join(folder, "taken")); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}

func TestStartRefusesWhatItCannotServe(t *testing.T) {
	for name, c := range map[string]sandbox.Config{
		"servers of another domain":    {World: world.Config{Start: start, Servers: pool.Servers(2, 0, "bbb-w{n}", "bbb-w{n}.example.com")}},
		"a world that makes no sense":  {World: world.Config{Start: start, Running: 1}},
		"a world without a first time": {},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := sandbox.Start(c); err == nil {
				t.Error("no error")
				s.Close()
			}
		})
	}
}

func TestClockAndCalendar(t *testing.T) {
	calendar := "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
	f := newFixture(t, func(c *sandbox.Config) { c.Calendar = []byte(calendar) })
	clock := f.settings.ClockURL
	f.advance(90*time.Second + time.Millisecond)
	if got := f.get(clock); got.body != "2026-10-05T06:01:30.001Z" {
		t.Errorf("clock says %q", got.body)
	}
	first := f.get(f.settings.CalendarURL.Reveal())
	first.want(t, http.StatusOK, "text/calendar; charset=utf-8", calendar)
	again := f.send(http.MethodGet, f.settings.CalendarURL.Reveal(), "", http.Header{"If-None-Match": {first.header.Get("ETag")}})
	if again.status != http.StatusNotModified {
		t.Errorf("the same calendar again is status %d", again.status)
	}
}

func TestACalendarIsOptional(t *testing.T) {
	f := newFixture(t, nil)
	if f.settings.CalendarURL.IsSet() {
		t.Error("there is an address of a calendar")
	}
	if got := f.get(strings.Replace(f.settings.ClockURL, "/clock", "/calendar.ics", 1)); got.status != http.StatusNotFound {
		t.Errorf("status %d", got.status)
	}
}

// TestTheSameSeedIsTheSameWorld holds two sandboxes against each other: but for
// ports and files they are the same.
func TestTheSameSeedIsTheSameWorld(t *testing.T) {
	one, two := newFixture(t, nil), newFixture(t, nil)
	for i, setting := range one.Environment() {
		same := setting == two.Environment()[i]
		onceOnly := strings.Contains(setting, "127.0.0.1") || strings.Contains(setting, "file:")
		if same == onceOnly {
			t.Errorf("%.40s… is the same: %v", setting, same)
		}
	}
	other := newFixture(t, func(c *sandbox.Config) { c.World.Seed = 8 })
	if other.settings.ScalewayProjectID == one.settings.ScalewayProjectID {
		t.Error("another seed gives the same project")
	}
}

func TestCloseEndsEverything(t *testing.T) {
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
		t.Errorf("the certificate is left in %s", certificate)
	}
	if _, err := f.scalelite().Entries(t.Context()); err == nil {
		t.Error("Scalelite answers still")
	}
	// The last instructions of a connection come after its end is known.
	deadline := time.Now().Add(10 * time.Second)
	for serving() && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if serving() {
		t.Error("goroutines are left")
	}
}

// serving tells whether any server's goroutine is left.
func serving() bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "net/http.(*conn).serve")
}

// TestManyAtOnce has every service asked while time goes on: the race detector
// and the clients judge.
func TestManyAtOnce(t *testing.T) {
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
		"stats":     func() error { _, err := stats.Stats(t.Context(), pool.Server{Domain: domain(1)}); return err },
		"Scaleway":  func() error { _, err := hoster.Machines(t.Context()); return err },
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
