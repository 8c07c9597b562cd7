package scaling

import (
	"fmt"
	"time"

	"divims/internal/pool"
)

// creationAlert is from how many failed creations in a row on a server is
// alerted of: the first may be chance.
const creationAlert = 2

// warn adds what an operator should know beyond what the plan does.
func (d *decision) warn() {
	for _, s := range d.servers {
		if s.maintenance() {
			continue
		}
		d.warnHealth(s)
		d.warnCertificate(s)
		d.warnRecordings(s)
	}
	d.warnStrangers()
	if calendar, _ := d.seen.Calendar.Get(); calendar.Stored {
		d.alert(Warning, "calendar", "%s", calendar.Source)
	}
	if !d.seen.Image.Known() {
		d.alert(Warning, "image", "no machine can be created: %s", d.seen.Image.Reason())
	}
}

func (d *decision) warnHealth(s server) {
	subject := fmt.Sprintf("server %d", s.Server.Number)
	switch {
	case s.health == Unseen && d.seen.Entries.Known() && d.seen.Machines.Known():
		d.alert(Warning, subject, "left alone: %s", s.why)
	case s.health == Unresponsive || s.health == Malfunctioning:
		d.alert(Error, subject, "%s: %s", s.health, s.why)
	case s.lost():
		d.alert(Error, subject, "bare metal, and not in the hoster's list")
	case s.machineState() == pool.Locked:
		d.alert(Error, subject, "its machine is locked by the hoster: %s", s.machine.Detail)
	case s.stuck:
		d.alert(Error, subject, "its machine is %s since %s", s.machine.State, s.machine.Since.UTC().Format(time.RFC3339))
	case s.memory.Failures >= creationAlert && s.machine == nil:
		d.alert(Error, subject, "the creation of its machine has failed %d times", s.memory.Failures)
	case s.Machine.Known() && s.machine == nil && s.entry != nil && s.entry.Online && s.entry.State == pool.Enabled:
		d.alert(Warning, subject, "it has no machine of the pool, yet Scalelite says online: whose machine is that?")
	case s.Entry.Known() && s.entry == nil && !d.config.RegisterEntries:
		d.alert(Warning, subject, "Scalelite has no entry for %s", s.Server.Domain)
	case s.mayTouch() && s.intended != pool.Enabled && s.leftAlone != "" && (s.machineState() == pool.Stopped || s.machineState() == pool.StoppedInPlace):
		d.alert(Warning, subject, "%s", s.leftAlone)
	}
}

func (d *decision) warnCertificate(s server) {
	expiry, ok := s.CertificateExpiry.Get()
	if !ok {
		return
	}
	subject := "certificate of " + s.Server.Domain
	left := expiry.Sub(d.now)
	switch {
	case left <= 0:
		d.alert(Error, subject, "expired on %s", expiry.UTC().Format("2006-01-02 15:04"))
	case left <= d.config.CertificateAlert:
		d.alert(Error, subject, "expires in %s", spell(left))
	case left <= d.config.CertificateWarning:
		d.alert(Warning, subject, "expires in %s", spell(left))
	}
}

// warnRecordings tells of the recordings that have been in work for too long, and
// of figures without which no machine is ever given up.
func (d *decision) warnRecordings(s server) {
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
		d.alert(Warning, "recordings of "+s.Server.Domain, "%d are not done %s after their meeting, the oldest since %s",
			late, spell(d.config.RecordingMaxProcessing), spell(longest))
	}
	stats, asked := s.Stats.Get()
	if asked && d.config.Recordings != RecordingsNone && s.machine != nil && s.pastGrace(d.now, d.config) && !stats.Backlog.Known() {
		d.alert(Warning, "stats of "+s.Server.Domain, "without its recording backlog its machine is never given up: %s", stats.Backlog.Reason())
	}
}

// endOf is when a recorded meeting ended. Where BBB does not tell, it is the
// latest time at which it can have: as long after its start as meetings may last.
func (d *decision) endOf(r pool.Recording) (ended time.Time, known bool) {
	if end, ok := r.MeetingEnd.Get(); ok {
		return end, true
	}
	start, ok := r.MeetingStart.Get()
	return start.Add(d.config.MeetingMaxDuration), ok
}

// warnStrangers tells of machines that bear the pool's tag and no server's name.
func (d *decision) warnStrangers() {
	machines, _ := d.seen.Machines.Get()
	known := make(map[string]bool, len(d.servers))
	for _, s := range d.seen.Servers {
		known[s.Server.Hostname] = true
	}
	for _, machine := range machines {
		if !known[machine.Name] {
			d.alert(Warning, "machine "+machine.Name, "it bears the pool's tag, but no server of the pool has its name; it is left alone and paid for")
		}
	}
}
