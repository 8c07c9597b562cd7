package exporter

import (
	"errors"
	"fmt"
	"math"
	"strings"
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

// mostLabels is by how many labels the numbers of a metric in the table differ.
const mostLabels = 2

// sample is one believable number of a metric.
type sample struct {
	// labels are in the order of the metric's own.
	labels [mostLabels]string
	value  float64
}

// series is what an endpoint says of a metric.
type series struct {
	samples []sample
	// fault is why none of it can be believed.
	fault error
}

// add takes a sample. Most labels are those of the sample before, whose text is
// used again.
func (s *series) add(m *metric, labels [mostLabels][]byte, value float64) {
	one := sample{value: value}
	if !m.kind.believes(value) {
		s.fault = fmt.Errorf("%s: %v cannot be", m.name, value)
	}
	for i, label := range labels {
		switch n := len(s.samples); {
		case len(label) > longestLabel:
			s.fault = fmt.Errorf("%s: a label is longer than %d bytes", m.name, longestLabel)
		case n > 0 && s.samples[n-1].labels[i] == string(label):
			one.labels[i] = s.samples[n-1].labels[i]
		default:
			one.labels[i] = string(label)
		}
	}
	s.samples = append(s.samples, one)
}

func (s scrape) has(m metric) bool { return s.found[m.name] != nil }

// samples gives all of a metric's numbers, at least one, or an error if there
// is none or any of them is not what its kind can be.
func (s scrape) samples(m metric) ([]sample, error) {
	switch found := s.found[m.name]; {
	case found == nil:
		return nil, absent(m)
	case found.fault != nil:
		return nil, found.fault
	default:
		return found.samples, nil
	}
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

func (k kind) believes(value float64) bool {
	return value >= k.min && value <= k.max && (!k.whole || value == math.Trunc(value))
}

// matches tells whether a name fits one of the patterns of our own tables, in
// which a star stands for any text.
func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		before, after, open := strings.Cut(pattern, "*")
		rest, fits := strings.CutPrefix(name, before)
		if fits && (open && strings.HasSuffix(rest, after) || rest == after) {
			return true
		}
	}
	return false
}
