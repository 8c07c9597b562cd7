package scaling

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// drain lets go of what draining servers do not need any more: meetings over
// the limit, and machines whose drain gate is open. A server to which Scalelite
// still sends meetings is repaired first.
func (d *decision) drain() {
	for _, s := range d.servers {
		if !s.mayTouch() || !s.draining() {
			continue
		}
		d.repairCordon(s)
		d.endMeetings(s)
		if why := d.keep(s); why != "" {
			s.leftAlone = s.ordered(why)
			continue
		}
		if s.Server.BareMetal {
			d.reboot(s, "nothing is left on it")
			continue
		}
		d.delete(s)
	}
}

// ordered says of what keeps a machine that an operator ends its server's drain.
func (s *server) ordered(why string) string {
	if end := s.memory.EndDrain; end != nil {
		return fmt.Sprintf("%s ends its drain (%s), yet: %s", end.Author, end.Reason, why)
	}
	return why
}

// repairCordon cordons anew what Scalelite's poller has undone in part: a
// cordoned or disabled server that was given a meeting since it was first seen
// so. Sending the same state again would change nothing. A disabled server with
// people is cordoned, since nobody can join its meetings any more.
func (d *decision) repairCordon(s *server) {
	meetings, _ := s.Meetings.Get()
	seen := s.memory.DrainingSince
	if s.memory.Repaired.After(seen) {
		seen = s.memory.Repaired
	}
	given := slices.ContainsFunc(meetings, func(m pool.Meeting) bool { return !m.Breakout && m.Created.After(seen) })
	peopled := slices.ContainsFunc(meetings, func(m pool.Meeting) bool { return !m.Breakout && m.Participants > 0 })
	switch {
	case given && !seen.IsZero():
		d.do(Action{Kind: Repair, Server: s.Server.Number, Reason: fmt.Sprintf("%s, and it was given a meeting since %s",
			s.entry.State, seen.UTC().Format(time.RFC3339))})
	case peopled && s.entry.State == pool.Disabled:
		d.cordon(s, "disabled, and people are on it who cannot be joined: cordoned it keeps its meetings")
	}
}

// endMeetings ends what would keep a draining server for ever, and all meetings
// of one whose drain an operator ends.
func (d *decision) endMeetings(s *server) {
	meetings, _ := s.Meetings.Get()
	for _, meeting := range meetings {
		reason := d.endReason(s, meeting)
		if reason == "" || !d.allow(EndMeeting, d.config.MaxEnds, s) {
			continue
		}
		d.do(Action{Kind: EndMeeting, Server: s.Server.Number, Meeting: &meeting, Reason: reason})
	}
}

// endReason says why a meeting on a draining server is ended, or "" when it goes on.
func (d *decision) endReason(s *server, meeting pool.Meeting) string {
	if end := s.memory.EndDrain; end != nil {
		return fmt.Sprintf("%s ends the server's drain: %s", end.Author, end.Reason)
	}
	age := d.now.Sub(meeting.Created)
	if meeting.Created.IsZero() || age < d.config.MeetingMaxDuration {
		return ""
	}
	return fmt.Sprintf("the server drains and the meeting has lasted %s, the limit is %s", pool.FormatDuration(age), pool.FormatDuration(d.config.MeetingMaxDuration))
}

// keep says why a draining server keeps its machine, or "" when it may go.
func (d *decision) keep(s *server) string {
	switch s.machine.State {
	case pool.Stopped, pool.StoppedInPlace:
		if s.Server.BareMetal {
			return neverDeleted
		}
		if s.machine.Detail == pool.Preparing {
			return ""
		}
		if s.discardsRecordings() {
			return ""
		}
		return stoppedGate(s)
	case pool.Running:
		switch {
		case s.Server.BareMetal && s.health == Healthy:
			return neverDeleted
		case s.Server.BareMetal && d.now.Sub(s.memory.Rebooted) < rebootPause:
			return "it was rebooted at " + s.memory.Rebooted.UTC().Format(time.RFC3339)
		case s.health == Unresponsive && !s.Meetings.Known():
			return d.keepUnresponsive(s)
		}
		return d.keepRunning(s)
	}
	return fmt.Sprintf("its machine is %s", s.machine.State)
}

const neverDeleted = "bare metal is never deleted"

// rebootPause is the least time between two reboots of a machine.
const rebootPause = time.Hour

// keepRunning: gate open, old enough, and seen so at the evaluation before too,
// because a cordon that Scalelite's poller undoes lets meetings in again. Two
// evaluations close to each other, one of them by hand, count as one.
func (d *decision) keepRunning(s *server) string {
	config := d.config
	if s.discardsRecordings() {
		config.Recordings = RecordingsNone
	}
	if why := Gate(config, s.ServerObservation); why != "" {
		return why
	}
	s.empty = true
	// Rounded to minutes, as the predecessor did: a cron that comes some seconds
	// early does not cost another interval.
	if age := d.now.Sub(s.machine.Since).Round(time.Minute); age < d.config.youngest() {
		return fmt.Sprintf("too young: its machine has run for %s, a machine is kept for %s", pool.FormatDuration(age), pool.FormatDuration(d.config.youngest()))
	}
	switch {
	case s.memory.EmptySince.IsZero() || d.now.Sub(s.memory.EmptySince) < d.config.Interval/2:
		return "seen empty for the first time: nothing is done unless the next evaluation sees the same"
	case config.Recordings != RecordingsNone && !s.figuresSince(d.now, s.memory.EmptySince):
		return "its figures are from before it was first seen empty: they may lack the last recording"
	}
	return ""
}

// keepUnresponsive: nobody can ask the server, so the gate is closed. After a
// configured time it is rebooted once, and after another, if that is allowed,
// its machine may go although its recordings cannot be seen.
func (d *decision) keepUnresponsive(s *server) string {
	silent := time.Duration(0)
	if s.memory.Health == string(Unresponsive) {
		silent = d.now.Sub(s.memory.HealthSince)
	}
	reboot, remove := d.config.UnresponsiveRebootAfter, d.config.UnresponsiveDeleteAfter
	switch {
	case s.entry.Online:
		return "Scalelite sees it online: it is us that it does not answer, and people may be on it"
	case d.tooManyDead():
		return "too many servers answer nobody: that looks like the network"
	case s.discardsRecordings() && !s.Server.BareMetal:
		return ""
	case s.Server.BareMetal && reboot > 0 && silent >= reboot:
		return ""
	case !s.Server.BareMetal && reboot > 0 && silent >= reboot && s.memory.Rebooted.IsZero():
		d.reboot(s, fmt.Sprintf("it has answered nobody for %s", pool.FormatDuration(silent)))
		return "unresponsive: it is rebooted, once"
	case !s.Server.BareMetal && remove > 0 && silent >= remove:
		return ""
	case remove == 0 || s.Server.BareMetal:
		return fmt.Sprintf("it has answered nobody for %s, and may hold recordings: only a person may decide", pool.FormatDuration(silent))
	}
	return fmt.Sprintf("it has answered nobody for %s; its machine is kept for %s", pool.FormatDuration(silent), pool.FormatDuration(remove))
}

// tooManyDead counts also the servers that were given up before: a network that
// fails bit by bit must not take one machine after the other with it.
func (d *decision) tooManyDead() bool {
	running := d.servers.count(func(s *server) bool { return !s.maintenance() && s.machineState() == pool.Running })
	dead := d.servers.count(func(s *server) bool { return !s.maintenance() && s.health == Unresponsive })
	return dead >= 2 && dead*million > running*int(d.config.UnresponsiveMillionths)
}

func (d *decision) reboot(s *server, reason string) {
	d.do(Action{Kind: Reboot, Server: s.Server.Number, Reason: fmt.Sprintf("%s: %s; %s", s.health, s.why, reason),
		Unanswered: !s.Meetings.Known()})
}

func (d *decision) delete(s *server) {
	if !d.allow(Delete, d.config.MaxDeletions, s) {
		return
	}
	reason := "nothing is left on it"
	switch {
	case s.machine.Detail == pool.Preparing:
		reason = "its creation was broken off"
	case s.machine.State != pool.Running:
		reason = fmt.Sprintf("its machine is %s, and was empty", s.machine.State)
	case !s.Meetings.Known():
		reason = fmt.Sprintf("unresponsive since %s: %s", s.memory.HealthSince.UTC().Format(time.RFC3339), s.why)
	}
	if s.discardsRecordings() {
		reason = fmt.Sprintf("%s gives its recordings up: %s", s.memory.EndDrain.Author, s.memory.EndDrain.Reason)
	}
	d.do(Action{Kind: Delete, Server: s.Server.Number, Reason: reason, Unanswered: !s.Meetings.Known(), DiscardRecordings: s.discardsRecordings()})
}

// provideMachines creates or starts what enabled servers lack.
func (d *decision) provideMachines() {
	for _, s := range d.servers {
		if !s.mayTouch() || s.intended != pool.Enabled {
			continue
		}
		switch s.machineState() {
		case "":
			d.create(s)
		case pool.Stopped, pool.StoppedInPlace:
			if s.machine.Detail == pool.Preparing {
				d.delete(s)
				continue
			}
			d.do(Action{Kind: PowerOn, Server: s.Server.Number, Reason: fmt.Sprintf("it is enabled and its machine is %s", s.machine.State)})
		}
	}
}

func (d *decision) create(s *server) {
	switch {
	case s.Server.BareMetal:
		s.leftAlone = "bare metal cannot be created, and its machine is not in the hoster's list"
	case s.entry.Online:
		s.leftAlone = "it has no machine of the pool, yet Scalelite says online: whose machine is that?"
	case s.waits && s.memory.Failures == 0:
		s.leftAlone = "no machine could be had for it; it is tried again after " + s.memory.NotBefore.UTC().Format(time.RFC3339)
	case s.waits:
		s.leftAlone = fmt.Sprintf("the creation failed %s; it is tried again after %s",
			pool.Count(s.memory.Failures, "time"), s.memory.NotBefore.UTC().Format(time.RFC3339))
	case d.allow(Create, d.config.MaxCreations, s):
		d.do(Action{Kind: Create, Server: s.Server.Number, Reason: "it is enabled and has no machine"})
	}
}

// deleteLeftovers deletes the volumes of machines that are gone.
func (d *decision) deleteLeftovers() {
	volumes, _ := d.seen.Leftovers.Get()
	for _, volume := range volumes {
		if !d.attached(volume.ID) {
			d.do(Action{Kind: DeleteVolume, Volume: &volume, Reason: "its machine is gone; detached volumes are billed"})
		}
	}
}

// attached tells whether a listed machine has the volume after all.
func (d *decision) attached(volumeID string) bool {
	machines, _ := d.seen.Machines.Get()
	return slices.ContainsFunc(machines, func(machine pool.Machine) bool {
		return slices.ContainsFunc(machine.Volumes, func(volume pool.Volume) bool { return volume.ID == volumeID })
	})
}
