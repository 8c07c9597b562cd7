package sandbox_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// breakFirst gives the machine of the first server a fault.
func (f *fixture) breakFirst(fault world.Fault) (fix func()) {
	f.t.Helper()
	var end func()
	f.With(func(w *world.World) { end = w.Break(1, fault) })
	if end == nil {
		f.t.Fatal("the first server has no machine")
	}
	return func() { f.With(func(*world.World) { end() }) }
}

// meetings asks a server's BBB for its meetings, and gives up after a second.
func (f *fixture) meetings(number int) ([]pool.Meeting, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Second)
	defer cancel()
	conference, err := f.bbb().Meetings(ctx, pool.Endpoint{URL: "https://" + domain(number) + "/bigbluebutton/api", Secret: f.settings.BBBSecret})
	return conference.Meetings, err
}

// wantAnswer fails the test unless the first server's BBB and its stats answer.
func (f *fixture) wantAnswer(what string) {
	f.t.Helper()
	if _, err := f.meetings(1); err != nil {
		f.t.Errorf("%s: %v", what, err)
	}
	f.wantStats(what)
}

func (f *fixture) wantStats(what string) pool.Stats {
	f.t.Helper()
	stats, err := f.stats().Stats(f.t.Context(), pool.Server{Domain: domain(1)}, f.clock(1))
	if err != nil {
		f.t.Errorf("%s: the stats: %v", what, err)
	}
	return stats
}

// A dead machine, and one that is cut off from us, do not answer: neither on a new
// connection nor on one that was made before.
func TestUnreachableMachineDoesNotAnswer(t *testing.T) {
	for name, fault := range map[string]world.Fault{"dead": world.Dead{}, "cut off": world.CutOff{From: world.Us}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.wantAnswer("before")
			fix := f.breakFirst(fault)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if _, err := f.bbb().Meetings(ctx, f.endpoint(1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("on an old connection: %v, want no answer", err)
			}
			f.wantSilence("on a new connection", 1)
			fix()
			f.wantAnswer("after")
		})
	}
}

// BBB stops in four ways, and the stats endpoint answers all the time.
func TestBBBStops(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 5)} })
	f.advance(time.Minute)
	for name, test := range map[string]struct {
		contact world.Contact
		want    func(error) bool
	}{
		"hang":     {world.Hangs, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		"refuse":   {world.Refuses, func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		"502":      {world.Fails, func(err error) bool { return strings.Contains(err.Error(), "502") }},
		"checksum": {world.Denies, func(err error) bool { return strings.Contains(err.Error(), "checksumError") }},
	} {
		t.Run(name, func(t *testing.T) {
			fix := f.breakFirst(world.BBBStopped{Contact: test.contact})
			if _, err := f.meetings(1); err == nil || !test.want(err) {
				t.Errorf("got error %v", err)
			}
			stats := f.wantStats("while BBB is stopped")
			if probe, known := stats.Probe.Get(); !known || probe.OK {
				t.Errorf("the probe is %v, known %v; want one that failed", probe, known)
			}
			fix()
			if list, err := f.meetings(1); err != nil || len(list) != 1 || list[0].Participants != 5 {
				t.Errorf("afterwards %v, %v; want the meeting with its people", list, err)
			}
		})
	}
}

// The version needs no checksum, so it is answered by a BBB that denies all checksums.
func TestVersionNeedsNoChecksum(t *testing.T) {
	f := newFixture(t, nil)
	f.breakFirst(world.BBBStopped{Contact: world.Denies})
	if version, err := f.bbb().Version(t.Context(), f.endpoint(1)); version != world.BBBVersion || err != nil {
		t.Errorf("version %q, %v", version, err)
	}
}

// A certificate is bad on the connections of before, too, and good again at the end.
func TestSpoiledCertificates(t *testing.T) {
	f := newFixture(t, nil)
	for name, test := range map[string]struct {
		fault world.CertificateFault
		want  func(error) bool
	}{
		"expired": {world.CertificateFault{Expires: start}, func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == x509.Expired
		}},
		"wrong name": {world.CertificateFault{WrongName: true}, func(err error) bool {
			var name x509.HostnameError
			return errors.As(err, &name)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f.wantAnswer("before")
			renew, err := f.SpoilCertificate(1, test.fault)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.meetings(1); err == nil || !test.want(err) {
				t.Errorf("got error %v", err)
			}
			renew()
			f.wantAnswer("afterwards")
		})
	}
	if _, err := f.SpoilCertificate(9, world.CertificateFault{}); !errors.Is(err, world.ErrNotFound) {
		t.Errorf("the certificate of an unknown server: %v", err)
	}
}

// The client reads when the certificate will expire.
func TestCertificateThatIsNotRenewed(t *testing.T) {
	f := newFixture(t, nil)
	expires := time.Now().Add(72 * time.Hour).Truncate(time.Second)
	if expires.Before(start) {
		expires = start.Add(72 * time.Hour)
	}
	if _, err := f.SpoilCertificate(1, world.CertificateFault{Expires: expires}); err != nil {
		t.Fatal(err)
	}
	conference, err := f.bbb().Meetings(t.Context(), f.endpoint(1))
	if err != nil {
		t.Fatal(err)
	}
	if got, known := conference.CertificateExpiry.Get(); !known || !got.Equal(expires) {
		t.Errorf("the certificate expires at %s, want %s", got, expires)
	}
}

// The domain of server 1 leads to server 2, whose certificate does not fit. A client that
// does not verify it finds the meetings of server 2. Our DNS has the address of server 2.
func TestMisledDomain(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Running = 2
		c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 5), lecture(0, time.Hour, 7)}
	})
	f.advance(time.Minute)
	own, err := f.meetings(2)
	if err != nil {
		t.Fatal(err)
	}
	addresses := f.lookup(domain(1))
	correct, err := f.Mislead(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	var name x509.HostnameError
	if _, err := f.meetings(1); !errors.As(err, &name) || name.Certificate.DNSNames[0] != domain(2) {
		t.Errorf("got error %v, want one about the name %s", err, domain(2))
	}
	f.http.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true
	if found, err := f.meetings(1); err != nil || len(found) != 1 || found[0].ID != own[0].ID {
		t.Errorf("by the domain %v, %v; want the meeting of server 2", found, err)
	}
	f.http.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = false
	if got := f.lookup(domain(1)); got != f.lookup(domain(2)) || got == addresses {
		t.Errorf("the DNS has %s for server 1", got)
	}
	correct()
	f.http.CloseIdleConnections()
	if found, err := f.meetings(1); err != nil || found[0].ID == own[0].ID {
		t.Errorf("in the end %v, %v; want the meeting of server 1", found, err)
	}
	if got := f.lookup(domain(1)); got != addresses {
		t.Errorf("in the end the DNS has %s", got)
	}
}

// lookup returns the addresses that the sandbox's DNS has for a name.
func (f *fixture) lookup(name string) string {
	f.t.Helper()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", f.setting("DNS_SERVER"))
	}}
	found, err := resolver.LookupHost(f.t.Context(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.Join(found, " ")
}

// A server's clock is eleven hours behind: in BBB's answers, in the stats and in the Date.
func TestClockOff(t *testing.T) {
	const behind = 11 * time.Hour
	f := newFixture(t, func(c *sandbox.Config) { c.World.Meetings = []demand.Meeting{lecture(time.Minute, time.Hour, 5)} })
	fix := f.breakFirst(world.ClockOff{Ahead: -behind})
	f.advance(10 * time.Minute)
	list, err := f.meetings(1)
	if err != nil {
		t.Fatal(err)
	}
	if created := list[0].Created; !created.Equal(start.Add(time.Minute - behind)) {
		t.Errorf("the meeting was created at %s", created)
	}
	date := func() time.Time {
		at, err := http.ParseTime(f.get("https://" + domain(1) + "/bigbluebutton/api").header.Get("Date"))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if got := date(); !got.Equal(f.Now().Add(-behind)) {
		t.Errorf("Date %s at %s", got, f.Now())
	}
	stats := f.wantStats("with a wrong clock")
	uptime, _ := stats.Uptime.Get()
	age, _ := stats.Age.Get()
	probe, _ := stats.Probe.Get()
	if uptime != 10*time.Minute || age != 0 || !probe.At.Equal(f.Now().Add(-behind-5*time.Second)) {
		t.Errorf("uptime %s, age %s, probe at %s", uptime, age, probe.At)
	}
	fix()
	if got := date(); !got.Equal(f.Now()) {
		t.Errorf("in the end, Date %s at %s", got, f.Now())
	}
}

// The stats stop in four ways. The client takes old counts for unknown, also from a cache
// that serves one page for ever, whether or not it renews the Date.
func TestStatsStop(t *testing.T) {
	begin := func(how world.StatsFailure) (*fixture, func()) {
		f := newFixture(t, nil)
		f.advance(10 * time.Minute)
		fix := f.breakFirst(world.StatsStopped{How: how})
		f.advance(20 * time.Minute)
		return f, fix
	}
	server := pool.Server{Domain: domain(1)}
	f, fix := begin(world.StatsSilent)
	if _, err := f.stats().Stats(t.Context(), server, f.clock(1)); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("silent: %v, want status 502", err)
	}
	f.call(1, "getMeetings", nil).want(t, http.StatusOK, asBBB)
	fix()
	f.wantStats("no longer silent")

	f, fix = begin(world.StatsStale)
	stats := f.wantStats("stale")
	if uptime, _ := stats.Uptime.Get(); stats.Backlog.Known() || stats.Probe.Known() || uptime != 30*time.Minute {
		t.Errorf("stale: backlog %+v, probe %+v, uptime %s; want both unknown", stats.Backlog, stats.Probe, uptime)
	}
	fix()
	if stats := f.wantStats("no longer stale"); !stats.Backlog.Known() {
		t.Errorf("no longer stale: backlog %s", stats.Backlog.Reason())
	}

	for how, what := range map[world.StatsFailure]string{world.StatsCached: "cached", world.StatsCachedWithDate: "cached with its Date"} {
		f, fix = begin(how)
		stats = f.wantStats(what)
		uptime, _ := stats.Uptime.Get()
		age, _ := stats.Age.Get()
		if uptime != 10*time.Minute || age != 20*time.Minute || stats.Backlog.Known() || stats.Probe.Known() || stats.UnitsDown.Known() || stats.MachineID.Known() {
			t.Errorf("%s: uptime %s, age %s, %+v; want the page of twenty minutes ago, whose counts are unknown", what, uptime, age, stats)
		}
		fix()
		if uptime, _ := f.wantStats("no longer " + what).Uptime.Get(); uptime != 30*time.Minute {
			t.Errorf("no longer %s: uptime %s", what, uptime)
		}
	}
}

func TestUnitFails(t *testing.T) {
	f := newFixture(t, nil)
	f.breakFirst(world.UnitDown{Unit: "bbb-web.service"})
	stats := f.wantStats("with a unit down")
	down, _ := stats.UnitsDown.Get()
	probe, _ := stats.Probe.Get()
	if len(down) != 1 || down[0] != "bbb-web.service" || probe.OK {
		t.Errorf("units down %v, probe %v", down, probe)
	}
}

// BBB cannot read a recording's metadata. The recordings are unknown then, and the reason
// names the one.
func TestUnreadableRecordings(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		short := lecture(0, 10*time.Minute, 5)
		short.Recorded = true
		c.World.Meetings = []demand.Meeting{short}
	})
	f.AdvanceTo(f.Now().Add(15 * time.Minute))
	read := func() ([]pool.Recording, error) {
		return f.bbb().Recordings(t.Context(), f.endpoint(1), pool.Processing, pool.Processed, pool.Published)
	}
	found, err := read()
	if err != nil || len(found) != 1 {
		t.Fatalf("recordings %+v, %v; want one", found, err)
	}
	fix := f.breakFirst(world.RecordingsUnreadable{})
	unreadable, err := read()
	if want := `recording 1: BBB answers <error> instead: "Cannot read the metadata of ` + found[0].ID + `"`; err == nil || unreadable != nil || !strings.Contains(err.Error(), want) {
		t.Errorf("recordings %+v, %v; want %s", unreadable, err, want)
	}
	fix()
	if found, err := read(); err != nil || len(found) != 1 {
		t.Errorf("recordings %+v, %v after the fault; want one", found, err)
	}
}

// A recording gets stuck while it is processed, another fails while it is published.
func TestStuckAndFailedRecordings(t *testing.T) {
	recorded := func(c *sandbox.Config) {
		short := lecture(0, 10*time.Minute, 5)
		short.Recorded = true
		c.World.Meetings = []demand.Meeting{short}
	}
	states := func(f *fixture) (list []pool.RecordingState) {
		t.Helper()
		found, err := f.bbb().Recordings(t.Context(), f.endpoint(1), pool.Processing, pool.Processed, pool.Published)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			list = append(list, r.State)
		}
		return list
	}
	f := newFixture(t, recorded)
	var free func()
	f.With(func(w *world.World) { free = w.StickRecording(1, "processing") })
	f.advance(2 * time.Hour)
	if got := states(f); len(got) != 1 || got[0] != pool.Processing || f.backlog() != 2 {
		t.Errorf("listed %v, backlog %d; want one that is processing, and its job", got, f.backlog())
	}
	f.With(func(*world.World) { free() })
	f.advance(time.Hour)
	if got := states(f); len(got) != 0 || f.backlog() != 0 {
		t.Errorf("in the end listed %v, backlog %d", got, f.backlog())
	}

	f = newFixture(t, recorded)
	f.With(func(w *world.World) { w.BreakRecording(1, "published") })
	f.advance(2 * time.Hour)
	failed, _ := f.wantStats("with a failed recording").Failed.Get()
	if got := states(f); len(got) != 1 || got[0] != pool.Processed || failed["published"] != 1 || f.backlog() != 0 {
		t.Errorf("listed %v, failed %v, backlog %d; want one whose publishing failed", got, failed, f.backlog())
	}
}
