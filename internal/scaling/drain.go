package scaling

import (
	"fmt"
	"slices"
	"time"

	"divims/internal/pool"
)

// drain lets go of what draining servers do not need any more: meetings over
// the limit, and machines whose drain gate is open.
func (d *decision) drain() {
	for i := range d.servers {
		s := &d.servers[i]
		if !s.ours() || s.machine == nil || s.entry.State == pool.Enabled || s.intended == pool.Enabled {
			continue
		}
		d.endLongMeetings(s)
		if why := d.keep(s); why != "" {
			s.left = why
			continue
		}
		if s.Server.BareMetal {
			s.memory.Rebooted = d.now
			d.act(Reboot, s, fmt.Sprintf("%s: %s; nothing is left on it", s.health, s.why)).Unanswered = s.health == Unresponsive
			continue
		}
		d.delete(s)
	}
}

// endLongMeetings ends what would keep a draining server for ever.
func (d *decision) endLongMeetings(s *server) {
	meetings, _ := s.Meetings.Get()
	for _, meeting := range meetings {
		if meeting.Created.IsZero() {
			continue // nobody knows its age
		}
		if age := d.now.Sub(meeting.Created); age >= d.config.MeetingMaxDuration {
			d.act(EndMeeting, s, fmt.Sprintf("the server drains and the meeting has lasted %s, the limit is %s",
				spell(age), spell(d.config.MeetingMaxDuration))).Meeting = &meeting
		}
	}
}

// keep says why a draining server keeps its machine, or "" when it may go.
func (d *decision) keep(s *server) string {
	switch s.machine.State {
	case pool.Stopped, pool.StoppedInPlace:
		if s.Server.BareMetal {
			return "bare metal is never deleted"
		}
		if s.machine.Detail == pool.Preparing {
			return ""
		}
		return stoppedGate(*s)
	case pool.Running:
		if s.Server.BareMetal && s.health == Healthy {
			return "bare metal is never deleted"
		}
		if s.health == Unresponsive {
			return d.keepUnresponsive(s)
		}
		return d.keepRunning(s)
	}
	return fmt.Sprintf("its machine is %s", s.machine.State)
}

// keepRunning: gate open, old enough, and seen so at the previous evaluation too, because a cordon that Scalelite's poller undoes lets meetings in again.
func (d *decision) keepRunning(s *server) string {
	if why := Gate(d.config, s.ServerObservation); why != "" {
		return why
	}
	s.empty = true
	// Rounded to minutes, as the predecessor did: a cron that comes some seconds
	// early does not cost another interval.
	if age := d.now.Sub(s.machine.Since).Round(time.Minute); age < d.config.youngest() {
		return fmt.Sprintf("too young: its machine has run for %s, a machine is kept for %s", spell(age), spell(d.config.youngest()))
	}
	if s.memory.EmptySince.IsZero() {
		return "seen empty for the first time: it may go if the next evaluation sees the same"
	}
	return ""
}

// keepUnresponsive: nobody can ask the server, so the gate is closed, except
// after a configured time.
func (d *decision) keepUnresponsive(s *server) string {
	since := s.memory.HealthSince
	if s.memory.Health != string(Unresponsive) {
		since = d.now
	}
	limit := d.config.UnresponsiveDeleteAfter
	if s.Server.BareMetal {
		limit = d.config.UnresponsiveRebootAfter
	}
	if limit == 0 {
		return "it answers nobody, and may hold recordings: only a person may decide"
	}
	if silent := d.now.Sub(since); silent < limit {
		return fmt.Sprintf("it has answered nobody for %s; nothing is done before %s", spell(silent), spell(limit))
	}
	return ""
}

func (d *decision) delete(s *server) {
	if d.planned(Delete) >= d.config.MaxDeletions {
		s.left = fmt.Sprintf("it may go, but an evaluation deletes %d machines at most", d.config.MaxDeletions)
		d.withhold("the deletion of server %d: %d at most in one evaluation", s.Server.Number, d.config.MaxDeletions)
		return
	}
	reason := "nothing is left on it"
	switch {
	case s.machine.Detail == pool.Preparing:
		reason = "its creation was broken off"
	case s.machine.State != pool.Running:
		reason = fmt.Sprintf("its machine is %s, and was empty", s.machine.State)
	case s.health == Unresponsive:
		reason = fmt.Sprintf("unresponsive since %s: %s", s.memory.HealthSince.UTC().Format(time.RFC3339), s.why)
	}
	d.act(Delete, s, reason).Unanswered = s.machine.State != pool.Running || s.health == Unresponsive
}

// planned counts the actions of a kind in the plan.
func (d *decision) planned(kind Kind) int {
	n := 0
	for _, action := range d.plan.Actions {
		if action.Kind == kind {
			n++
		}
	}
	return n
}

// provideMachines creates or starts what enabled servers lack.
func (d *decision) provideMachines() {
	for i := range d.servers {
		s := &d.servers[i]
		if !s.ours() || s.intended != pool.Enabled {
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
			d.act(PowerOn, s, fmt.Sprintf("it is enabled and its machine is %s", s.machine.State))
		}
	}
}

func (d *decision) create(s *server) {
	switch {
	case s.Server.BareMetal:
		s.left = "bare metal cannot be created, and its machine is not in the hoster's list"
	case s.entry.Online:
		s.left = "it has no machine of the pool, yet Scalelite says online: whose machine is that?"
	case d.now.Before(s.memory.NotBefore):
		s.left = fmt.Sprintf("the creation failed %d times; it is tried again after %s",
			s.memory.Failures, s.memory.NotBefore.UTC().Format(time.RFC3339))
	case d.planned(Create) >= d.config.MaxCreations:
		s.left = fmt.Sprintf("an evaluation creates %d machines at most", d.config.MaxCreations)
		d.withhold("the creation of a machine for server %d: %d at most in one evaluation", s.Server.Number, d.config.MaxCreations)
	default:
		d.act(Create, s, "it is enabled and has no machine")
	}
}

// deleteLeftovers deletes the volumes of machines that are gone.
func (d *decision) deleteLeftovers() {
	volumes, _ := d.seen.Leftovers.Get()
	for _, volume := range volumes {
		if d.attached(volume.ID) {
			continue
		}
		d.plan.Actions = append(d.plan.Actions, Action{
			Kind: DeleteVolume, Volume: &volume, Reason: "its machine is gone; detached volumes are billed",
		})
	}
}

// attached tells whether a listed machine has the volume after all.
func (d *decision) attached(volumeID string) bool {
	machines, _ := d.seen.Machines.Get()
	return slices.ContainsFunc(machines, func(machine pool.Machine) bool {
		return slices.ContainsFunc(machine.Volumes, func(volume pool.Volume) bool { return volume.ID == volumeID })
	})
}
