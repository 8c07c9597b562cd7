package scaling

import (
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// unresponsive returns why a server counts as unresponsive, or no text: its machine has had
// its time, Scalelite sees it offline, and at two evaluations nobody answered DiViMS.
func (d *decision) unresponsive(s *server) fact.Text {
	if s.machineState() != pool.Running || s.isOnline() || !s.silent() || !d.timeIsOver(s) {
		return fact.Text{}
	}
	if !d.twice(s.memory.SilentSince) && s.memory.Health != string(Unresponsive) {
		return fact.Text{}
	}
	return fact.New("Scalelite says offline, and it has answered nobody since %s: %s", s.memory.SilentSince, s.Meetings.Reason())
}

// reviveTime is how long a machine must have answered nobody before it is rebooted, if
// people or recordings were on it when it was last seen: a reboot ends what goes on there
// unseen.
const reviveTime = 2 * time.Hour

// maxReboots is how often a bare-metal machine is rebooted for one fault. Each pause is
// twice as long as the one before, the first is rebootPause.
const (
	maxReboots  = 3
	rebootPause = time.Hour
)

// reviveUnresponsive plans the reboots of machines that have answered nobody for long
// enough.
func (d *decision) reviveUnresponsive() {
	for _, s := range d.servers {
		if s.health != Unresponsive || !s.mayTouch() || d.config.UnresponsiveRebootAfter <= 0 || d.neverServed(s) {
			continue
		}
		silent := d.silentFor(s)
		if silent < d.rebootAfter(s) || !d.mayReboot(s) {
			continue
		}
		if d.tooManySilent || d.pollerStale {
			s.leftAlone = fact.New("not rebooted while there is doubt about what DiViMS sees")
			continue
		}
		d.reboot(s, fact.New("it has answered nobody for %s", silent))
	}
}

// countSilent reports whether servers fell together, or so many of the running servers
// are unresponsive, whether or not they served before, that the network is the likely
// cause.
func (d *decision) countSilent() bool {
	running := d.servers.count(func(s *server) bool { return !s.maintenance() && s.machineState() == pool.Running })
	dead := d.servers.count(func(s *server) bool { return !s.maintenance() && s.health == Unresponsive })
	return d.doubtAbout(FellTogether) != nil || d.tooMany(dead, running)
}

// silentFor returns for how long the server has been judged unresponsive.
func (d *decision) silentFor(s *server) time.Duration {
	if s.memory.Health != string(Unresponsive) {
		return 0
	}
	return d.now.Sub(s.memory.HealthSince)
}

// rebootAfter returns after how much silence the server's machine is rebooted.
func (d *decision) rebootAfter(s *server) time.Duration {
	unseen := s.memory.LoadSeen.IsZero() && !s.memory.Watched // nobody knows who was on it
	if s.memory.Participants > 0 || s.memory.Meetings > 0 || s.memory.Recordings || unseen {
		return max(reviveTime, d.config.UnresponsiveRebootAfter, 2*d.config.Interval)
	}
	return max(d.config.UnresponsiveRebootAfter, 2*d.config.Interval)
}

// mayReboot reports whether the machine may be rebooted once more for its fault: a cloud
// machine once, bare metal maxReboots times with pauses.
func (d *decision) mayReboot(s *server) bool {
	switch n := s.memory.Reboots; {
	case n <= 0:
		return true
	case !s.Server.BareMetal || n >= maxReboots:
		return false
	default:
		return d.now.Sub(s.memory.Rebooted) >= rebootPause<<(n-1)
	}
}

// keepUnresponsive returns why a draining, unresponsive server keeps its machine, or no
// text if it may be deleted. The drain gate cannot open, because the server does not answer.
// It may be deleted after UnresponsiveDeleteAfter, if that is set, although its recordings
// cannot be seen, but not if some were known when it was last seen.
func (d *decision) keepUnresponsive(s *server) fact.Text {
	silent, remove := d.silentFor(s), d.config.UnresponsiveDeleteAfter
	switch {
	case s.discardsRecordings() && !s.Server.BareMetal:
		return fact.Text{}
	case d.tooManySilent:
		return fact.New("too many servers answer nobody: that looks like the network")
	case s.memory.Recordings:
		return fact.New("it has answered nobody for %s, and recordings were on it when it was last seen: only a person may decide", silent)
	case !s.Server.BareMetal && remove > 0 && silent >= max(remove, d.rebootAfter(s)):
		return fact.Text{}
	case remove == 0 || s.Server.BareMetal:
		return fact.New("it has answered nobody for %s, and may hold recordings: only a person may decide", silent)
	}
	return fact.New("it has answered nobody for %s; its machine is kept for %s", silent, remove)
}
