package exporter

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"time"
)

// clockTolerance is how far in the future a timestamp may be. It covers the Date
// header, which has whole seconds only.
const clockTolerance = 5 * time.Second

// age returns the age of the divims-stats script's output.
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

// checkPage returns an error if the page itself is older than maxAge, because a cache
// answers instead of the server. Values without a timestamp of their own need this check.
func (s scrape) checkPage() error {
	age := s.cacheAge
	if !s.date.IsZero() {
		age = max(age, s.server.Sub(s.date))
	}
	if s.has(clock) {
		written, err := s.number(clock)
		if err == nil {
			age, err = s.elapsed(written)
		}
		if err != nil {
			return notAbsent(err)
		}
	}
	if age > s.maxAge {
		return fmt.Errorf("the page is from %s ago, which is longer than %s", age.Round(time.Second), s.maxAge)
	}
	return nil
}

// elapsed returns the time since at, in seconds since 1970 by the server's clock. It is
// the longest of what is known:
//
//   - by the page, from node_exporter's clock, and how long a cache has kept the page,
//   - by the Date header of the response, which a cache may renew or keep,
//   - by the server's clock outside this response.
//
// Each of the first two alone looks fresh if a cache answers.
func (s scrape) elapsed(at float64) (time.Duration, error) {
	var times []time.Duration
	if s.has(clock) {
		now, err := s.number(clock)
		if err != nil {
			return 0, err
		}
		times = append(times, duration(now-at))
	}
	if !s.date.IsZero() {
		times = append(times, s.date.Sub(instant(at)))
	}
	times = append(times, s.server.Sub(instant(at)))
	if times[0] < -clockTolerance {
		return 0, fmt.Errorf("written %s in the future", -times[0].Round(time.Second))
	}
	times[0] += s.cacheAge
	return max(slices.Max(times), 0), nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func instant(seconds float64) time.Time { return time.Unix(0, 0).UTC().Add(duration(seconds)) }
