package scaling

import (
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// Health is the judgement of a server.
type Health string

// The judgements.
const (
	Healthy Health = "healthy"
	// Unseen: the entry, the machine or the meetings could not be read. The server
	// is left alone.
	Unseen Health = "unseen"
	// Unresponsive: the machine has had its time, at two evaluations nobody answered on
	// it, and Scalelite takes it for offline.
	Unresponsive Health = "unresponsive"
	// Malfunctioning: a BBB unit is down, the probe fails, or a recording failed, or the
	// machine is alive, but its API answers with an error and Scalelite takes it for
	// offline.
	Malfunctioning Health = "malfunctioning"
	// ToRecycle: the machine has been up for too long, was made from an outdated image,
	// will soon have a planned maintenance, or has an operator's recycle order.
	ToRecycle Health = "to recycle"
)

// judge returns the health of a server and its reason.
func (d *decision) judge(s *server) (Health, fact.Text) {
	switch {
	case !s.Entry.Known():
		return Unseen, fact.New("%s", s.Entry.Reason())
	case !s.Machine.Known():
		return Unseen, fact.New("%s", s.Machine.Reason())
	case s.entry == nil || s.machine == nil || !s.asked() || s.machineState() == pool.Locked:
		return Healthy, fact.Text{}
	}
	if why := d.unresponsive(s); !why.IsZero() {
		return Unresponsive, why
	}
	if s.memory.Came.IsZero() && !d.timeIsOver(s) { // it is still starting
		return Healthy, fact.Text{}
	}
	if !s.Meetings.Known() {
		return d.judgeUnanswered(s)
	}
	if fault, why := malfunctioning(s); fault != "" {
		s.fault = fault
		return Malfunctioning, why
	}
	if why := toRecycle(d.now, d.config, s); !why.IsZero() {
		return ToRecycle, why
	}
	if d.outdated(s) {
		return ToRecycle, fact.New("its machine is older than the image %s", s.newest.Name)
	}
	return Healthy, fact.Text{}
}

// judgeUnanswered judges a server whose meetings are unknown. One that is alive, answers
// with an error, and that Scalelite sees offline, malfunctions: it needs a person, and
// people may be on it.
func (d *decision) judgeUnanswered(s *server) (Health, fact.Text) {
	if s.Alive && !s.isOnline() && s.machineState() == pool.Running {
		s.fault = "its API answers with an error"
		return Malfunctioning, fact.New("it is alive, but its API answers with an error, and Scalelite says offline: %s", s.Meetings.Reason())
	}
	return Unseen, fact.New("%s", s.Meetings.Reason())
}

// refusesSecret reports whether the server's BBB answers that the secret of its entry is
// wrong. Scalelite calls it with the same secret.
func (s *server) refusesSecret() bool {
	return !s.Meetings.Known() && strings.Contains(s.Meetings.Reason(), pool.ChecksumError)
}

// malfunctioning returns the fault that the stats name, or "", and why it is one. The fault
// is the same text for as long as it lasts, and for all servers that have it.
func malfunctioning(s *server) (fault string, why fact.Text) {
	stats, ok := s.Stats.Get()
	if !ok {
		return "", fact.Text{}
	}
	if down, ok := stats.UnitsDown.Get(); ok && len(down) > 0 {
		units := strings.Join(down, ", ")
		return "units " + units, fact.New("units down: %s", units)
	}
	if probe, ok := stats.Probe.Get(); ok && !probe.OK {
		return "probe", fact.New("the probe failed at %s", probe.At)
	}
	if failed, ok := stats.Failed.Get(); ok && total(failed) > 0 {
		return "recordings", fact.New("recordings failed: %s", stages(failed))
	}
	return "", fact.Text{}
}

// maintenanceAhead is how long before a planned maintenance a machine is replaced.
// That leaves time for the replacement, for the longest meeting and for its recording.
const maintenanceAhead = 48 * time.Hour

// toRecycle returns why a machine is to be replaced, or no text. An outdated image is not among
// the reasons, because such machines are replaced in RollOutHours only.
func toRecycle(now time.Time, config Config, s *server) fact.Text {
	if asked := s.memory.Recycle; asked != nil {
		return fact.New("%s wants it recycled: %s", asked.Author, asked.Reason)
	}
	for _, maintenance := range s.machine.Maintenances {
		if maintenance.Start.Sub(now) <= maintenanceAhead {
			return fact.New("a maintenance of its machine is planned for %s", maintenance.Start)
		}
	}
	if uptime := s.uptime(now); config.RecycleAfter > 0 && uptime > config.RecycleAfter {
		return fact.New("up for %s, more than %s", uptime, config.RecycleAfter)
	}
	return fact.Text{}
}

// outdated reports whether the server's machine was made from an older image than the
// newest of its zone. An image that was set aside makes no machine outdated.
func (d *decision) outdated(s *server) bool {
	return s.newest != nil && !s.machine.BareMetal && s.machine.ImageID != "" &&
		s.machine.ImageID != s.newest.ID && s.machine.Created.Before(s.newest.Created) && !d.isAside(s.newest.ID)
}
