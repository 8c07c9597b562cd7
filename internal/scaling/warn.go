package scaling

import (
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// minFailedCreations is the number of failed creations in a row that raises an alert. The
// first may be chance.
const minFailedCreations = 2

// warn adds the alerts about what was seen. The rest of the decision adds alerts about
// what it does.
func (d *decision) warn() {
	for _, s := range d.servers {
		if s.maintenance() {
			continue
		}
		d.warnHealth(s)
		d.warnCertificate(s)
		d.warnRecordings(s)
	}
	d.warnHands()
	d.warnStrangers()
	d.warnImage()
	d.warnEvaluations()
	if calendar, _ := d.seen.Calendar.Get(); calendar.Stored {
		d.alert(Warning, calendarSubject, adviceCalendar, "%s", calendar.Source)
	}
	d.addOpenSubjects()
}

// warnAnswer adds an alert if a policy has no answer, or could not read everything.
func (d *decision) warnAnswer(answer Answer) {
	level := Warning
	if answer.impossible {
		level = Critical
	}
	subject := "policy " + string(answer.Policy)
	switch {
	case !answer.Servers.Known() && len(answer.Unread) > 0:
		d.alert(level, subject, adviceSummary, "it has no answer: %s", answer.Servers.Reason())
	case !answer.Servers.Known():
		d.alert(level, subject, advicePolicy, "it has no answer: %s", answer.Servers.Reason())
	case len(answer.Unread) > 0:
		d.alert(level, subject, adviceSummary, "not read: %s", strings.Join(answer.Unread, "; "))
	}
}

// warnImage adds an alert if the image is unknown, or if machines are older than it.
func (d *decision) warnImage() {
	if !d.seen.Images.Known() {
		d.alert(Warning, "image", adviceImage, "no machine can be created: %s", d.seen.Images.Reason())
		d.leaveOpen(outdatedSubject)
		return
	}
	list := d.numbers(func(s *server) bool { return !s.maintenance() && d.outdated(s) })
	if len(list) == 0 {
		return
	}
	d.alert(Warning, outdatedSubject, adviceOutdated, "%s made from an older image than the newest of the zone: %s; %s",
		fact.Count(len(list), "machine"), list, d.config.rollOut())
	if bad := d.badNewMachine(); bad != nil {
		d.alert(Error, "roll-out", adviceRollOut, "stopped: server %d, whose machine was made from %s, is %s: %s",
			bad.Server.Number, bad.newest.Name, bad.health, bad.why)
	}
}

const outdatedSubject = "outdated image"

// warnEvaluations adds alerts if a limit withheld actions, or if evaluations are
// missing since the last one.
func (d *decision) warnEvaluations() {
	if d.limitReached {
		d.passing(Warning, "limits", adviceLimits, "not everything that is to be done was done at once: %s", d.plan.Withheld)
	}
	if d.state.LastEvaluation.IsZero() {
		return
	}
	if gap := d.now.Sub(d.state.LastEvaluation); gap.Seconds() > maxPastIntervals*d.config.Interval.Seconds() {
		d.passing(Warning, "evaluations", adviceMissed, "none was recorded for %s; one is due every %s", gap, d.config.Interval)
	}
}

// warnHealth adds at most one alert about the condition of a server and its machine. The
// most important condition comes first.
func (d *decision) warnHealth(s *server) {
	subject := serverSubject(s)
	switch {
	case s.health == Unseen && d.seen.Entries.Known() && d.seen.Machines.Known():
		d.alertOf(s, Warning, subject, adviceUnseen, "left alone: %s", s.why)
	case s.health == Unresponsive:
		d.alertOf(s, Error, subject, adviceUnresponsive, "unresponsive: %s", s.why)
	case s.health == Malfunctioning:
		d.alertOf(s, Error, subject, adviceMalfunction, "malfunctioning: %s", s.why)
	case s.lost():
		d.alertOf(s, Error, subject, adviceLost, "bare metal, and not in the hoster's list")
	case s.machineState() == pool.Locked:
		d.alertOf(s, Error, subject, adviceLocked, "its machine is locked by the hoster: %s", s.machine.Detail)
	case s.stuck:
		d.alertOf(s, Error, subject, adviceStuck, "its machine is %s since %s", s.machine.State, s.machine.Since)
	case s.memory.Failures >= minFailedCreations && s.machine == nil && s.intended == pool.Enabled:
		d.alertOf(s, Error, subject, adviceCreation, "the creation of its machine has failed %s", fact.Count(s.memory.Failures, "time"))
	case s.Machine.Known() && s.machine == nil && s.entry != nil && s.entry.Online && s.entry.State == pool.Enabled:
		d.alertOf(s, Warning, subject, adviceUnknown, "it has no machine of the pool, yet Scalelite says online: whose machine is that?")
	case s.Entry.Known() && s.entry == nil && !d.config.RegisterEntries:
		d.alertOf(s, Warning, subject, adviceNoEntry, "Scalelite has no entry for %s", s.Server.Domain)
	case s.mayTouch() && s.intended != pool.Enabled && !s.leftAlone.IsZero() && (s.machineState() == pool.Stopped || s.machineState() == pool.StoppedInPlace):
		d.alertOf(s, Warning, subject, adviceSwitchedOff, "%s", s.leftAlone)
	}
}

// warnCertificate adds an alert if the certificate has expired or will expire soon.
func (d *decision) warnCertificate(s *server) {
	expiry, ok := s.CertificateExpiry.Get()
	if !ok {
		return
	}
	subject := certificateSubject(s)
	left := expiry.Sub(d.now)
	switch {
	case left <= 0:
		d.alertOf(s, Error, subject, adviceCertificate, "expired on %s", expiry)
	case left <= d.config.CertificateAlert:
		d.alertOf(s, Error, subject, adviceCertificate, "expires in %s", left)
	case left <= d.config.CertificateWarning:
		d.alertOf(s, Warning, subject, adviceCertificate, "expires in %s", left)
	}
}

// warnRecordings adds an alert about recordings that take too long, and an alert about an
// unknown recording backlog, which keeps the machine from ever being deleted.
func (d *decision) warnRecordings(s *server) {
	recordings, _ := s.Recordings.Get()
	late, longest := 0, time.Duration(0)
	for _, r := range recordings {
		ended, ok := d.endOf(r)
		if r.State != pool.Published && ok && d.now.Sub(ended) > d.config.RecordingMaxProcessing {
			late++
			longest = max(longest, d.now.Sub(ended))
		}
	}
	if late > 0 {
		d.alertOf(s, Warning, recordingsSubject(s), adviceRecordings, "%s not done %s after the meeting, the oldest since %s",
			fact.Count(late, "recording"), d.config.RecordingMaxProcessing, longest)
	}
	stats, asked := s.Stats.Get()
	if asked && d.config.Recordings != RecordingsNone && s.machine != nil && !s.memory.Came.IsZero() && !stats.Backlog.Known() {
		d.alertOf(s, Warning, statsSubject(s), adviceStats, "without its recording backlog its machine is never given up: %s", stats.Backlog.Reason())
	}
}

// endOf returns when a recorded meeting ended. If BBB does not say, it is the latest
// possible time: the start plus the longest time that a meeting may last.
func (d *decision) endOf(r pool.Recording) (ended time.Time, known bool) {
	if end, ok := r.MeetingEnd.Get(); ok {
		return end, true
	}
	start, ok := r.MeetingStart.Get()
	return start.Add(d.config.MeetingMaxDuration), ok
}

// warnStrangers adds an alert for each machine that has the pool's tag, but not the name
// of one of its servers.
func (d *decision) warnStrangers() {
	machines, _ := d.seen.Machines.Get()
	known := make(map[string]bool, len(d.servers))
	for _, s := range d.seen.Servers {
		known[s.Server.Hostname] = true
	}
	for _, machine := range machines {
		if !known[machine.Name] {
			d.alert(Warning, "machine "+machine.Name, adviceStranger, "it bears the pool's tag, but no server of the pool has its name; it is left alone and paid for")
		}
	}
}
