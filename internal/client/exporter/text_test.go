package exporter

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestEveryFormOfALine: what the text format allows is read, and of a metric in
// the table nothing else.
func TestEveryFormOfALine(t *testing.T) {
	for name, c := range map[string]struct {
		page string
		want []sample // of node_systemd_unit_state
		err  string
	}{
		"labels in any order": {`node_systemd_unit_state{state="active",type="simple",name="bbb-a"} 1` + "\n", []sample{{[2]string{"bbb-a", "active"}, 1}}, ""},
		"blanks everywhere":   {" node_systemd_unit_state { name = \"bbb-a\" ,\tstate= \"b\" , } \t1 \n", []sample{{[2]string{"bbb-a", "b"}, 1}}, ""},
		"without its label":   {"node_systemd_unit_state{name=\"bbb-a\"} 1\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
		"another's unit":      {"node_systemd_unit_state{name=\"a\",} anything\n", nil, ""},
		"a time":              {"node_systemd_unit_state{name=\"bbb-a\"} 1e0 -1395066363000\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
		"escapes":             {`node_systemd_unit_state{name="bbb-\"\\\n"} 0` + "\n", []sample{{[2]string{"bbb-\"\\\n"}, 0}}, ""},
		"other lines":         {"# HELP node_systemd_unit_state x\n\n#\n# TYPE node_systemd_unit_state gauge\nother{\n_: anything\n", nil, ""},
		"a label without end": {"node_systemd_unit_state{name=\"a} 1\n", nil, "line 1: node_systemd_unit_state: its labels are malformed"},
		"labels without end":  {"node_systemd_unit_state{name=\"bbb-a\" 1\n", nil, "its labels are malformed"},
		"a label alone":       {"node_systemd_unit_state{name} 1\n", nil, "its labels are malformed"},
		"no label's name":     {"node_systemd_unit_state{=\"a\"} 1\n", nil, "its labels are malformed"},
		"commas alone":        {"node_systemd_unit_state{,} 1\n", nil, "its labels are malformed"},
		"an unknown escape":   {"node_systemd_unit_state{name=\"bbb-\\t\"} 1\n", nil, "its labels are malformed"},
		"an escape cut off":   {"node_systemd_unit_state{name=\"\\\n", nil, "its labels are malformed"},
		"no UTF-8":            {"node_systemd_unit_state{name=\"bbb-\xff\"} 1\n", nil, "its labels are malformed"},
		"a label twice":       {"node_systemd_unit_state{name=\"bbb-a\",name=\"a\"} 1\n", nil, "label name is given twice"},
		"no value":            {"node_systemd_unit_state{}\n", nil, "its value is no number"},
		"a value of Go":       {"node_systemd_unit_state 0x1p0\n", nil, "its value is no number"},
		"more than a time":    {"node_systemd_unit_state 1 2 3\n", nil, "what follows its value is no time"},
		"half a time":         {"node_systemd_unit_state 1 2.5\n", nil, "what follows its value is no time"},
		"a name alone":        {"node_systemd_unit_state\n", nil, "line 1: it is not in Prometheus's text format"},
		"a line of nobody":    {"other\n", nil, "not in Prometheus's text format"},
		"a name of digits":    {"1other 1\n", nil, "not in Prometheus's text format"},
		"a name of UTF-8":     {"{\"node_systemd_unit_state\"} 1\n", nil, "not in Prometheus's text format"},
		"the end is missing":  {"other 1\nother 2", nil, "line 2: the text ends in the middle of it"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := parse(strings.NewReader(c.page))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error = %v; want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []sample
			if units := found[unitState.name]; units != nil {
				got = units.samples
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v; want %v", got, c.want)
			}
		})
	}
}

// checkAgainstLibrary compares what is found with what Prometheus's own library
// reads. The library looks at every line, and refuses more.
func checkAgainstLibrary(t *testing.T, page string, found map[string]*series, err error) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, refused := parser.TextToMetricFamilies(strings.NewReader(page))
	if refused != nil {
		return
	}
	if err != nil {
		if !isBeyondUs(page) {
			t.Fatalf("the library reads it, and we do not: %v", err)
		}
		return
	}
	for name, m := range table {
		if m == &unitState {
			continue // most of which is passed over
		}
		theirs, single := numbers(families[name])
		switch ours := found[name]; {
		case !single:
			if ours != nil && ours.fault == nil && len(theirs) > 0 {
				t.Errorf("%s has several numbers each, and %v was found", name, ours.samples)
			}
		case ours == nil:
			if len(theirs) > 0 {
				t.Errorf("%s was not found; the library has %v", name, theirs)
			}
		default:
			values := make([]float64, len(ours.samples))
			for i, one := range ours.samples {
				values[i] = one.value
			}
			if ours.fault == nil && !slices.EqualFunc(values, theirs, same) {
				t.Errorf("%s = %v; the library has %v (of %v)", name, values, theirs, m.by)
			}
		}
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// numbers are those of a family of which each metric has one.
func numbers(family *dto.MetricFamily) (values []float64, single bool) {
	for _, one := range family.GetMetric() {
		switch {
		case one.Gauge != nil:
			values = append(values, one.Gauge.GetValue())
		case one.Counter != nil:
			values = append(values, one.Counter.GetValue())
		case one.Untyped != nil:
			values = append(values, one.Untyped.GetValue())
		default:
			return append(values, math.NaN()), false
		}
	}
	return values, true
}

// isBeyondUs knows names within braces, which are of later versions of the format,
// quotes where the name is, which the library takes wherever they stand, lines that are too long, and a comment that does not end.
func isBeyondUs(page string) bool {
	for line := range strings.Lines(page) {
		line = strings.TrimLeft(line, " \t")
		name, _, _ := strings.Cut(line, "{")
		quoted := !strings.HasPrefix(line, "#") && strings.Contains(name, `"`)
		if name == "" || quoted || len(line) > longestLine || !strings.HasSuffix(line, "\n") {
			return true
		}
	}
	return false
}

// BenchmarkStats reads what a node_exporter with 200 units and 8 CPUs answers.
func BenchmarkStats(b *testing.B) {
	page := largePage()
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	client := New(Config{}, http.DefaultClient)
	for b.Loop() {
		found, err := parse(strings.NewReader(page))
		if err != nil {
			b.Fatal(err)
		}
		client.merge([]scrape{{source: "endpoint", found: found, maxAge: defaultMaxAge}})
	}
}

// BenchmarkPrometheusLibrary reads the page of BenchmarkStats with prometheus/common/expfmt,
// for comparison.
func BenchmarkPrometheusLibrary(b *testing.B) {
	page := largePage()
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		if _, err := parser.TextToMetricFamilies(strings.NewReader(page)); err != nil {
			b.Fatal(err)
		}
	}
}

func largePage() string {
	return healthy +
		numbered("node_systemd_unit_state{name=\"systemd-{n}.service\",state=\"active\",type=\"simple\"} 1\n"+
			"node_systemd_unit_state{name=\"systemd-{n}.service\",state=\"failed\",type=\"simple\"} 0\n"+
			"node_systemd_unit_state{name=\"systemd-{n}.service\",state=\"inactive\",type=\"simple\"} 0\n"+
			"node_systemd_unit_state{name=\"systemd-{n}.service\",state=\"activating\",type=\"simple\"} 0\n"+
			"node_systemd_unit_state{name=\"systemd-{n}.service\",state=\"deactivating\",type=\"simple\"} 0\n", 180) +
		numbered("# HELP node_network_{n}_total Something of a device.\n# TYPE node_network_{n}_total counter\n"+
			"node_network_{n}_total{device=\"ens2\"} 1.2345e+06\n", 200)
}
