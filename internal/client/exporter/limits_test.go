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

// numbered repeats a line with {n} in it.
func numbered(line string, times int) string {
	var text strings.Builder
	for n := range times {
		text.WriteString(strings.ReplaceAll(line, "{n}", fmt.Sprint(n)))
	}
	return text.String()
}

// TestHostileAnswersUseLittleMemory: whatever an endpoint answers, reading it
// ends with an error that names the endpoint, and asks for no more memory than
// the largest answer that is read takes.
func TestHostileAnswersUseLittleMemory(t *testing.T) {
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"a line of 10 MB":        {says("node_load1 " + strings.Repeat("1", 10<<20)), "longer than 16384 bytes"},
		"a label of 10 MB":       {says(`node_load1{a="` + strings.Repeat("x", 10<<20)), "longer than 16384 bytes"},
		"another's line":         {says("node_other " + strings.Repeat("1", 10<<20)), "larger than 2 MiB"},
		"a million samples":      {says(strings.Repeat("node_load1 1\n", 1<<20)), "larger than 2 MiB"},
		"a comment of 10 MB":     {says("# " + strings.Repeat("x", 10<<20)), "larger than 2 MiB"},
		"a bomb of samples":      {hostile.Bomb(t, "text/plain", "", "a{b=\"c\"} 1\n", 4*maxBody), "larger than 2 MiB"},
		"a bomb of a comment":    {hostile.Bomb(t, "text/plain", "#", "x", 8*maxBody), "larger than 2 MiB"},
		"a bomb of labels":       {hostile.Bomb(t, "text/plain", "node_load1{", `a="b",`, 4*maxBody), "longer than 16384 bytes"},
		"types without end":      {says(numbered("# TYPE m{n} gauge\n", 200_000)), "larger than 2 MiB"},
		"a number of a megabyte": {says("node_load1 " + strings.Repeat("1", 1<<20) + "x\n"), "longer than 16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := listen(t, c.handle)
			var err error
			hostile.Within(t, 80<<20, func() {
				_, err = New(Config{URLs: []string{endpoint.URL + "/metrics"}}, endpoint.Client()).Stats(context.Background(), local)
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "127.0.0.1:"+endpoint.port()+"/metrics") {
				t.Fatalf("error = %.300v; want one of the endpoint with %q", err, c.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}

func says(page string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) }
}

// TestAbsurdFigures: a figure that cannot be is unknown, whatever it is said of,
// and its reason names the endpoint.
func TestAbsurdFigures(t *testing.T) {
	with := func(old, new string) pool.Stats {
		if !strings.Contains(healthy, old) {
			t.Fatalf("no %s in the sample", old)
		}
		return read(t, strings.Replace(healthy, old, new, 1))
	}
	for name, c := range map[string]struct {
		reason string
		want   string
	}{
		"a load of 1e308":            {with("node_load1 0.21", "node_load1 1e308").Load1.Reason(), "1e+308 cannot be"},
		"a negative load":            {with("node_load1 0.21", "node_load1 -1").Load1.Reason(), "-1 cannot be"},
		"a backlog of 1e308":         {with(`{stage="raw"} 1`, `{stage="raw"} 1e308`).Backlog.Reason(), "1e+308 cannot be"},
		"a negative backlog":         {with(`{stage="raw"} 1`, `{stage="raw"} -1`).Backlog.Reason(), "-1 cannot be"},
		"a clock of the year 9999":   {with("1.7736516e+09", "2.53402300799e+11").Uptime.Reason(), "cannot be"},
		"a boot after the end":       {with("1.773648e+09", "8.9e+09").Uptime.Reason(), "in the future"},
		"bytes beyond 64 bits":       {with(`{device="ens2"} 1000`, `{device="ens2"} 1e40`).Network.Reason(), "1e+40 cannot be"},
		"half a recording":           {with(`{stage="raw"} 1`, `{stage="raw"} 0.5`).Backlog.Reason(), "0.5 cannot be"},
		"a long stage":               {with(`stage="raw"`, `stage="`+strings.Repeat("x", longestLabel+1)+`"`).Backlog.Reason(), "a label is longer than 1024 bytes"},
		"a long version":             {with("3.0.4", strings.Repeat("3", maxVersion+1)).Version.Reason(), "not one version"},
		"more stages than there are": {with("node_load5", numbered("divims_recordings_backlog{stage=\"{n}\"} 0\n", mostNames)+"node_load5").Backlog.Reason(), "more than 50 stages"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.reason, c.want) || !strings.Contains(c.reason, "127.0.0.1:") {
				t.Errorf("unknown because %.300q; want the endpoint and %q", c.reason, c.want)
			}
			hostile.CheckText(t, c.reason)
		})
	}
}

func TestOfVeryManyUnitsSomeAreNamed(t *testing.T) {
	stats := read(t, healthy+numbered("node_systemd_unit_state{name=\"bbb-{n}.service\",state=\"failed\"} 1\n", 2000))
	if down, known := stats.UnitsDown.Get(); !known || len(down) != mostNames || down[0] != "bbb-0.service" {
		t.Errorf("down are %d units, %.200q", len(down), down)
	}
}
