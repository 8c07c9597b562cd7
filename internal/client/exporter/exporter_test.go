package exporter

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// healthy is the page of a healthy server whose clock says 2026-03-16 09:00:00 UTC.
const healthy = `# TYPE node_load1 gauge
node_load1 0.21
node_load5 0.37
node_load15 0.39
node_time_seconds 1.7736516e+09
node_boot_time_seconds 1.773648e+09
node_cpu_seconds_total{cpu="0",mode="idle"} 10870.69
node_cpu_seconds_total{cpu="0",mode="user"} 444.9
node_cpu_seconds_total{cpu="1",mode="idle"} 11107.87
node_network_receive_bytes_total{device="ens2"} 1000
node_network_receive_bytes_total{device="ens3"} 1
node_network_receive_bytes_total{device="lo"} 7e+09
node_network_receive_bytes_total{device="docker0"} 7e+09
node_network_receive_bytes_total{device="br-2f0c"} 7e+09
node_network_transmit_bytes_total{device="ens2"} 2000
node_network_transmit_bytes_total{device="veth12ab"} 7e+09
node_systemd_unit_state{name="nginx.service",state="active"} 1
node_systemd_unit_state{name="nginx.service",state="failed"} 0
node_systemd_unit_state{name="bbb-web.service",state="active"} 1
node_systemd_unit_state{name="bbb-record-core.timer",state="inactive"} 1
node_systemd_unit_state{name="apt-daily.service",state="failed"} 1
node_textfile_scrape_error 0
divims_stats_timestamp_seconds 1.77365154e+09
divims_probe_success 1
divims_probe_timestamp_seconds 1.77365148e+09
divims_recordings_failed{stage="archived"} 0
divims_recordings_failed{stage="sanity"} 0
divims_recordings_failed{stage="processed"} 3
divims_recordings_failed{stage="published"} 0
divims_recordings_backlog{stage="recorded"} 0
divims_recordings_backlog{stage="ended"} 0
divims_recordings_backlog{stage="queued"} 3
divims_recordings_backlog{stage="raw"} 1
divims_recordings_backlog{stage="archived"} 0
divims_recordings_backlog{stage="sanity"} 2
divims_recordings_backlog{stage="processed"} 0
divims_recordings_backlog{stage="published"} 0
divims_bbb_info{version="3.0.4"} 1
divims_machine_info{id="11111111-1111-4111-8111-111111111111"} 1
divims_address_info{address="::1"} 1
divims_address_info{address="2001:db8::1"} 1
node_uname_info{machine="x86_64",nodename="bbb-w1",release="6.1.0",sysname="Linux"} 1
`

var clock9 = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)

// at9 is the clock of a server whose clock is right at nine.
func at9() time.Time { return clock9 }

// serve starts an endpoint that serves pages by path.
func serve(t *testing.T, pages map[string]string) (*httptest.Server, pool.Server) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Date", clock9.Format(http.TimeFormat))
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return server, pool.Server{Number: 1, Domain: at.Hostname()}
}

// read returns the stats that a Client reads from one page.
func read(t *testing.T, page string) pool.Stats {
	t.Helper()
	server, subject := serve(t, map[string]string{"/metrics": page})
	stats, err := New(Config{URLs: []string{server.URL + "/metrics"}}, server.Client()).Stats(context.Background(), subject, at9)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func wantSeen[T comparable](t *testing.T, what string, got pool.Reading[T], want T) {
	t.Helper()
	if value, known := got.Get(); !known || value != want {
		t.Errorf("%s = %v, known %v (%s); want %v", what, value, known, got.Reason(), want)
	}
}

func wantUnknown[T any](t *testing.T, what string, got pool.Reading[T], reason string) {
	t.Helper()
	if value, known := got.Get(); known {
		t.Errorf("%s = %v; want unknown", what, value)
	} else if !strings.Contains(got.Reason(), reason) {
		t.Errorf("%s is unknown because %q; want a reason that contains %q", what, got.Reason(), reason)
	}
}

func TestHealthyServerHasAllValues(t *testing.T) {
	stats := read(t, healthy)
	wantSeen(t, "load1", stats.Load1, 0.21)
	wantSeen(t, "load5", stats.Load5, 0.37)
	wantSeen(t, "load15", stats.Load15, 0.39)
	wantSeen(t, "uptime", stats.Uptime, time.Hour)
	wantSeen(t, "CPUs", stats.CPUs, 2)
	wantSeen(t, "network", stats.Network, pool.NetworkCounters{Received: 1001, Sent: 2000})
	wantSeen(t, "probe", stats.Probe, pool.Probe{OK: true, At: clock9.Add(-2 * time.Minute)})
	wantSeen(t, "version", stats.Version, "3.0.4")
	wantSeen(t, "age", stats.Age, time.Minute)
	wantSeen(t, "machine id", stats.MachineID, "11111111-1111-4111-8111-111111111111")
	wantSeen(t, "nodename", stats.Nodename, "bbb-w1")
	if got, _ := stats.Addresses.Get(); !slices.Equal(got, []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("2001:db8::1")}) {
		t.Errorf("addresses = %v", stats.Addresses)
	}
	if down, known := stats.UnitsDown.Get(); !known || len(down) != 0 {
		t.Errorf("units down = %v, known %v; want none", down, known)
	}
	if failed, _ := stats.Failed.Get(); !maps.Equal(failed, map[string]int{"archived": 0, "sanity": 0, "processed": 3, "published": 0}) {
		t.Errorf("failed = %v", failed)
	}
	counted := map[string]int{"recorded": 0, "ended": 0, "queued": 3, "raw": 1, "archived": 0, "sanity": 2, "processed": 0, "published": 0}
	if backlog, _ := stats.Backlog.Get(); !maps.Equal(backlog, counted) {
		t.Errorf("backlog = %v", backlog)
	}
}

// These functions return a value of the stats, or nil and the reason if it is unknown.
var (
	readLoad    = func(s pool.Stats) (any, string) { return reading(s.Load1) }
	readUptime  = func(s pool.Stats) (any, string) { return reading(s.Uptime) }
	readCPUs    = func(s pool.Stats) (any, string) { return reading(s.CPUs) }
	readNetwork = func(s pool.Stats) (any, string) { return reading(s.Network) }
	readUnits   = func(s pool.Stats) (any, string) { return reading(s.UnitsDown) }
	readProbe   = func(s pool.Stats) (any, string) { return reading(s.Probe) }
	readFailed  = func(s pool.Stats) (any, string) { return reading(s.Failed) }
	readBacklog = func(s pool.Stats) (any, string) { return reading(s.Backlog) }
	readVersion = func(s pool.Stats) (any, string) { return reading(s.Version) }
	readAge     = func(s pool.Stats) (any, string) { return reading(s.Age) }
	readMachine = func(s pool.Stats) (any, string) { return reading(s.MachineID) }
	readIPv6    = func(s pool.Stats) (any, string) { return reading(s.Addresses) }
	readName    = func(s pool.Stats) (any, string) { return reading(s.Nodename) }
)

// implausibleValues are changes of the healthy page, with the value that they make unknown.
var implausibleValues = map[string]struct {
	old, new string // new replaces old in the healthy page
	value    func(pool.Stats) (any, string)
	reason   string
}{
	"load NaN":                    {"node_load1 0.21", "node_load1 NaN", readLoad, "node_load1: impossible value NaN"},
	"load infinite":               {"node_load1 0.21", "node_load1 +Inf", readLoad, "impossible value +Inf"},
	"load negative":               {"node_load1 0.21", "node_load1 -1", readLoad, "impossible value -1"},
	"load absurd":                 {"node_load1 0.21", "node_load1 1e308", readLoad, "impossible value 1e+308"},
	"load of two servers":         {"node_load1 0.21", "node_load1{i=\"1\"} 1\nnode_load1{i=\"2\"} 2", readLoad, "expected one sample, found 2"},
	"load a histogram":            {"# TYPE node_load1 gauge\nnode_load1 0.21", "# TYPE node_load1 histogram\nnode_load1_count 1\n", readLoad, "unexpected type"},
	"load absent":                 {"node_load1 0.21\n", "", readLoad, "node_load1: not among the metrics"},
	"no boot time":                {"node_boot_time_seconds 1.773648e+09\n", "", readUptime, "not among the metrics"},
	"boot time unset":             {"node_boot_time_seconds 1.773648e+09", "node_boot_time_seconds 0", readUptime, "impossible value 0"},
	"boot in the future":          {"node_boot_time_seconds 1.773648e+09", "node_boot_time_seconds 1.8e+09", readUptime, "boot time is in the future"},
	"no CPU":                      {"node_cpu_seconds_total", "other", readCPUs, "not among the metrics"},
	"only virtual devices":        {`device="ens2"} 2000`, `device="lo"} 2000`, readNetwork, "no physical device"},
	"counter too large":           {`device="ens2"} 2000`, `device="ens2"} 1e19`, readNetwork, "impossible value"},
	"no unit of BBB":              {"node_systemd_unit_state{name=\"nginx.service\",state=\"active\"} 1\nnode_systemd_unit_state{name=\"nginx.service\",state=\"failed\"} 0\nnode_systemd_unit_state{name=\"bbb-web.service\",state=\"active\"} 1\n", "", readUnits, "no BBB unit"},
	"units not collected":         {"node_systemd_unit_state", "other", readUnits, "not among the metrics"},
	"unit state not 0 or 1":       {`name="bbb-web.service",state="active"} 1`, `name="bbb-web.service",state="active"} 0.5`, readUnits, "impossible value 0.5"},
	"probe undated":               {"divims_probe_timestamp_seconds 1.77365148e+09\n", "", readProbe, "divims_probe_timestamp_seconds"},
	"probe old":                   {"divims_probe_timestamp_seconds 1.77365148e+09", "divims_probe_timestamp_seconds 1.773650e+09", readProbe, "longer than 5m0s"},
	"probe in the future":         {"divims_probe_timestamp_seconds 1.77365148e+09", "divims_probe_timestamp_seconds 1.773652e+09", readProbe, "in the future"},
	"probe neither 0 nor 1":       {"divims_probe_success 1", "divims_probe_success 2", readProbe, "impossible value 2"},
	"backlog undated":             {"divims_stats_timestamp_seconds 1.77365154e+09\n", "", readBacklog, "divims_stats_timestamp_seconds"},
	"backlog old":                 {"divims_stats_timestamp_seconds 1.77365154e+09", "divims_stats_timestamp_seconds 1.773651e+09", readBacklog, "written 10m0s ago"},
	"backlog in the future":       {"divims_stats_timestamp_seconds 1.77365154e+09", "divims_stats_timestamp_seconds 1.773652e+09", readBacklog, "in the future"},
	"backlog without a clock":     {"node_time_seconds 1.7736516e+09", "node_time_seconds NaN", readBacklog, "node_time_seconds"},
	"backlog, broken textfile":    {"node_textfile_scrape_error 0", "node_textfile_scrape_error 1", readBacklog, "node_textfile_scrape_error is not 0"},
	"backlog, textfile error NaN": {"node_textfile_scrape_error 0", "node_textfile_scrape_error NaN", readBacklog, "node_textfile_scrape_error is not 0"},
	"backlog not whole":           {`backlog{stage="raw"} 1`, `backlog{stage="raw"} 1.5`, readBacklog, "impossible value 1.5"},
	"backlog negative":            {`backlog{stage="raw"} 1`, `backlog{stage="raw"} -1`, readBacklog, "impossible value -1"},
	"backlog absurd":              {`backlog{stage="raw"} 1`, `backlog{stage="raw"} 1e300`, readBacklog, "impossible value"},
	"backlog absent":              {"divims_recordings_backlog", "bbb_recordings_unprocessed", readBacklog, "not among the metrics"},
	"failures old":                {"divims_stats_timestamp_seconds 1.77365154e+09", "divims_stats_timestamp_seconds 1.773651e+09", readFailed, "written 10m0s ago"},
	"failures, broken textfile":   {"node_textfile_scrape_error 0", "node_textfile_scrape_error 1", readFailed, "node_textfile_scrape_error is not 0"},
	"probe, broken textfile":      {"node_textfile_scrape_error 0", "node_textfile_scrape_error 1", readProbe, "node_textfile_scrape_error is not 0"},
	"two versions":                {"divims_bbb_info", "divims_bbb_info{version=\"2\"} 1\ndivims_bbb_info", readVersion, "expected one version"},
	"a version too long":          {`version="3.0.4"`, `version="` + strings.Repeat("9", 41) + `"`, readVersion, "expected one version"},
	"two machines":                {"divims_machine_info", "divims_machine_info{id=\"2\"} 1\ndivims_machine_info", readMachine, "expected one id"},
	"a machine without an id":     {`{id="11111111-1111-4111-8111-111111111111"}`, "", readMachine, "expected one id"},
	"an address of IPv4":          {`address="::1"`, `address="192.0.2.1"`, readIPv6, "is no IPv6 address"},
	"an address that is none":     {`address="::1"`, `address="x"`, readIPv6, "is no IPv6 address"},
	"a nodename too long":         {`nodename="bbb-w1"`, `nodename="` + strings.Repeat("x", 256) + `"`, readName, "expected one nodename"},
	"age undated":                 {"divims_stats_timestamp_seconds 1.77365154e+09\n", "", readAge, "not among the metrics"},
}

func TestImplausibleValuesAreUnknown(t *testing.T) {
	for name, c := range implausibleValues {
		t.Run(name, func(t *testing.T) {
			page := strings.ReplaceAll(healthy, c.old, c.new)
			if page == healthy {
				t.Fatal("the case changes nothing")
			}
			value, reason := c.value(read(t, page))
			if value != nil || !strings.Contains(reason, c.reason) {
				t.Errorf("got %v, %q; want unknown with a reason that contains %q", value, reason, c.reason)
			}
		})
	}
}

// reading returns the value of a known reading, or nil and the reason of an unknown one.
func reading[T any](r pool.Reading[T]) (any, string) {
	if value, known := r.Get(); known {
		return value, ""
	}
	return nil, r.Reason()
}

// The script leaves out a stage that it could not read, so there may be recordings at a
// stage without a count.
func TestCountsWithoutAStageAreUnknown(t *testing.T) {
	without := func(metric, stage string) (pool.Stats, string) {
		line := regexp.MustCompile(fmt.Sprintf("%s{stage=%q} .*\n", metric, stage))
		if !line.MatchString(healthy) {
			t.Fatalf("the healthy page has no %s of the stage %s", metric, stage)
		}
		return read(t, line.ReplaceAllString(healthy, "")), fmt.Sprintf("%s: the stage %q is missing", metric, stage)
	}
	for _, stage := range pool.BacklogStages {
		stats, reason := without("divims_recordings_backlog", stage)
		wantUnknown(t, "backlog without "+stage, stats.Backlog, reason)
	}
	for _, stage := range pool.FailureStages {
		stats, reason := without("divims_recordings_failed", stage)
		wantUnknown(t, "failures without "+stage, stats.Failed, reason)
	}
	more := read(t, healthy+"divims_recordings_backlog{stage=\"subtitles\"} 4\n")
	if backlog, _ := more.Backlog.Get(); backlog["subtitles"] != 4 {
		t.Errorf("backlog = %v; want 4 at the additional stage", backlog)
	}
}

func TestAgeOfOldStatsIsKnown(t *testing.T) {
	stats := read(t, strings.ReplaceAll(healthy, "divims_stats_timestamp_seconds 1.77365154e+09", "divims_stats_timestamp_seconds 1.773651e+09"))
	wantSeen(t, "age", stats.Age, 10*time.Minute)
}

func TestAgeByFileTime(t *testing.T) {
	page := func(files string) string {
		return strings.Replace(healthy, "divims_stats_timestamp_seconds 1.77365154e+09\n", files, 1)
	}
	fresh := read(t, page(`node_textfile_mtime_seconds{file="/var/lib/node_exporter/divims.prom"} 1.7736514e+09
node_textfile_mtime_seconds{file="/var/lib/node_exporter/apt.prom"} 1.7e+09
`))
	wantSeen(t, "age by the file's time", fresh.Age, 200*time.Second)
	if !fresh.Backlog.Known() {
		t.Errorf("the backlog of a fresh file is unknown: %s", fresh.Backlog.Reason())
	}
	oldest := read(t, page(`node_textfile_mtime_seconds{file="/d/divims-probe.prom"} 1.7736515e+09
node_textfile_mtime_seconds{file="/d/divims.prom"} 1.7736e+09
`))
	wantUnknown(t, "backlog when one of our files is old", oldest.Backlog, "longer than")
	foreign := read(t, page(`node_textfile_mtime_seconds{file="/d/apt.prom"} 1.7736515e+09`+"\n"))
	wantUnknown(t, "backlog when only others' files are dated", foreign.Backlog, "divims_stats_timestamp_seconds")
}

func TestPageWithoutNodeExporterUsesDateHeader(t *testing.T) {
	page := "divims_stats_timestamp_seconds 1.77365154e+09\n"
	for _, stage := range pool.BacklogStages {
		page += fmt.Sprintf("divims_recordings_backlog{stage=%q} 0\n", stage)
	}
	stats := read(t, page)
	wantSeen(t, "age", stats.Age, time.Minute)
	if backlog, known := stats.Backlog.Get(); !known || len(backlog) != len(pool.BacklogStages) {
		t.Errorf("backlog = %v, known %v (%s)", backlog, known, stats.Backlog.Reason())
	}
}

func TestUnitsDown(t *testing.T) {
	stats := read(t, `
node_systemd_unit_state{name="nginx.service",state="active"} 1
node_systemd_unit_state{name="bbb-web.service",state="active"} 0
node_systemd_unit_state{name="bbb-web.service",state="failed"} 1
node_systemd_unit_state{name="bbb-html5-backend@1.service",state="activating"} 1
node_systemd_unit_state{name="bbb-graphql-server.service",state="inactive"} 1
node_systemd_unit_state{name="bbb-record-core.timer",state="inactive"} 1
node_systemd_unit_state{name="bbb-own-cleanup.service",state="failed"} 1
node_systemd_unit_state{name="freeswitch.service",state="active"} 0
node_systemd_unit_state{name="postfix.service",state="failed"} 1
`)
	want := []string{"bbb-graphql-server.service", "bbb-html5-backend@1.service", "bbb-own-cleanup.service", "bbb-web.service"}
	if down, known := stats.UnitsDown.Get(); !known || !slices.Equal(down, want) {
		t.Errorf("units down = %v, known %v; want %v", down, known, want)
	}
}

func TestBigBlueButtonExporter(t *testing.T) {
	const page = "bbb_api_up 0\nbbb_recordings_unprocessed 0\nbbb_recordings_processing 0\n"
	stats := read(t, page)
	wantSeen(t, "probe from bbb_api_up", stats.Probe, pool.Probe{OK: false, At: clock9})
	wantUnknown(t, "backlog", stats.Backlog, "divims_recordings_backlog: not among the metrics")

	both := read(t, healthy+page)
	wantSeen(t, "probe with the script's metrics", both.Probe, pool.Probe{OK: true, At: clock9.Add(-2 * time.Minute)})
}

// endpointReader starts three endpoints, and returns a function that reads the stats from
// the given paths. Other paths return 404.
func endpointReader(t *testing.T) func(paths ...string) (pool.Stats, error) {
	t.Helper()
	server, subject := serve(t, map[string]string{
		"/node_exporter/metrics": healthy,
		"/metrics/":              "node_load1 99\nbbb_meetings 3\n",
		"/stale":                 "node_time_seconds 1.7736516e+09\ndivims_stats_timestamp_seconds 1.7e+09\ndivims_recordings_backlog{stage=\"raw\"} 0\n",
	})
	return func(paths ...string) (pool.Stats, error) {
		config := Config{}
		for _, p := range paths {
			config.URLs = append(config.URLs, server.URL+p)
		}
		return New(config, server.Client()).Stats(context.Background(), subject, at9)
	}
}

func TestSeveralEndpoints(t *testing.T) {
	stats := endpointReader(t)
	t.Run("the first value is used", func(t *testing.T) {
		got, err := stats("/metrics/", "/node_exporter/metrics")
		if err != nil {
			t.Fatal(err)
		}
		wantSeen(t, "load1 of the first", got.Load1, 99)
		wantSeen(t, "load5 of the second", got.Load5, 0.37)
	})
	t.Run("an invalid first value stays unknown", func(t *testing.T) {
		got, err := stats("/stale", "/node_exporter/metrics")
		if err != nil {
			t.Fatal(err)
		}
		wantUnknown(t, "backlog", got.Backlog, "/stale: written")
	})
	t.Run("a failed endpoint is named and the others are used", func(t *testing.T) {
		got, err := stats("/gone", "/node_exporter/metrics")
		if err == nil || !strings.Contains(err.Error(), "/gone: status 404") || strings.Contains(err.Error(), "node_exporter") {
			t.Errorf("error = %v; want one that names /gone alone", err)
		}
		wantSeen(t, "load1", got.Load1, 0.21)
	})
	t.Run("values of a failed endpoint are unknown", func(t *testing.T) {
		got, err := stats("/gone", "/metrics/")
		if err == nil {
			t.Error("no error")
		}
		wantUnknown(t, "backlog", got.Backlog, "not among the metrics")
	})
	t.Run("all fail", func(t *testing.T) {
		got, err := stats("/gone", "/away")
		if err == nil || !strings.Contains(err.Error(), "/gone") || !strings.Contains(err.Error(), "/away") {
			t.Errorf("error = %v; want both named", err)
		}
		wantUnknown(t, "load1", got.Load1, "no stats endpoint answered")
	})
	t.Run("none is configured", func(t *testing.T) {
		got, err := stats()
		if err != nil {
			t.Fatal(err)
		}
		wantUnknown(t, "load1", got.Load1, "no stats endpoint")
	})
}

// TestRecordedNodeExporter reads a full scrape of node_exporter's own fixtures,
// which has neither a clock nor network devices.
func TestRecordedNodeExporter(t *testing.T) {
	path := filepath.Join(repositoryRoot(t), "..", "shared", "data", "stats", "node_exporter.prom")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no recorded scrape: %v", err)
	}
	stats := read(t, string(page))
	wantSeen(t, "load1", stats.Load1, 0.21)
	wantSeen(t, "load5", stats.Load5, 0.37)
	wantSeen(t, "load15", stats.Load15, 0.39)
	wantSeen(t, "CPUs", stats.CPUs, 8)
	wantUnknown(t, "uptime", stats.Uptime, "node_time_seconds")
	wantUnknown(t, "network", stats.Network, "node_network_receive_bytes_total")
	wantUnknown(t, "units down", stats.UnitsDown, "node_systemd_unit_state")
	wantUnknown(t, "backlog", stats.Backlog, "divims_recordings_backlog")
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the tests")
		}
		dir = filepath.Dir(dir)
	}
}

func TestFastCheckKeepsBBBUnits(t *testing.T) {
	for _, pattern := range slices.Concat(servingUnits, otherUnits) {
		if unit := strings.ReplaceAll(pattern, "*", "x"); !mayBeBBBUnit([]byte(unit)) {
			t.Errorf("the fast check discards %s", unit)
		}
	}
}
