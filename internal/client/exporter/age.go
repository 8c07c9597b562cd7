package exporter

import (
	"errors"
	"fmt"
	"path"
	"time"
)

// clockTolerance is how far in the future a time may seem to be: the Date
// header counts whole seconds.
const clockTolerance = 5 * time.Second

// age is how old the figures of our script are, by the server's own clock.
func (s scrape) age() (time.Duration, error) {
	at, err := s.ownTime()
	if err != nil {
		return 0, err
	}
	return s.since(at)
}

// ownTime is when our script last wrote, in seconds since 1970: what it says
// itself, or else the time of the oldest of its files.
func (s scrape) ownTime() (float64, error) {
	if s.has(statsTime) || !s.has(textfileTime) {
		return s.number(statsTime)
	}
	samples, err := s.samples(textfileTime)
	if err != nil {
		return 0, err
	}
	oldest := 0.0
	for _, sample := range samples {
		ours := matches([]string{ownTextfiles}, path.Base(sample.labels[0]))
		if ours && (oldest == 0 || sample.value < oldest) {
			oldest = sample.value
		}
	}
	if oldest == 0 {
		return 0, absent(statsTime)
	}
	return oldest, nil
}

// written checks that a metric of our script is there, and that node_exporter
// could read all textfiles: with one that it could not, what is there may be
// incomplete.
func (s scrape) written(m metric) error {
	fault, err := s.number(textfileError)
	broken := !errors.Is(err, errAbsent) && (err != nil || fault == 1)
	switch {
	case s.has(m) && broken:
		return fmt.Errorf("%s: unreliable, for %s is not 0", m.name, textfileError.name)
	case broken:
		return fmt.Errorf("%w, and %s is not 0", absent(m), textfileError.name)
	case !s.has(m):
		return absent(m)
	}
	return nil
}

// fresh refuses a time that is longer ago than what is believed.
func (s scrape) fresh(at float64) error {
	age, err := s.since(at)
	if err != nil {
		return err
	}
	if age > s.maxAge {
		return fmt.Errorf("written %s before, which is longer than %s", age.Round(time.Second), s.maxAge)
	}
	return nil
}

// since is the time that passed by the server's own clock: node_exporter's, or
// that of the web server which dated the answer.
func (s scrape) since(at float64) (time.Duration, error) {
	now, err := s.number(clock)
	if errors.Is(err, errAbsent) && !s.date.IsZero() {
		now, err = float64(s.date.Unix()), nil
	}
	if err != nil {
		return 0, decisive(err)
	}
	age := duration(now - at)
	if age < -clockTolerance {
		return 0, fmt.Errorf("written %s in the future", -age.Round(time.Second))
	}
	return max(age, 0), nil
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func instant(seconds float64) time.Time { return time.Unix(0, 0).UTC().Add(duration(seconds)) }
