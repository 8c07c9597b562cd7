package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// unresponsive returns why a server counts as unresponsive, or no text. After the grace time, it
// is unresponsive if Scalelite sees it offline, or if BBB did not answer at this evaluation
// and the one before.
func unresponsive(now time.Time, config Config, s *server) fact.Text {
	if !s.pastGrace(now, config) {
		return fact.Text{}
	}
	runs := now.Sub(s.machine.Since)
	if !s.entry.Online {
		return fact.New("its machine has run for %s, yet Scalelite says offline", runs)
	}
	if s.silent() && !s.memory.SilentSince.IsZero() {
		return fact.New("its machine has run for %s, yet BBB has not answered since %s: %s",
			runs, s.memory.SilentSince, s.Meetings.Reason())
	}
	return fact.Text{}
}

// keepUnresponsive returns why an unresponsive server keeps its machine, or no text if the
// machine may be deleted or, if it is bare metal, rebooted. The drain gate cannot open,
// because the server does not answer. A cloud machine is rebooted once after
// UnresponsiveRebootAfter. It may be deleted after UnresponsiveDeleteAfter, if that is
// set, although its recordings cannot be seen.
func (d *decision) keepUnresponsive(s *server) fact.Text {
	silent := time.Duration(0)
	if s.memory.Health == string(Unresponsive) {
		silent = d.now.Sub(s.memory.HealthSince)
	}
	reboot, remove := d.config.UnresponsiveRebootAfter, d.config.UnresponsiveDeleteAfter
	switch {
	case s.entry.Online:
		return fact.New("Scalelite sees it online: it is us that it does not answer, and people may be on it")
	case d.tooManyDead():
		return fact.New("too many servers answer nobody: that looks like the network")
	case s.discardsRecordings() && !s.Server.BareMetal:
		return fact.Text{}
	case s.Server.BareMetal && reboot > 0 && silent >= reboot:
		return fact.Text{}
	case !s.Server.BareMetal && reboot > 0 && silent >= reboot && s.memory.Rebooted.IsZero():
		d.reboot(s, fact.New("it has answered nobody for %s", silent))
		return fact.New("unresponsive: it is rebooted, once")
	case !s.Server.BareMetal && remove > 0 && silent >= remove:
		return fact.Text{}
	case remove == 0 || s.Server.BareMetal:
		return fact.New("it has answered nobody for %s, and may hold recordings: only a person may decide", silent)
	}
	return fact.New("it has answered nobody for %s; its machine is kept for %s", silent, remove)
}

// tooManyDead reports whether so many servers are unresponsive that the network is the
// likely cause. Unlike networkDown, it counts servers that were given up before: a network
// that fails bit by bit must not cost one machine after the other.
func (d *decision) tooManyDead() bool {
	running := d.servers.count(func(s *server) bool { return !s.maintenance() && s.machineState() == pool.Running })
	dead := d.servers.count(func(s *server) bool { return !s.maintenance() && s.health == Unresponsive })
	return dead >= 2 && dead*million > running*int(d.config.UnresponsiveMillionths)
}
