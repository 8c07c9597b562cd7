package scaling

import (
	"slices"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// drain acts on draining servers: it repairs cordons that Scalelite undid, ends
// meetings over the limit, and deletes machines whose drain gate is open. Bare metal
// is rebooted instead.
func (d *decision) drain() {
	d.tooManySilent = d.countSilent()
	d.reviveUnresponsive()
	for _, s := range d.servers {
		if !s.mayTouch() || !s.draining() || s.ended {
			continue
		}
		if s.protected() {
			s.leftAlone = fact.New("nothing is done to it while there is doubt about what DiViMS sees")
			continue
		}
		d.repairCordon(s)
		d.endMeetings(s)
		if why := d.keep(s); !why.IsZero() {
			s.leftAlone = s.withEndDrain(why)
			continue
		}
		if s.Server.BareMetal {
			d.reboot(s, fact.New("nothing is left on it"))
			continue
		}
		d.delete(s)
	}
}

// withEndDrain prefixes the reason why a machine is kept with the operator's end-drain
// order, if there is one.
func (s *server) withEndDrain(why fact.Text) fact.Text {
	if end := s.memory.EndDrain; end != nil {
		return fact.New("%s ends its drain (%s), yet: %s", end.Author, end.Reason, why)
	}
	return why
}

// repairCordon repairs the cordon of a server that got a meeting after it was seen cordoned
// or disabled: Scalelite's poller has undone a part of the cordon, and sending the same
// state again would change nothing. It also cordons a disabled server with people, because
// nobody can join meetings on a disabled server.
func (d *decision) repairCordon(s *server) {
	meetings, _ := s.Meetings.Get()
	began := s.memory.DrainingSince
	given := slices.ContainsFunc(meetings, func(m pool.Meeting) bool {
		return !m.Breakout && m.Created.After(began) && s.memory.Seen[m.InternalID].Equal(d.now)
	})
	peopled := slices.ContainsFunc(meetings, func(m pool.Meeting) bool { return !m.Breakout && m.Participants > 0 })
	switch {
	case given && !began.IsZero() && began.Before(d.now):
		d.do(Action{Kind: Repair, Server: s.Server.Number, Reason: fact.New("%s, and it was given a meeting since %s",
			s.entry.State, began)})
	case peopled && s.entry.State == pool.Disabled:
		d.cordon(s, fact.New("disabled, and people are on it who cannot be joined: cordoned it keeps its meetings"))
	}
}

// endMeetings ends meetings that have lasted too long on a draining server, and all
// meetings if an operator ends its drain.
func (d *decision) endMeetings(s *server) {
	meetings, _ := s.Meetings.Get()
	for _, meeting := range meetings {
		reason := d.endReason(s, meeting)
		if reason.IsZero() || !d.allow(EndMeeting, s) {
			continue
		}
		d.do(Action{Kind: EndMeeting, Server: s.Server.Number, Meeting: &meeting, Reason: reason})
	}
}

// endReason returns why a meeting on a draining server is ended, or no text if it is not.
func (d *decision) endReason(s *server, meeting pool.Meeting) fact.Text {
	if end := s.memory.EndDrain; end != nil {
		return fact.New("%s ends the server's drain: %s", end.Author, end.Reason)
	}
	if meeting.Created.IsZero() {
		return fact.Text{}
	}
	// The limit counts from the cordon where that is later, so that a long meeting on a
	// server that is cordoned to save money is not ended at once. No clock but DiViMS's own
	// can make a meeting older than that.
	began := latest(meeting.Created, s.memory.DrainingSince, s.memory.Seen[meeting.InternalID])
	if age := d.now.Sub(began); age >= d.config.MeetingMaxDuration {
		return fact.New("the server drains and the meeting has lasted %s, the limit is %s", d.now.Sub(meeting.Created), d.config.MeetingMaxDuration)
	}
	return fact.Text{}
}

// keep returns why the machine of a draining server is kept, or no text if it may be deleted
// or, if it is bare metal, rebooted.
func (d *decision) keep(s *server) fact.Text {
	switch s.machine.State {
	case pool.Stopped, pool.StoppedInPlace:
		if s.Server.BareMetal {
			return fact.New(neverDeleted)
		}
		if s.machine.Detail == pool.Preparing {
			return fact.Text{}
		}
		if s.discardsRecordings() {
			return fact.Text{}
		}
		return d.stoppedGate(s)
	case pool.Running:
		switch {
		case s.Server.BareMetal && (s.health == Healthy || s.health == Unresponsive):
			return fact.New(neverDeleted)
		case s.Server.BareMetal && !d.mayReboot(s):
			return fact.New("it was rebooted at %s", s.memory.Rebooted)
		case s.health == Unresponsive && !s.Meetings.Known():
			return d.keepUnresponsive(s)
		}
		return d.keepRunning(s)
	}
	return fact.New("its machine is %s", s.machine.State)
}

// neverDeleted is the reason for keeping bare metal that needs no reboot.
const neverDeleted = "bare metal is never deleted"

// keepRunning returns why a draining server that runs keeps its machine, or no text. The
// drain gate must have been open at every evaluation for at least half an interval,
// because Scalelite's poller may undo a cordon and let meetings in. The stats must be
// newer than the first of those evaluations, and the machine old enough.
func (d *decision) keepRunning(s *server) fact.Text {
	config := d.config
	if s.discardsRecordings() {
		config.Recordings = RecordingsNone
	}
	if why := Gate(config, *s.ServerObservation); !why.IsZero() {
		return why
	}
	s.empty = true
	// The age is rounded to minutes, as the predecessor did, so that a cron trigger
	// that fires some seconds early does not cost another interval.
	if age := d.now.Sub(s.started()).Round(time.Minute); age < d.config.youngest() {
		return fact.New("too young: its machine has run for %s, a machine is kept for %s", age, d.config.youngest())
	}
	switch {
	case s.memory.EmptySince.IsZero() || d.now.Sub(s.memory.EmptySince) < d.config.Interval/2:
		return fact.New("seen empty for the first time: nothing is done unless the next evaluation sees the same")
	case config.Recordings != RecordingsNone && !s.statsNewerThan(d.now, s.memory.EmptySince):
		return fact.New("its figures are from before it was first seen empty: they may lack the last recording")
	}
	return fact.Text{}
}

// reboot plans to reboot a machine.
func (d *decision) reboot(s *server, reason fact.Text) {
	s.ended = true
	d.do(Action{Kind: Reboot, Server: s.Server.Number, Reason: fact.New("%s: %s; %s", s.health, s.why, reason),
		Unanswered: !s.Meetings.Known()})
}

// delete plans to delete a machine, unless the limit of the evaluation is reached.
func (d *decision) delete(s *server) {
	if s.ended || !d.allow(Delete, s) {
		return
	}
	s.ended, s.intended = true, pool.Disabled
	reason := fact.New("nothing is left on it")
	switch {
	case s.machine.Detail == pool.Preparing:
		reason = fact.New("its creation was broken off")
	case s.machine.State != pool.Running:
		reason = fact.New("its machine is %s, and was empty", s.machine.State)
	case !s.Meetings.Known():
		reason = fact.New("unresponsive since %s: %s", s.memory.HealthSince, s.why)
	}
	if s.discardsRecordings() {
		reason = fact.New("%s gives its recordings up: %s", s.memory.EndDrain.Author, s.memory.EndDrain.Reason)
	}
	d.do(Action{Kind: Delete, Server: s.Server.Number, Reason: reason, Unanswered: !s.Meetings.Known(), DiscardRecordings: s.discardsRecordings()})
}
