package exporter

import (
	"errors"
	"fmt"
	"path"
	"time"
)

// clockTolerance is how far in the future a timestamp may be. It covers the Date
// header, which has whole seconds only.
const clockTolerance = 5 * time.Second

// age returns the age of the divims-stats script's output by the server's own clock.
func (s scrape) age() (time.Duration, error) {
	at, err := s.statsWritten()
	if err != nil {
		return 0, err
	}
	return s.elapsed(at)
}

// statsWritten returns when the divims-stats script last wrote its output, in seconds
// since 1970. It is the script's own timestamp, or else the time of its oldest file.
func (s scrape) statsWritten() (float64, error) {
	if s.has(statsTime) || !s.has(textfileTime) {
		return s.number(statsTime)
	}
	samples, err := s.samples(textfileTime)
	if err != nil {
		return 0, err
	}
	oldest := 0.0
	for _, sample := range samples {
		ours := matchesAny([]string{ownTextfiles}, path.Base(sample.labels[0]))
		if ours && (oldest == 0 || sample.value < oldest) {
			oldest = sample.value
		}
	}
	if oldest == 0 {
		return 0, absent(statsTime)
	}
	return oldest, nil
}

// checkTextfiles returns an error if a metric of the divims-stats script is absent,
// or if node_exporter could not read one of its textfiles: then the metric may be
// incomplete.
func (s scrape) checkTextfiles(m metric) error {
	fault, err := s.number(textfileError)
	broken := !errors.Is(err, errAbsent) && (err != nil || fault == 1)
	switch {
	case s.has(m) && broken:
		return fmt.Errorf("%s: unreliable because %s is not 0", m.name, textfileError.name)
	case broken:
		return fmt.Errorf("%w, and %s is not 0", absent(m), textfileError.name)
	case !s.has(m):
		return absent(m)
	}
	return nil
}

// checkFresh returns an error if at, in seconds since 1970, is longer ago than maxAge.
func (s scrape) checkFresh(at float64) error {
	age, err := s.elapsed(at)
	if err != nil {
		return err
	}
	if age > s.maxAge {
		return fmt.Errorf("written %s ago, which is longer than %s", age.Round(time.Second), s.maxAge)
	}
	return nil
}

// elapsed returns the time since at, in seconds since 1970, by the server's own clock.
// That is node_exporter's clock, or else the Date header of the response.
func (s scrape) elapsed(at float64) (time.Duration, error) {
	now, err := s.number(clock)
	if errors.Is(err, errAbsent) && !s.date.IsZero() {
		now, err = float64(s.date.Unix()), nil
	}
	if err != nil {
		return 0, notAbsent(err)
	}
	age := duration(now - at)
	if age < -clockTolerance {
		return 0, fmt.Errorf("written %s in the future", -age.Round(time.Second))
	}
	return max(age, 0), nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func instant(seconds float64) time.Time { return time.Unix(0, 0).UTC().Add(duration(seconds)) }
