package exporter

import (
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// maxSamples is more samples than fit into a response.
const maxSamples = maxBody

// FuzzParse checks that no page leads to an implausible value or a long error text, and
// that parse finds the same values as Prometheus's own library.
func FuzzParse(f *testing.F) {
	for _, page := range hostile.Seeds(f, "stats/*.prom") {
		f.Add(page[:min(len(page), 8<<10)]) // fuzzing a whole page is slow
	}
	for _, page := range []string{healthy,
		"# TYPE node_load1 summary\nnode_load1{quantile=\"0.5\"} 1\nnode_load1_sum 1\nnode_load1_count 1\n",
		"\"0\"0\n", "divims_recordings_backlog\"\"0\n", "divims_recordings_backlo\"g\"0\n",
		"# TYPE node_load1 gauge\r\nnode_load1 1\r\n# HELP a b\rc\nnode_load5 2 1.5 # {a=\"b\"} 1\n# EOF", "\xef\xbb\xbfnode_load1 1",
		"{\"node_load1\"} 1 1395066363000\n{} 1\n{\"a\",\"b\"} 2\n",
		"# TYPE node_load1 gaugehistogram\nnode_load1_bucket{le=\"+Inf\"} 1\n# HELP\n#",
		"node_load1 1e308\nnode_load5 NaN\nnode_load15 -Inf\ndivims_recordings_backlog{stage=\"a\\\"\\\\\\n\"} 1e6\n"} {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		found, err := parse(strings.NewReader(page))
		checkAgainstLibrary(t, page, found, err)
		if err != nil {
			hostile.CheckText(t, err.Error())
			return
		}
		source := scrape{source: "endpoint", found: found, date: clock9, server: clock9, maxAge: defaultMaxAge}
		checkStats(t, merge([]scrape{source}))
	})
}

func checkStats(t *testing.T, stats pool.Stats) {
	t.Helper()
	check(t, "load1", stats.Load1, isLoad)
	check(t, "load5", stats.Load5, isLoad)
	check(t, "load15", stats.Load15, isLoad)
	check(t, "uptime", stats.Uptime, func(d time.Duration) bool { return d >= 0 && d <= 9e9*time.Second })
	check(t, "age", stats.Age, func(d time.Duration) bool { return d >= 0 && d <= 9e9*time.Second })
	check(t, "CPUs", stats.CPUs, func(n int) bool { return n >= 1 && n <= maxSamples })
	check(t, "network", stats.Network, func(n pool.NetworkCounters) bool {
		return n.Received >= 0 && n.Sent >= 0 && max(n.Received, n.Sent) <= maxSamples*1e18
	})
	check(t, "units down", stats.UnitsDown, func(units []string) bool {
		return len(strings.Join(units, "")) <= maxNames*maxLabel
	})
	check(t, "probe", stats.Probe, func(p pool.Probe) bool { return p.At.Year() >= 2001 && p.At.Year() <= 2255 || p.At.IsZero() })
	check(t, "failed", stats.Failed, areCounts)
	check(t, "backlog", stats.Backlog, areCounts)
	check(t, "machine id", stats.MachineID, isIdentity)
	check(t, "nodename", stats.Nodename, isIdentity)
	check(t, "version", stats.Version, func(version string) bool { return version != "" && len(version) <= maxVersion })
}

func isIdentity(name string) bool { return name != "" && len(name) <= maxIdentity }

func isLoad(load float64) bool { return load >= 0 && load <= 1e5 }

func areCounts(counts map[string]int) bool {
	for stage, n := range counts {
		if n < 0 || n > maxSamples*1e6 || len(stage) > maxLabel {
			return false
		}
	}
	return len(counts) <= maxNames
}

// check checks the value of a known reading, and the reason of an unknown one.
func check[T any](t *testing.T, what string, reading pool.Reading[T], valid func(T) bool) {
	t.Helper()
	value, known := reading.Get()
	hostile.CheckText(t, reading.Reason())
	switch {
	case known && !valid(value):
		t.Errorf("%s is %.200v", what, value)
	case !known && !strings.Contains(reading.Reason(), "endpoint"):
		t.Errorf("%s is unknown because %.200q", what, reading.Reason())
	}
}
