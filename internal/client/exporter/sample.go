package exporter

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// maxLabel is the longest label value of a metric that we read, in bytes. Unit names
// have at most 255; paths of textfiles may be longer.
const maxLabel = 1024

// errAbsent means that an endpoint does not have a metric.
var errAbsent = errors.New("not among the metrics")

func absent(m metric) error { return fmt.Errorf("%s: %w", m.name, errAbsent) }

// notAbsent removes errAbsent from an error. It is used if an endpoint has a value but
// lacks another metric that the value needs: the value is then invalid, not absent.
func notAbsent(err error) error { return errors.New(err.Error()) }

// maxLabels is the largest number of labels that we read of a metric in the table.
const maxLabels = 2

// sample is one value of a metric.
type sample struct {
	// labels are the values of the metric's labels, in the order of metric.labels.
	labels [maxLabels]string
	value  float64
}

// series holds all samples of a metric that an endpoint has.
type series struct {
	samples []sample
	// fault is why the samples must not be used; nil if they are valid.
	fault error
}

// add appends a sample. A label that equals the previous sample's label shares its
// string, which saves most allocations.
func (s *series) add(m *metric, labels [maxLabels][]byte, value float64) {
	one := sample{value: value}
	if !m.kind.allows(value) {
		s.fault = fmt.Errorf("%s: impossible value %v", m.name, value)
	}
	for i, label := range labels {
		switch n := len(s.samples); {
		case len(label) > maxLabel:
			s.fault = fmt.Errorf("%s: a label is longer than %d bytes", m.name, maxLabel)
		case n > 0 && s.samples[n-1].labels[i] == string(label):
			one.labels[i] = s.samples[n-1].labels[i]
		default:
			one.labels[i] = string(label)
		}
	}
	s.samples = append(s.samples, one)
}

func (s scrape) has(m metric) bool { return s.found[m.name] != nil }

// samples returns all samples of a metric. It returns an error if there are none or if
// any of them is invalid.
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

// number returns the value of a metric. It returns an error if there is more than one.
func (s scrape) number(m metric) (float64, error) {
	samples, err := s.samples(m)
	if err != nil {
		return 0, err
	}
	if len(samples) != 1 {
		return 0, fmt.Errorf("%s: expected one sample, found %d", m.name, len(samples))
	}
	return samples[0].value, nil
}

func (k kind) allows(value float64) bool {
	return value >= k.min && value <= k.max && (!k.whole || value == math.Trunc(value))
}

// matchesAny reports whether a name matches one of the patterns. A pattern may contain
// one *, which matches any text.
func matchesAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		before, after, hasStar := strings.Cut(pattern, "*")
		rest, ok := strings.CutPrefix(name, before)
		if ok && (hasStar && strings.HasSuffix(rest, after) || rest == after) {
			return true
		}
	}
	return false
}
