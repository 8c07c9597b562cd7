package sandbox_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"divims/internal/client/bbb"
	"divims/internal/client/checksum"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

const (
	asBBB  = "text/xml;charset=utf-8"
	asHTML = "text/html"
)

// call calls a server's BBB with a valid checksum.
func (f *fixture) call(number int, name string, query url.Values) rawResponse {
	return f.get("https://" + domain(number) + "/bigbluebutton/api/" + name + "?" + checksum.SHA256.Sign(name, query, f.settings.BBBSecret))
}

// createMachine creates a server's machine through Scaleway's API.
func (f *fixture) createMachine(number int) {
	f.t.Helper()
	servers := pool.Servers(f.settings.Decision.Size, 0, f.settings.Pool.HostnameTemplate, f.settings.Pool.DomainTemplate)
	_, err := f.scaleway().Create(f.t.Context(), pool.MachineOrder{
		Server: servers[number-1], Zones: f.settings.Scaleway.Zones, Types: f.settings.Evaluation.Types,
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) world(do func(*world.World) error) error {
	var err error
	f.With(func(w *world.World) { err = do(w) })
	return err
}

// contact returns what we meet at a server's BBB, in the world.
func (f *fixture) contact(number int) (contact world.Contact) {
	f.t.Helper()
	if err := f.world(func(w *world.World) (err error) { contact, err = w.Contact(domain(number)); return err }); err != nil {
		f.t.Fatal(err)
	}
	return contact
}

// wantSilence fails the test if a server's web server answers anything within a short time.
func (f *fixture) wantSilence(what string, number int) {
	f.t.Helper()
	f.http.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(f.t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.stats().Stats(ctx, pool.Server{Domain: domain(number)}, f.clock(number)); !errors.Is(err, context.DeadlineExceeded) {
		f.t.Errorf("%s: the stats: %v, want no answer", what, err)
	}
	at := pool.Endpoint{URL: "https://" + domain(number) + "/bigbluebutton/api", Secret: f.settings.BBBSecret}
	if _, err := f.bbb().Meetings(ctx, at); !errors.Is(err, context.DeadlineExceeded) {
		f.t.Errorf("%s: BBB: %v, want no answer", what, err)
	}
}

// At first nothing answers, then the web server and the stats, then BBB.
func TestMachineComesUpInSteps(t *testing.T) {
	f := newFixture(t, nil)
	at := f.endpoint(2)
	f.wantSilence("no machine", 2)
	f.createMachine(2)
	before := f.Now()
	f.advance(time.Second)
	f.wantSilence("the system is not up", 2)
	for f.contact(2) == world.Drops {
		f.advance(time.Second)
	}
	if _, err := f.stats().Stats(t.Context(), pool.Server{Domain: domain(2)}, f.clock(2)); err != nil {
		t.Errorf("the stats once the system is up: %v", err)
	}
	f.call(2, "getMeetings", nil).want(t, http.StatusBadGateway, asHTML, "<title>502 Bad Gateway</title>", "nginx")
	if _, err := f.bbb().Meetings(t.Context(), at); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("BBB's client before BBB is up: %v, want status 502", err)
	}
	up := f.Now()
	for f.call(2, "getMeetings", nil).status != http.StatusOK {
		f.advance(time.Second)
	}
	if system, all := up.Sub(before), f.Now().Sub(before); system < 2*time.Minute || all > 7*time.Minute || all-system > time.Minute {
		t.Errorf("the system was up after %s, BBB after %s; want 2 to 7 minutes and at most a minute between them", system, all)
	}
	if conference, err := f.bbb().Meetings(t.Context(), at); err != nil || len(conference.Meetings) != 0 {
		t.Errorf("a new server has the meetings %v, %v", conference, err)
	}
}

// dialTLS connects to the servers' web server.
func (f *fixture) dialTLS(config *tls.Config) (*tls.Conn, error) {
	dialer := tls.Dialer{Config: config}
	connection, err := dialer.DialContext(f.t.Context(), "tcp", f.settings.Network.ConnectTo.Address(domain(1)+":443"))
	if err != nil {
		return nil, err
	}
	return connection.(*tls.Conn), nil
}

// A client with an open connection gets no answer after the machine is powered off.
func TestConnectionsEndWithTheirMachine(t *testing.T) {
	f := newFixture(t, nil)
	connection, err := f.dialTLS(&tls.Config{RootCAs: f.roots(), ServerName: domain(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	ask := func() error {
		if _, err := fmt.Fprintf(connection, "GET /bigbluebutton/api HTTP/1.1\r\nHost: %s\r\n\r\n", domain(1)); err != nil {
			return err
		}
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		return errors.Join(err, response.Body.Close())
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if err := f.world(func(w *world.World) error { return w.PowerOff(w.Machines()[0].ID) }); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err == nil {
		t.Error("a machine that was powered off answers")
	}
}

func TestEveryServerHasItsOwnCertificate(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Running = 2 })
	roots := f.roots()
	for name, c := range map[string]struct{ ask, expect, problem string }{
		"the first":                  {domain(1), domain(1), ""},
		"the second":                 {domain(2), domain(2), ""},
		"the name of another server": {domain(1), domain(2), "valid for " + domain(1)},
		"an unknown name":            {"bbb-w9." + sandbox.Domain, domain(1), "reset"},
		"no server name":             {"", domain(1), "reset"},
	} {
		t.Run(name, func(t *testing.T) {
			connection, err := f.dialTLS(&tls.Config{
				ServerName: c.ask, InsecureSkipVerify: true, // verified below, against another name
			})
			if err == nil {
				defer func() { _ = connection.Close() }()
				leaf := connection.ConnectionState().PeerCertificates[0]
				if _, err = leaf.Verify(verifyOptions(roots, c.expect, start)); err == nil {
					_, err = leaf.Verify(verifyOptions(roots, c.expect, time.Now()))
				}
			}
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("got error %v, want %q", err, c.problem)
			}
		})
	}
}

func TestBBBWorksWithItsClient(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		recorded := lecture(0, time.Hour, 40)
		recorded.Recorded = true
		c.World.Meetings = []demand.Meeting{recorded, lecture(time.Minute, time.Hour, 0), lecture(time.Minute, time.Hour, 1200)}
	})
	f.advance(2 * time.Minute)
	conference, err := f.bbb().Meetings(t.Context(), f.endpoint(1))
	if err != nil {
		t.Fatal(err)
	}
	var want []pool.Meeting
	if err := f.world(func(w *world.World) (err error) { want, err = w.Meetings(domain(1)); return err }); err != nil {
		t.Fatal(err)
	}
	if len(conference.Meetings) != 3 || len(want) != 3 {
		t.Fatalf("%d meetings of the world's %d, want 3 of 3", len(conference.Meetings), len(want))
	}
	for i, got := range conference.Meetings {
		if !got.ModeratorPassword.IsSet() {
			t.Errorf("meeting %d has no moderator password", i)
		}
		got.ModeratorPassword = pool.Secret{}
		got.Created = got.Created.UTC()
		want[i].Created = want[i].Created.Truncate(time.Millisecond)
		if got != want[i] {
			t.Errorf("meeting %d is %+v, want %+v", i, got, want[i])
		}
	}
	if expiry, known := conference.CertificateExpiry.Get(); !known || expiry.Before(start.Add(60*24*time.Hour)) {
		t.Errorf("the certificate expires at %s", expiry)
	}
	if version, err := f.bbb().Version(t.Context(), f.endpoint(1)); version != "3.0.4" || err != nil {
		t.Errorf("version %q, %v", version, err)
	}
}

// The list has every attendee, and large counts are formatted for an English locale.
func TestMeetingsListEveryAttendee(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 1200)} })
	f.advance(time.Minute)
	got := f.call(1, "getMeetings", nil)
	got.want(t, http.StatusOK, asBBB, "<participantCount>1,200</participantCount>", "<meetingName>Lecture &amp; exercises ",
		"<createTime>1791180000000</createTime>", "<moderatorCount>1</moderatorCount>", "<isBreakout>false</isBreakout>")
	if attendees := strings.Count(got.body, "<attendee>"); attendees != 1200 {
		t.Errorf("%d attendees, want 1200", attendees)
	}
	if each := len(got.body) / 1200; each < 300 || each > 400 {
		t.Errorf("%d bytes per attendee, want about 350", each)
	}
}

func TestBBBRefusesInvalidCalls(t *testing.T) {
	f := newFixture(t, nil)
	api := "https://" + domain(1) + "/bigbluebutton/api/"
	for name, c := range map[string]struct {
		got rawResponse
		key string
	}{
		"no checksum":               {f.get(api + "getMeetings"), "checksumError"},
		"a wrong checksum":          {f.get(api + "getMeetings?checksum=" + strings.Repeat("0", 64)), "checksumError"},
		"Scalelite's secret":        {f.get(api + "getMeetings?" + checksum.SHA256.Sign("getMeetings", nil, f.settings.Scalelite.Secret)), "checksumError"},
		"an unknown call":           {f.call(1, "create", nil), "unsupportedRequest"},
		"end without a meeting":     {f.call(1, "end", nil), "missingParamMeetingID"},
		"end of an unknown meeting": {f.call(1, "end", url.Values{"meetingID": {"nobody"}}), "notFound"},
		"a limit of 0":              {f.call(1, "getRecordings", url.Values{"limit": {"0"}}), "validationError"},
		"a limit of 101":            {f.call(1, "getRecordings", url.Values{"limit": {"101"}}), "validationError"},
		"a negative offset":         {f.call(1, "getRecordings", url.Values{"limit": {"1"}, "offset": {"-1"}}), "validationError"},
		"an unknown filter":         {f.call(1, "getRecordings", url.Values{"limit": {"1"}, "meta_x": {"y"}}), "validationError"},
		"POST instead of GET":       {f.send(http.MethodPost, api+"getMeetings", "", http.Header{}), "unsupportedRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			c.got.want(t, http.StatusOK, asBBB, "<returncode>FAILED</returncode>", "<messageKey>"+c.key+"</messageKey>")
		})
	}
	for _, hash := range []checksum.Hash{checksum.SHA1, checksum.SHA256, checksum.SHA384, checksum.SHA512} {
		if _, err := bbb.New(hash, f.http).Meetings(t.Context(), f.endpoint(1)); err != nil {
			t.Errorf("%s: %v", hash, err)
		}
	}
	f.get("https://"+domain(1)+"/elsewhere").want(t, http.StatusNotFound, asHTML, "nginx")
	f.call(1, "getMeetings", nil).want(t, http.StatusOK, asBBB, "<messageKey>noMeetings</messageKey>")
}

func TestMeetingEndsSomeSecondsAfterTheCall(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 5)} })
	f.advance(time.Minute)
	meetings := func() []pool.Meeting {
		conference, err := f.bbb().Meetings(t.Context(), f.endpoint(1))
		if err != nil {
			t.Fatal(err)
		}
		return conference.Meetings
	}
	first := meetings()[0]
	if err := f.bbb().End(t.Context(), f.endpoint(1), first); err != nil {
		t.Fatal(err)
	}
	if len(meetings()) != 1 {
		t.Error("the meeting ended immediately")
	}
	f.advance(15 * time.Second)
	if len(meetings()) != 0 {
		t.Error("the meeting has not ended after 15 seconds")
	}
	if err := f.bbb().End(t.Context(), f.endpoint(1), first); !errors.Is(err, pool.ErrGone) {
		t.Errorf("end of a meeting that has ended: %v, want ErrGone", err)
	}
}

// There are 25 short recordings, which stay on the server.
func TestRecordingsArePaged(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Shipped, c.World.RecordingWork = false, 0.1
		for i := range 25 {
			short := lecture(time.Duration(i)*time.Second, 10*time.Minute, 2)
			short.Recorded = true
			c.World.Meetings = append(c.World.Meetings, short)
		}
	})
	list := func(query url.Values) int {
		return strings.Count(f.call(1, "getRecordings", query).body, "<recording>")
	}
	f.advance(2 * time.Hour)
	if got, err := f.bbb().Recordings(t.Context(), f.endpoint(1), pool.Published); err != nil || len(got) != 25 {
		t.Fatalf("the client reads %d recordings, %v; want 25", len(got), err)
	}
	f.call(1, "getRecordings", nil).want(t, http.StatusOK, asBBB, "<returncode>SUCCESS</returncode>", "<messageKey>noRecordings</messageKey>")
	for name, c := range map[string]struct {
		query url.Values
		want  int
	}{
		"a page":                    {url.Values{"limit": {"10"}}, 10},
		"the last page":             {url.Values{"limit": {"10"}, "offset": {"20"}}, 5},
		"beyond the end":            {url.Values{"limit": {"10"}, "offset": {"30"}}, 0},
		"no limit":                  {url.Values{"state": {"any"}}, 0},
		"any state":                 {url.Values{"limit": {"100"}, "state": {"any"}}, 25},
		"one state":                 {url.Values{"limit": {"100"}, "state": {"published"}}, 25},
		"states without recordings": {url.Values{"limit": {"100"}, "state": {"processing,processed"}}, 0},
		"an unknown state":          {url.Values{"limit": {"100"}, "state": {"publish"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := list(c.query); got != c.want {
				t.Errorf("%d recordings, want %d", got, c.want)
			}
		})
	}
}

func TestStatsWorkWithTheirClient(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 100)} })
	f.advance(30 * time.Minute)
	got, err := f.stats().Stats(t.Context(), pool.Server{Domain: domain(1)}, f.clock(1))
	if err != nil {
		t.Fatal(err)
	}
	var want pool.Stats
	if err := f.world(func(w *world.World) (err error) { want, err = w.Stats(domain(1)); return err }); err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{
		"load1": {got.Load1, want.Load1}, "load5": {got.Load5, want.Load5}, "load15": {got.Load15, want.Load15},
		"uptime": {got.Uptime, want.Uptime}, "cpus": {got.CPUs, want.CPUs}, "network": {got.Network, want.Network},
		"units": {got.UnitsDown, want.UnitsDown}, "probe": {got.Probe, want.Probe},
		"backlog": {got.Backlog, want.Backlog}, "version": {got.Version, want.Version}, "age": {got.Age, want.Age},
	} {
		if fmt.Sprintf("%+v", pair[0]) != fmt.Sprintf("%+v", pair[1]) {
			t.Errorf("%s is %+v, want %+v", name, pair[0], pair[1])
		}
	}
	if failed, known := got.Failed.Get(); !known || len(failed) == 0 || failed["sanity"] != 0 {
		t.Errorf("failed recordings %v, known %v; want 0 at every stage", failed, known)
	}
}

func TestStatsNeedThePassword(t *testing.T) {
	f := newFixture(t, nil)
	address := "https://" + domain(1) + "/node_exporter/metrics"
	for name, header := range map[string]http.Header{
		"no password":      {},
		"a wrong password": {"Authorization": {"Basic ZGl2aW1zOndyb25n"}},
		"a bearer token":   {"Authorization": {"Bearer x"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := f.send(http.MethodGet, address, "", header)
			got.want(t, http.StatusUnauthorized, asHTML)
			if got.header.Get("WWW-Authenticate") == "" || strings.Contains(got.body, "node_") {
				t.Errorf("header %v, body %q", got.header, got.body)
			}
		})
	}
}

func TestOnlyRequestedCollectorsAreServed(t *testing.T) {
	f := newFixture(t, nil)
	scrape := func(query string) rawResponse {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+domain(1)+"/node_exporter/metrics"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(f.settings.Stats.User, f.settings.Stats.Password.Reveal())
		return f.send(http.MethodGet, request.URL.String(), "", request.Header)
	}
	const asMetrics = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
	scrape("").want(t, http.StatusOK, asMetrics, "node_load1 ", "node_time_seconds ", "divims_probe_success 1\n", `divims_bbb_info{version="3.0.4"} 1`,
		`node_systemd_unit_state{name="bbb-web.service",state="active",type="simple"} 1`, `node_network_receive_bytes_total{device="lo"}`)
	one := scrape("?collect[]=time&collect[]=time")
	one.want(t, http.StatusOK, asMetrics, "node_time_seconds 1.79118e+09\n")
	if strings.Contains(one.body, "node_load") || strings.Count(one.body, "# TYPE node_time_seconds") != 1 {
		t.Errorf("the collector time returned %q", one.body)
	}
	if got := scrape("?collect[]=time&collect[]=perf"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "missing collector: perf") {
		t.Errorf("an unknown collector returned status %d, %q", got.status, got.body)
	}
}

func verifyOptions(roots *x509.CertPool, name string, at time.Time) x509.VerifyOptions {
	return x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at}
}
