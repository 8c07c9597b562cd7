package scaling

import (
	"maps"
	"slices"
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// warn adds the alerts about what was seen. The rest of the decision adds alerts about
// what it does.
func (d *decision) warn() {
	d.warnZones()
	d.warnEntries()
	d.warnHands()
	d.warnFaults()
	for _, s := range d.servers {
		if s.maintenance() {
			continue
		}
		d.warnServer(s)
		d.warnIdentity(s)
		d.warnCertificate(s)
		d.warnRecordings(s)
	}
	d.warnFailedCreations()
	d.warnStrangers()
	d.warnImage()
	d.warnEvaluations()
	if d.seen.Entries.Known() && d.seen.Machines.Known() {
		for _, g := range d.groups {
			g.warnOverloaded()
		}
	}
	d.warnCalendar()
	d.addOpenSubjects()
	d.plan.Alerts = MergeAlerts(d.plan.Alerts)
}

// warnServer adds at most one alert about the condition of a server and its machine. The
// most important condition comes first. What the alert of a doubt, zone, entry, identity or
// fault explains is left out.
func (d *decision) warnServer(s *server) {
	switch {
	case !s.Machine.Known(), !d.seen.Entries.Known(), s.explained && (!s.Entry.Known() || !s.Meetings.Known()):
	case s.refusesSecret() && (s.health == Unseen || s.health == Malfunctioning && !s.explained || d.isLate(s)):
		d.alertOf(s, Error, SubjectServer, adviceSecret, "its BBB refuses the secret of its entry, so that neither DiViMS nor Scalelite can use it: %s", s.Meetings.Reason()).Quote = s.Meetings.Reason()
	case d.isLate(s):
		d.alertOf(s, Error, SubjectServer, adviceLate, "its machine does not come: it was ordered %s ago, machines come within %s: %s",
			d.now.Sub(s.started()), d.timeOf(s), s.Meetings.Reason()).Since = s.started()
	case s.health == Unseen:
		d.alertOf(s, Warning, SubjectServer, adviceUnseen, "left alone: %s", s.why).Quote = s.why.String()
	case s.health == Unresponsive:
		d.alertOf(s, Error, SubjectServer, adviceUnresponsive, "unresponsive: %s", s.why).Since = s.memory.SilentSince
	case s.health == Malfunctioning && !s.explained:
		d.alertOf(s, Error, SubjectServer, adviceMalfunction, "malfunctioning: %s", s.why).Since = s.memory.FaultSince
	case s.lost():
		d.alertOf(s, Error, SubjectServer, adviceLost, "bare metal, and not in the hoster's list")
	case s.machineState() == pool.Locked:
		d.alertOf(s, Error, SubjectServer, adviceLocked, "its machine is locked by the hoster: %s", s.machine.Detail).Quote = s.machine.Detail
	case s.stuck:
		d.alertOf(s, Error, SubjectServer, adviceStuck, "its machine is %s since %s", s.machine.State, s.memory.StateSince).Since = s.memory.StateSince
	case s.machine != nil && !s.machineKnown():
		d.alertOf(s, Error, SubjectServer, adviceState, "its machine is in the state %q, in which it takes no meetings; DiViMS leaves it alone", string(s.machine.State))
	case s.entry == nil && !d.config.RegisterEntries:
		d.alertOf(s, Warning, SubjectServer, adviceNoEntry, "Scalelite has no entry for %s", s.Server.Domain)
	case s.mayTouch() && s.intended != pool.Enabled && !s.leftAlone.IsZero() && (s.machineState() == pool.Stopped || s.machineState() == pool.StoppedInPlace):
		d.alertOf(s, Warning, SubjectServer, adviceSwitchedOff, "%s", s.leftAlone)
	}
}

// isLate reports whether a running machine that DiViMS ordered has had its time at two
// evaluations without ever serving.
func (d *decision) isLate(s *server) bool {
	return s.stage == Late && s.machineState() == pool.Running && s.memory.Served.IsZero() && !s.memory.Ordered.IsZero() && !s.Meetings.Known() && d.twice(s.memory.LateSince)
}

// warnIdentity adds an alert if it is not clear which machine is the server's.
func (d *decision) warnIdentity(s *server) {
	switch {
	case !d.seen.Machines.Known():
	case !s.Machine.Known() && !s.MayBeUnread:
		d.alertOf(s, Warning, subjectIdentity, adviceIdentity, "it is not clear which machine is the server's, so DiViMS leaves it alone: %s", s.Machine.Reason()).Quote = s.Machine.Reason()
	case s.hasNoMachine() && s.isOnline() && s.entry.State == pool.Enabled:
		d.alertOf(s, Warning, subjectIdentity, adviceUnknown, "it has no machine of the pool, yet Scalelite says online: whose machine is that?")
	}
}

// warnZones adds an alert for each zone whose machines could not be listed. Servers whose
// machine may be there get none of their own.
func (d *decision) warnZones() {
	if !d.seen.Machines.Known() {
		return
	}
	for _, zone := range slices.Sorted(maps.Keys(d.seen.UnreadZones)) {
		there := d.numbers(func(s *server) bool {
			return !s.maintenance() && s.MayBeUnread && !s.Machine.Known() && (s.memory.Zone == "" || s.memory.Zone == zone)
		})
		why := d.seen.UnreadZones[zone]
		text := fact.New("its machines cannot be listed: %s", why)
		if len(there) > 0 {
			text = fact.New("%s; DiViMS leaves alone what may be there: %s", text, there)
		}
		alert := d.alert(Error, subjectZone(zone), adviceZone, "%s", text)
		alert.Servers, alert.Quote = there, why
	}
}

// warnEntries adds an alert for each entry that cannot be read, a stranger's too, and for
// each server that has several. The servers get no alert of their own.
func (d *decision) warnEntries() {
	entries, _ := d.seen.Entries.Get()
	if !slices.ContainsFunc(entries, func(e pool.Entry) bool { return e.Problem != "" }) &&
		!slices.ContainsFunc(d.servers, func(s *server) bool { return !s.Entry.Known() }) {
		return // neither an entry that cannot be read nor a server with several
	}
	byHost := make(map[string][]pool.Entry, len(entries))
	for _, entry := range entries {
		byHost[entry.Host()] = append(byHost[entry.Host()], entry)
	}
	own := make(map[string]int, len(d.servers))
	for _, s := range d.servers {
		own[s.Server.Domain] = s.Server.Number
		if list := byHost[s.Server.Domain]; len(list) > 1 && !s.maintenance() {
			s.explained = true
			d.alert(Warning, subjectEntry(list[0].URL), adviceEntries, "Scalelite has %d entries for server %d, so DiViMS leaves it alone", len(list), s.Server.Number).Server = s.Server.Number
		}
	}
	for _, entry := range entries {
		if entry.Problem != "" {
			d.warnEntry(entry, own[entry.Host()])
		}
	}
}

// warnEntry adds an alert for an entry that cannot be read. number is its server's, or 0.
func (d *decision) warnEntry(entry pool.Entry, number int) {
	var alert *Alert
	switch {
	case number != 0 && d.servers.numbered(number).maintenance():
		return
	case number != 0:
		d.servers.numbered(number).explained = true
		alert = d.alert(Warning, subjectEntry(entry.URL), adviceEntry, "Scalelite's entry cannot be read, so DiViMS leaves server %d alone: %s", number, entry.Problem)
	case entry.URL == "":
		alert = d.alert(Warning, subjectEntry(entry.ID), adviceEntry, "Scalelite's entry has no URL that can be read; it may belong to any server without an entry, so DiViMS leaves those alone: %s", entry.Problem)
		alert.Servers = d.numbers(func(s *server) bool { return !s.Entry.Known() && !s.maintenance() })
		for _, n := range alert.Servers {
			d.servers.numbered(n).explained = true
		}
	default:
		alert = d.alert(Warning, subjectEntry(entry.URL), adviceEntry, "Scalelite's entry, which belongs to no server of the pool, cannot be read: %s", entry.Problem)
	}
	alert.Server, alert.Quote = number, entry.Problem
}

// warnFaults adds one alert for each fault that several servers have and that replacing
// them does not cure. The servers get none of their own.
func (d *decision) warnFaults() {
	having := map[string]servers{}
	for _, s := range d.servers {
		if s.health == Malfunctioning && !s.maintenance() && !s.explained {
			having[s.fault] = append(having[s.fault], s)
		}
	}
	for _, fault := range slices.Sorted(maps.Keys(having)) {
		list := having[fault]
		if len(list) < 2 || !d.hopeless(fault) {
			continue
		}
		alert := d.alert(Error, sharedSubject(list), adviceHope, "%s have the same fault, so DiViMS does not replace them for it: %s",
			fact.Numbers(list.numbers()), list[0].why)
		if list[0].refusesSecret() {
			alert.Advice = fact.New(adviceSecret)
		}
		alert.Servers, alert.Quote = list.numbers(), fault
		for _, s := range list {
			s.explained = true
			if at := s.memory.FaultSince; alert.Since.IsZero() || at.Before(alert.Since) {
				alert.Since = at
			}
		}
	}
}

// sharedSubject returns the subject of an alert about servers with the same fault: their
// image, if all have the newest one of their zone, else the first server.
func sharedSubject(list servers) string {
	name := ""
	for _, s := range list {
		if s.newest == nil || s.machine.ImageID != s.newest.ID || name != "" && s.newest.Name != name {
			return SubjectServer(list[0].Server.Number)
		}
		name = s.newest.Name
	}
	return subjectImage(name)
}

// minFailedCreations is the number of failed creations in a row that raises an alert. The
// first may be chance.
const minFailedCreations = 2

// warnFailedCreations adds one alert about creations that fail again and again although
// the hoster did not refuse them. The evaluation adds one about refusals.
func (d *decision) warnFailedCreations() {
	list := d.numbers(func(s *server) bool {
		return !s.maintenance() && s.memory.Failures >= minFailedCreations && s.hasNoMachine() && s.intended == pool.Enabled
	})
	if len(list) == 0 {
		return
	}
	most := 0
	for _, number := range list {
		most = max(most, d.servers.numbered(number).memory.Failures)
	}
	d.alert(Error, SubjectCreation, adviceCreation, "the creation of a machine has failed %s in a row: %s; DiViMS tries again, with growing pauses",
		fact.Count(most, "time"), list).Servers = list
}

// warnOverloaded adds an alert if there are more people or meetings than the group's
// serving servers are meant for.
func (g *group) warnOverloaded() {
	serving := g.members.capacity((*server).serving)
	people, meetings := 0, 0 // those on draining servers are no burden to these
	for _, s := range g.members {
		if s.serving() {
			people, meetings = people+s.participants(), meetings+s.meetings()
		}
	}
	if float64(people) <= serving*float64(g.config.ServerParticipants) && float64(meetings) <= serving*float64(g.config.ServerMeetings) {
		return
	}
	coming := g.members.count(func(s *server) bool { return s.stage == Coming || s.planned })
	text := fact.New("%s and %s for %s taking meetings now, each meant for %d and %d; %d more coming",
		fact.Count(people, "participant"), fact.Count(meetings, "meeting"), fact.Count(serving, "server"),
		g.config.ServerParticipants, g.config.ServerMeetings, coming)
	g.d.alert(Error, SubjectOverloaded, adviceOverloaded, "%s", g.ofTag(text))
}

// warnShort adds an alert if servers are missing and none is left to enable. If machines
// were refused or failed lately, the alert about that has the cause.
func (g *group) warnShort(short float64) {
	if g.members.count(func(s *server) bool { return s.waits }) > 0 {
		g.d.leaveOpen(SubjectPoolSize)
		return
	}
	g.d.alert(Error, SubjectPoolSize, adviceNoServer, "%s", g.ofTag(fact.New("short of %s, and no server is left to enable", fact.Count(short, "server"))))
}

// ofTag returns a text that names the group's tag, if it has one.
func (g *group) ofTag(text fact.Text) fact.Text {
	if g.Tag == "" {
		return text
	}
	return fact.New("servers with the tag %s: %s", g.Tag, text)
}

// warnPolicies adds an alert if no policy has an answer, or if one has none or could not
// read everything.
func (g *group) warnPolicies(asked pool.Reading[int]) {
	level, unread := Warning, false
	var problems fact.List
	for _, answer := range g.Required.Policies {
		switch {
		case answer.Advice:
			continue
		case !answer.Servers.Known():
			problems = append(problems, fact.New("policy %s has no answer: %s", answer.Policy, answer.Servers.Reason()))
		case len(answer.misread) > 0:
			problems = append(problems, fact.New("policy %s, not read: %s", answer.Policy, strings.Join(answer.misread, "; ")))
		}
		unread = unread || len(answer.misread) > 0
		if answer.impossible {
			level = Critical
		}
	}
	switch {
	case !asked.Known() && level == Warning:
		g.d.alert(Error, SubjectPolicy, adviceNoPolicy, "no policy has an answer; the capacity is not changed: %s", problems)
	case unread:
		g.d.alert(level, SubjectPolicy, adviceSummary, "%s", problems)
	case len(problems) > 0:
		g.d.alert(level, SubjectPolicy, advicePolicy, "%s", problems)
	}
}

// warnCalendar adds an alert if the feed was not read, or if it has events with users= that
// cannot be read and are not over.
func (d *decision) warnCalendar() {
	calendar, _ := d.seen.Calendar.Get()
	if calendar.Stored {
		d.alert(Warning, SubjectCalendar, adviceCalendar, "%s", calendar.Source)
	}
	var unread []string
	for _, event := range calendar.Unread {
		isOver := !event.End.IsZero() && !event.End.After(d.now)
		isRepeated := len(unread) > 0 && unread[len(unread)-1] == event.Reason // another occurrence
		if !isOver && !isRepeated {
			unread = append(unread, event.Reason)
		}
	}
	if len(unread) > 0 && slices.Contains(d.config.Policies, PolicySchedule) {
		d.alert(Warning, SubjectCalendar, adviceUnreadEvent, "events with users= that cannot be read are left out; from their start to their end, where known, the pool is not made smaller: %s", strings.Join(few(unread), "; "))
	}
}

// warnImage adds an alert if the image is unknown, or if machines are older than it.
func (d *decision) warnImage() {
	if !d.seen.Images.Known() {
		d.alert(Warning, SubjectImage, adviceImage, "no machine can be created: %s", d.seen.Images.Reason()).Quote = d.seen.Images.Reason()
		return
	}
	older := map[string]fact.Numbers{}
	for _, s := range d.servers {
		if !s.maintenance() && d.outdated(s) {
			older[s.newest.Name] = append(older[s.newest.Name], s.Server.Number)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(older)) {
		d.alert(Warning, subjectImage(name), adviceOutdated, "%s made from an older image: %s; %s",
			fact.Count(len(older[name]), "machine"), older[name], d.config.rollOut()).Servers = older[name]
	}
	if bad := d.badNewMachine(); bad != nil && older[bad.newest.Name] != nil {
		d.alert(Error, subjectImage(bad.newest.Name), adviceRollOut, "its roll-out has stopped: server %d, made from it, is %s: %s",
			bad.Server.Number, bad.health, bad.why)
	}
}

// warnEvaluations adds alerts if a limit withheld actions, or if evaluations are
// missing since the last one. The alert about a lease that was taken over has the cause.
func (d *decision) warnEvaluations() {
	if len(d.overLimit) > 0 {
		d.passing(Warning, SubjectLimits, adviceLimits, "not everything that is to be done was done at once: %s", d.plan.Withheld)
	}
	if d.state.LastEvaluation.IsZero() || d.state.TakenOver != "" {
		return
	}
	if gap := d.now.Sub(d.state.LastEvaluation); gap.Seconds() > maxPastIntervals*d.config.Interval.Seconds() {
		d.passing(Warning, SubjectLease, adviceMissed, "no evaluation was recorded for %s; one is due every %s", gap, d.config.Interval)
	}
}

// warnCertificate adds an alert if the certificate has expired or will expire soon.
func (d *decision) warnCertificate(s *server) {
	expiry, ok := s.CertificateExpiry.Get()
	if !ok {
		return
	}
	left := expiry.Sub(d.now)
	switch {
	case left <= 0:
		d.alertOf(s, Error, SubjectCertificate, adviceCertificate, "the certificate of %s expired on %s", s.Server.Domain, expiry).Since = expiry
	case left <= d.config.CertificateAlert:
		d.alertOf(s, Error, SubjectCertificate, adviceCertificate, "the certificate of %s expires in %s", s.Server.Domain, left)
	case left <= d.config.CertificateWarning:
		d.alertOf(s, Warning, SubjectCertificate, adviceCertificate, "the certificate of %s expires in %s", s.Server.Domain, left)
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
	stuck := s.memory.BacklogSince
	if s.memory.DrainingSince.After(stuck) {
		stuck = s.memory.DrainingSince
	}
	stats, asked := s.Stats.Get()
	backlog, _ := stats.Backlog.Get()
	switch {
	case late > 0:
		d.alertOf(s, Warning, SubjectRecording, adviceRecordings, "%s of server %d not done %s after the meeting, the oldest for %s; DiViMS keeps the machine",
			fact.Count(late, "recording"), s.Server.Number, d.config.RecordingMaxProcessing, longest).Since = d.now.Add(-longest)
	case s.draining() && !s.memory.BacklogSince.IsZero() && d.now.Sub(stuck) > d.config.RecordingMaxProcessing:
		d.alertOf(s, Warning, SubjectRecording, adviceStuckRecording, "server %d drains, and its recordings are in work for more than %s, without end (%s); DiViMS keeps the machine",
			s.Server.Number, d.config.RecordingMaxProcessing, stages(backlog)).Since = stuck
	}
	if asked && d.config.Recordings != RecordingsNone && s.machine != nil && !s.memory.Came.IsZero() && !stats.Backlog.Known() {
		d.alertOf(s, Warning, SubjectStats, adviceStats, "without its recording backlog the machine of server %d is never given up: %s",
			s.Server.Number, stats.Backlog.Reason()).Quote = stats.Backlog.Reason()
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

// warnStrangers adds an alert about the machines that have the pool's tag, but not the name
// of one of its servers.
func (d *decision) warnStrangers() {
	machines, _ := d.seen.Machines.Get()
	known := make(map[string]bool, len(d.servers))
	for _, s := range d.seen.Servers {
		known[s.Server.Hostname] = true
	}
	var strangers []string
	for _, machine := range machines {
		if !known[machine.Name] {
			strangers = append(strangers, machine.Name)
		}
	}
	if n := len(strangers); n > 0 {
		slices.Sort(strangers)
		if n > maxStrangers {
			strangers = append(strangers[:maxStrangers], "…")
		}
		d.alert(Warning, SubjectScaleway, adviceStranger, "%s with the pool's tag, but not the name of a server: %s; DiViMS leaves them alone, and they are paid for",
			fact.Count(n, "machine"), strings.Join(strangers, ", "))
	}
}

// maxStrangers is the most machines of no server that are named.
const maxStrangers = 10
