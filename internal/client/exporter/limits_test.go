package exporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// numbered repeats a line and replaces {n} by 0, 1, 2 and so on.
func numbered(line string, times int) string {
	var text strings.Builder
	for n := range times {
		text.WriteString(strings.ReplaceAll(line, "{n}", fmt.Sprint(n)))
	}
	return text.String()
}

// Every hostile response ends in an error that names the endpoint. The memory limit of
// 80 MB includes the test server's own copies.
func TestHostileResponsesTakeLittleMemory(t *testing.T) {
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"a line of 10 MB":        {respond("node_load1 " + strings.Repeat("1", 10<<20)), "longer than 16384 bytes"},
		"a label of 10 MB":       {respond(`node_load1{a="` + strings.Repeat("x", 10<<20)), "longer than 16384 bytes"},
		"another metric's line":  {respond("node_other " + strings.Repeat("1", 10<<20)), "larger than 2 MiB"},
		"a million samples":      {respond(strings.Repeat("node_load1 1\n", 1<<20)), "larger than 2 MiB"},
		"a comment of 10 MB":     {respond("# " + strings.Repeat("x", 10<<20)), "larger than 2 MiB"},
		"a bomb of samples":      {hostile.Bomb(t, "text/plain", "", "a{b=\"c\"} 1\n", 4*maxBody), "larger than 2 MiB"},
		"a bomb of a comment":    {hostile.Bomb(t, "text/plain", "#", "x", 8*maxBody), "larger than 2 MiB"},
		"a bomb of labels":       {hostile.Bomb(t, "text/plain", "node_load1{", `a="b",`, 4*maxBody), "longer than 16384 bytes"},
		"types without end":      {respond(numbered("# TYPE m{n} gauge\n", 200_000)), "larger than 2 MiB"},
		"a number of a megabyte": {respond("node_load1 " + strings.Repeat("1", 1<<20) + "x\n"), "longer than 16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := listen(t, c.handle)
			var err error
			hostile.Within(t, 80<<20, func() {
				_, err = New(Config{URLs: []string{endpoint.URL + "/metrics"}}, endpoint.Client()).Stats(context.Background(), local, at9)
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "127.0.0.1:"+endpoint.port()+"/metrics") {
				t.Fatalf("error = %.300v; want the endpoint and %q", err, c.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}

func respond(page string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) }
}

// An impossible value is unknown, and the reason names the endpoint.
func TestReasonsOfImpossibleValuesNameTheEndpoint(t *testing.T) {
	with := func(old, replacement string) pool.Stats {
		if !strings.Contains(healthy, old) {
			t.Fatalf("no %s in the healthy page", old)
		}
		return read(t, strings.Replace(healthy, old, replacement, 1))
	}
	for name, c := range map[string]struct {
		reason string
		want   string
	}{
		"a load of 1e308":            {with("node_load1 0.21", "node_load1 1e308").Load1.Reason(), "impossible value 1e+308"},
		"a negative load":            {with("node_load1 0.21", "node_load1 -1").Load1.Reason(), "impossible value -1"},
		"a backlog of 1e308":         {with(`{stage="raw"} 1`, `{stage="raw"} 1e308`).Backlog.Reason(), "impossible value 1e+308"},
		"a negative backlog":         {with(`{stage="raw"} 1`, `{stage="raw"} -1`).Backlog.Reason(), "impossible value -1"},
		"a clock of the year 9999":   {with("1.7736516e+09", "2.53402300799e+11").Uptime.Reason(), "impossible value"},
		"a boot after the end":       {with("1.773648e+09", "8.9e+09").Uptime.Reason(), "in the future"},
		"bytes beyond 64 bits":       {with(`{device="ens2"} 1000`, `{device="ens2"} 1e40`).Network.Reason(), "impossible value 1e+40"},
		"half a recording":           {with(`{stage="raw"} 1`, `{stage="raw"} 0.5`).Backlog.Reason(), "impossible value 0.5"},
		"a long stage":               {with(`stage="raw"`, `stage="`+strings.Repeat("x", maxLabel+1)+`"`).Backlog.Reason(), "a label is longer than 1024 bytes"},
		"a long version":             {with("3.0.4", strings.Repeat("3", maxVersion+1)).Version.Reason(), "expected one version"},
		"more stages than there are": {with("node_load5", numbered("divims_recordings_backlog{stage=\"{n}\"} 0\n", maxNames)+"node_load5").Backlog.Reason(), "more than 50 stages"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.reason, c.want) || !strings.Contains(c.reason, "127.0.0.1:") {
				t.Errorf("unknown because %.300q; want the endpoint and %q", c.reason, c.want)
			}
			hostile.CheckText(t, c.reason)
		})
	}
}

func TestDownUnitsAreLimited(t *testing.T) {
	stats := read(t, healthy+numbered("node_systemd_unit_state{name=\"bbb-{n}.service\",state=\"failed\"} 1\n", 2000))
	if down, known := stats.UnitsDown.Get(); !known || len(down) != maxNames || down[0] != "bbb-0.service" {
		t.Errorf("got %d down units, %.200q; want %d", len(down), down, maxNames)
	}
}
