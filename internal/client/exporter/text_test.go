package exporter

import (
	"math"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// lineCases are pages of one or a few lines, with what parse finds.
var lineCases = map[string]struct {
	page string
	want []sample // of node_systemd_unit_state
	err  string
}{
	"labels in any order": {`node_systemd_unit_state{state="active",type="simple",name="bbb-a"} 1` + "\n", []sample{{[2]string{"bbb-a", "active"}, 1}}, ""},
	"spaces everywhere":   {" node_systemd_unit_state { name = \"bbb-a\" ,\tstate= \"b\" , } \t1 \n", []sample{{[2]string{"bbb-a", "b"}, 1}}, ""},
	"without a label":     {"node_systemd_unit_state{name=\"bbb-a\"} 1\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"a foreign unit":      {"node_systemd_unit_state{name=\"a\",} anything\n", nil, ""},
	"a timestamp":         {"node_systemd_unit_state{name=\"bbb-a\"} 1e0 -1395066363000\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"escapes":             {`node_systemd_unit_state{name="bbb-\"\\\n"} 0` + "\n", []sample{{[2]string{"bbb-\"\\\n"}, 0}}, ""},
	"other lines":         {"# HELP node_systemd_unit_state x\n\n#\n# TYPE node_systemd_unit_state gauge\nother{\n_: anything\n", nil, ""},
	"a label without end": {"node_systemd_unit_state{name=\"a} 1\n", nil, "line 1: node_systemd_unit_state: its labels are malformed"},
	"labels without end":  {"node_systemd_unit_state{name=\"bbb-a\" 1\n", nil, "its labels are malformed"},
	"a label alone":       {"node_systemd_unit_state{name} 1\n", nil, "its labels are malformed"},
	"no label's name":     {"node_systemd_unit_state{=\"a\"} 1\n", nil, "its labels are malformed"},
	"commas alone":        {"node_systemd_unit_state{,} 1\n", nil, "its labels are malformed"},
	"an unknown escape":   {"node_systemd_unit_state{name=\"bbb-\\t\"} 1\n", nil, "its labels are malformed"},
	"an escape cut off":   {"node_systemd_unit_state{name=\"\\\n", nil, "its labels are malformed"},
	"invalid UTF-8":       {"node_systemd_unit_state{name=\"bbb-\xff\"} 1\n", nil, "its labels are malformed"},
	"a label twice":       {"node_systemd_unit_state{name=\"bbb-a\",name=\"a\"} 1\n", nil, "label name occurs twice"},
	"no value":            {"node_systemd_unit_state{}\n", nil, "its value is not a number"},
	"a Go literal":        {"node_systemd_unit_state 0x1p0\n", nil, "its value is not a number"},
	"after the timestamp": {"node_systemd_unit_state 1 2 3\n", nil, "the text after its value is not a timestamp"},
	"a broken timestamp":  {"node_systemd_unit_state 1 soon\n", nil, "the text after its value is not a timestamp"},
	"a name alone":        {"node_systemd_unit_state\n", nil, "line 1: not in Prometheus's text format"},
	"another name alone":  {"other\n", nil, "not in Prometheus's text format"},
	"a leading digit":     {"1other 1\n", nil, "not in Prometheus's text format"},
	"a quoted name":       {"{\"node_systemd_unit_state\"} 1\n", nil, "not in Prometheus's text format"},
	"no newline at end":   {"other 1\nnode_systemd_unit_state{name=\"bbb-a\"} 1", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"cut off in a name":   {"other 1\nnode_systemd_uni", nil, "line 2: not in Prometheus's text format"},
	"cut off in labels":   {"node_systemd_unit_state{name=\"bbb", nil, "line 1: node_systemd_unit_state: its labels are malformed"},
	"cut off at a value":  {"node_systemd_unit_state{name=\"bbb-a\"} ", nil, "its value is not a number"},
	"CRLF":                {"# HELP a b\r\n\r\nnode_systemd_unit_state{name=\"bbb-a\"} 1\r\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"CRLF after a blank":  {"node_systemd_unit_state{name=\"bbb-a\"} 1 \t\r\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"CR at the end":       {"node_systemd_unit_state{name=\"bbb-a\"} 1\r", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"CR alone":            {"# HELP a b\rnode_systemd_unit_state{name=\"bbb-a\"} 1\r", nil, "line 1: lines must end in LF or CRLF, not in CR alone"},
	"CR alone, long":      {"# HELP a b\r" + strings.Repeat("other 1\r", maxLine), nil, "line 1: lines must end in LF or CRLF, not in CR alone"},
	"byte order mark":     {"\xef\xbb\xbfnode_systemd_unit_state{name=\"bbb-a\"} 1\n", []sample{{[2]string{"bbb-a"}, 1}}, ""},
	"a mark in between":   {"other 1\n\xef\xbb\xbfother 1\n", nil, "line 2: not in Prometheus's text format"},
	"UTF-16":              {"\xff\xfen\x00o\x00\n\x00", nil, "line 1: not in Prometheus's text format"},
	"an empty page":       {"", nil, ""},
	"blank lines alone":   {" \t\r\n\n", nil, ""},
	"an HTML page":        {"<!DOCTYPE html>\n", nil, "line 1: not in Prometheus's text format"},
	"OpenMetrics": {"# TYPE node_systemd_unit_state stateset\n# UNIT other seconds\nother_created 1.7e9\n" +
		"node_systemd_unit_state{name=\"bbb-a\"} 1 1395066363.5 # {trace_id=\"a b\"} 0.67 1395066363.1\nnode_systemd_unit_state{name=\"bbb-b\"} 0 # {} 1\n# EOF\n",
		[]sample{{[2]string{"bbb-a"}, 1}, {[2]string{"bbb-b"}, 0}}, ""},
}

func TestLineSyntax(t *testing.T) {
	for name, c := range lineCases {
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

// checkAgainstLibrary compares the result of parse with that of Prometheus's own
// library. Pages that the library rejects are not compared, because it checks every
// line and therefore rejects more, nor are those of isUnsupported.
func checkAgainstLibrary(t *testing.T, page string, found map[string]*series, err error) {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, libraryErr := parser.TextToMetricFamilies(strings.NewReader(page))
	if libraryErr != nil || isUnsupported(page) {
		return
	}
	if err != nil {
		t.Fatalf("the library reads the page, but parse returns: %v", err)
	}
	for name, m := range table {
		if m == &unitState {
			continue // parse skips most units
		}
		theirs, single := numbers(families[name])
		switch ours := found[name]; {
		case !single:
			if ours != nil && ours.fault == nil && len(theirs) > 0 {
				t.Errorf("%s is a histogram or a summary, but parse found %v", name, ours.samples)
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
				t.Errorf("%s = %v; the library has %v (of %v)", name, values, theirs, m.labels)
			}
		}
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// numbers returns the values of a family. single reports whether each metric has one
// value, unlike a histogram or a summary.
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

// isUnsupported reports whether a page has something that only the library accepts:
// names within braces (later versions of the format), quotes in a name, lines that are
// too long, or a carriage return within a line.
func isUnsupported(page string) bool {
	for line := range strings.Lines(page) {
		line = strings.TrimLeft(line, " \t")
		name, _, _ := strings.Cut(line, "{")
		quoted := !strings.HasPrefix(line, "#") && strings.Contains(name, `"`)
		if name == "" || quoted || len(line) > maxLine || strings.Contains(line, "\r") {
			return true
		}
	}
	return false
}

// BenchmarkStats reads the response of a node_exporter with 200 units.
func BenchmarkStats(b *testing.B) {
	page := largePage()
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		found, err := parse(strings.NewReader(page))
		if err != nil {
			b.Fatal(err)
		}
		merge([]scrape{{source: "endpoint", found: found, maxAge: defaultMaxAge}})
	}
}

// BenchmarkPrometheusLibrary reads the page of BenchmarkStats with
// prometheus/common/expfmt, to compare with.
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
