package exporter

import (
	"errors"
	"fmt"
	"math"
	"path"

	dto "github.com/prometheus/client_model/go"
)

// longestLabel bounds the labels of what is read, in bytes. The longest are paths
// of textfiles; names of units have 255 at most.
const longestLabel = 1024

// errAbsent says that an endpoint does not tell a value at all.
var errAbsent = errors.New("not among the metrics")

func absent(m metric) error { return fmt.Errorf("%s: %w", m.name, errAbsent) }

// decisive turns the absence of a part into a fault of the whole: the endpoint
// does tell the value, but what it tells cannot be believed.
func decisive(err error) error { return errors.New(err.Error()) }

// sample is one believable number of a metric.
type sample struct {
	labels map[string]string
	value  float64
}

func (s scrape) has(m metric) bool { return len(s.families[m.name].GetMetric()) > 0 }

// samples gives all of a metric's numbers, at least one, or an error if there
// is none or any of them is not what its kind can be.
func (s scrape) samples(m metric) ([]sample, error) {
	if !s.has(m) {
		return nil, absent(m)
	}
	var samples []sample
	for _, one := range s.families[m.name].GetMetric() {
		value, ok := number(one)
		if !ok || !m.kind.believes(value) {
			return nil, fmt.Errorf("%s: %v cannot be", m.name, value)
		}
		labels := map[string]string{}
		for _, label := range one.GetLabel() {
			if len(label.GetValue()) > longestLabel {
				return nil, fmt.Errorf("%s: a label is longer than %d bytes", m.name, longestLabel)
			}
			labels[label.GetName()] = label.GetValue()
		}
		samples = append(samples, sample{labels, value})
	}
	return samples, nil
}

// number gives the one number of a metric that is there once.
func (s scrape) number(m metric) (float64, error) {
	samples, err := s.samples(m)
	if err != nil {
		return 0, err
	}
	if len(samples) != 1 {
		return 0, fmt.Errorf("%s: %d times instead of once", m.name, len(samples))
	}
	return samples[0].value, nil
}

// number is not ok for histograms and summaries.
func number(m *dto.Metric) (value float64, ok bool) {
	switch {
	case m.Gauge != nil:
		return m.Gauge.GetValue(), true
	case m.Counter != nil:
		return m.Counter.GetValue(), true
	case m.Untyped != nil:
		return m.Untyped.GetValue(), true
	}
	return math.NaN(), false
}

func (k kind) believes(value float64) bool {
	return value >= k.min && value <= k.max && (!k.whole || value == math.Trunc(value))
}

// matches tells whether a name fits one of the patterns of our own tables.
func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if fits, _ := path.Match(pattern, name); fits {
			return true
		}
	}
	return false
}
