package exporter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"divims/internal/pool"
)

// maxVersion is the length of the longest BBB version that is believed.
const maxVersion = 40

// mostNames is how many units that are down are named, and how many stages of
// recordings are believed.
const mostNames = 50

func (s scrape) uptime() (time.Duration, error) {
	now, err := s.number(clock)
	if err != nil {
		return 0, err
	}
	started, err := s.number(boot)
	if err != nil {
		return 0, err
	}
	if started > now {
		return 0, errors.New("the machine says that it will boot in the future")
	}
	return duration(now - started), nil
}

func (s scrape) cpus() (int, error) {
	samples, err := s.samples(cpuSeconds)
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for _, sample := range samples {
		seen[sample.labels[0]] = true
	}
	return len(seen), nil
}

func (s scrape) network() (pool.NetworkCounters, error) {
	in, err := s.traffic(received)
	if err != nil {
		return pool.NetworkCounters{}, err
	}
	out, err := s.traffic(sent)
	return pool.NetworkCounters{Received: in, Sent: out}, err
}

// traffic sums a counter over the physical devices.
func (s scrape) traffic(m metric) (float64, error) {
	samples, err := s.samples(m)
	if err != nil {
		return 0, err
	}
	sum, devices := 0.0, 0
	for _, sample := range samples {
		if !matches(virtualDevices, sample.labels[0]) {
			sum += sample.value
			devices++
		}
	}
	if devices == 0 {
		return 0, fmt.Errorf("%s: no physical device", m.name)
	}
	return sum, nil
}

// unitsDown names the units that should be in another state, sorted, and of very
// many the first. A unit in none of the states that node_exporter knows is
// reloading, and not down.
func (s scrape) unitsDown() ([]string, error) {
	samples, err := s.samples(unitState)
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, sample := range samples {
		if sample.value == 1 {
			states[sample.labels[0]] = sample.labels[1]
		}
	}
	serving, down := 0, []string{}
	for _, unit := range slices.Sorted(maps.Keys(states)) {
		switch state := states[unit]; {
		case matches(servingUnits, unit):
			serving++
			if state != "active" {
				down = append(down, unit)
			}
		case matches(otherUnits, unit) && state == "failed":
			down = append(down, unit)
		}
	}
	if serving == 0 {
		return nil, fmt.Errorf("%s: no unit of BBB", unitState.name)
	}
	return down[:min(len(down), mostNames)], nil
}

// probe prefers our own probe, which has to be fresh, to BBB's API as
// bigbluebutton-exporter sees it while it is asked.
func (s scrape) probe() (pool.Probe, error) {
	if !s.has(probeOK) && s.has(apiUp) {
		up, err := s.number(apiUp)
		return pool.Probe{OK: up == 1, At: s.date}, err
	}
	if err := s.written(probeOK); err != nil {
		return pool.Probe{}, err
	}
	success, err := s.number(probeOK)
	if err != nil {
		return pool.Probe{}, err
	}
	at, err := s.number(probeTime)
	if err != nil {
		return pool.Probe{}, decisive(err)
	}
	return pool.Probe{OK: success == 1, At: instant(at)}, s.fresh(at)
}

// recordings counts by stage. Only a count at each of the stages is one: what a
// script could not look at, it leaves out.
func (s scrape) recordings(m metric, stages []string) (map[string]int, error) {
	if err := s.written(m); err != nil {
		return nil, err
	}
	samples, err := s.samples(m)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, sample := range samples {
		counts[sample.labels[0]] += int(sample.value)
	}
	if len(counts) > mostNames {
		return nil, fmt.Errorf("%s: more than %d stages", m.name, mostNames)
	}
	at, err := s.ownTime()
	if err != nil {
		return nil, decisive(err)
	}
	if err := s.fresh(at); err != nil {
		return nil, err
	}
	for _, stage := range stages {
		if _, told := counts[stage]; !told {
			return nil, fmt.Errorf("%s: nothing is said of the stage %q", m.name, stage)
		}
	}
	return counts, nil
}

func (s scrape) version() (string, error) {
	samples, err := s.samples(bbbInfo)
	if err != nil {
		return "", err
	}
	version := samples[0].labels[0]
	if len(samples) != 1 || version == "" || len(version) > maxVersion {
		return "", fmt.Errorf("%s: not one version", bbbInfo.name)
	}
	return version, nil
}
