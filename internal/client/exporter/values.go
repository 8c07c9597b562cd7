package exporter

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"divims/internal/pool"
)

// maxVersion is the longest BBB version that is accepted, in bytes.
const maxVersion = 40

// maxNames is the most down units that are listed, and the most recording stages that
// are accepted.
const maxNames = 50

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
		return 0, errors.New("the machine's boot time is in the future")
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

// traffic returns the sum of a counter over the physical devices, in bytes.
func (s scrape) traffic(m metric) (float64, error) {
	samples, err := s.samples(m)
	if err != nil {
		return 0, err
	}
	sum, devices := 0.0, 0
	for _, sample := range samples {
		if !matchesAny(virtualDevices, sample.labels[0]) {
			sum += sample.value
			devices++
		}
	}
	if devices == 0 {
		return 0, fmt.Errorf("%s: no physical device", m.name)
	}
	return sum, nil
}

// unitsDown returns the names of the BBB units that are down, sorted, at most maxNames.
// A unit for which node_exporter reports no state is reloading and not down.
func (s scrape) unitsDown() ([]string, error) {
	samples, err := s.samples(unitState)
	if err != nil {
		return nil, err
	}
	if err := s.checkPage(); err != nil {
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
		case matchesAny(servingUnits, unit):
			serving++
			if state != "active" {
				down = append(down, unit)
			}
		case matchesAny(otherUnits, unit) && state == "failed":
			down = append(down, unit)
		}
	}
	if serving == 0 {
		return nil, fmt.Errorf("%s: no BBB unit", unitState.name)
	}
	return down[:min(len(down), maxNames)], nil
}

// probe returns the result of the divims-stats script's probe, which must be fresh. If
// there is none, it returns bigbluebutton-exporter's bbb_api_up.
func (s scrape) probe() (pool.Probe, error) {
	if !s.has(probeOK) && s.has(apiUp) {
		up, err := s.number(apiUp)
		if err == nil {
			err = s.checkPage()
		}
		return pool.Probe{OK: up == 1, At: s.date}, err
	}
	if err := s.checkTextfiles(probeOK); err != nil {
		return pool.Probe{}, err
	}
	success, err := s.number(probeOK)
	if err != nil {
		return pool.Probe{}, err
	}
	at, err := s.number(probeTime)
	if err != nil {
		return pool.Probe{}, notAbsent(err)
	}
	return pool.Probe{OK: success == 1, At: instant(at)}, s.checkFresh(at)
}

// recordings returns a count for each stage. It returns an error if any of the given
// stages is missing: the script leaves out a stage that it could not read.
func (s scrape) recordings(m metric, stages []string) (map[string]int, error) {
	if err := s.checkTextfiles(m); err != nil {
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
	if len(counts) > maxNames {
		return nil, fmt.Errorf("%s: more than %d stages", m.name, maxNames)
	}
	at, err := s.statsWritten()
	if err != nil {
		return nil, notAbsent(err)
	}
	if err := s.checkFresh(at); err != nil {
		return nil, err
	}
	for _, stage := range stages {
		if _, found := counts[stage]; !found {
			return nil, fmt.Errorf("%s: the stage %q is missing", m.name, stage)
		}
	}
	return counts, nil
}

// maxIdentity is the longest machine id or host name that is accepted, in bytes.
const maxIdentity = 255

// label returns the one label of a metric that identifies the machine. A page from a cache
// may be another machine's, so it is an error.
func (s scrape) label(m metric) (string, error) {
	samples, err := s.samples(m)
	if err != nil {
		return "", err
	}
	label := samples[0].labels[0]
	if len(samples) != 1 || label == "" || len(label) > maxIdentity {
		return "", fmt.Errorf("%s: expected one %s of at most %d bytes", m.name, m.labels[0], maxIdentity)
	}
	return label, s.checkPage()
}

// addresses returns the IPv6 addresses of the machine. The script lists also those that
// every machine has, so a list is never empty.
func (s scrape) addresses() ([]netip.Addr, error) {
	samples, err := s.samples(addressInfo)
	if err != nil {
		return nil, err
	}
	if len(samples) > maxNames {
		return nil, fmt.Errorf("%s: more than %d addresses", addressInfo.name, maxNames)
	}
	var addresses []netip.Addr
	for _, sample := range samples {
		ip, err := netip.ParseAddr(sample.labels[0])
		if err != nil || !ip.Is6() {
			return nil, fmt.Errorf("%s: %.50q is no IPv6 address", addressInfo.name, sample.labels[0])
		}
		addresses = append(addresses, ip)
	}
	return addresses, s.checkPage()
}

func (s scrape) version() (string, error) {
	samples, err := s.samples(bbbInfo)
	if err != nil {
		return "", err
	}
	version := samples[0].labels[0]
	if len(samples) != 1 || version == "" || len(version) > maxVersion {
		return "", fmt.Errorf("%s: expected one version of at most %d bytes", bbbInfo.name, maxVersion)
	}
	return version, nil
}
