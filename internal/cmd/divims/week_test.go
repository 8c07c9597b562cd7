package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/cycle"
	"divims/internal/lab/demand"
	"divims/internal/lab/long"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
	"divims/internal/setup"
)

var update = flag.Bool("update", false, "write the golden files")

// weekStart is the midnight before the story's Monday.
var weekStart = time.Date(2065, time.March, 2, 0, 0, 0, 0, paris())

// weekCalendar announces a course of 260 people at a quarter past eight, when hardly
// anybody else is there, and an exam on Friday.
const weekCalendar = `BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:course
DTSTART;TZID=Europe/Paris:20650302T081500
DTEND;TZID=Europe/Paris:20650302T094500
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
SUMMARY:Analysis I\nusers=700
END:VEVENT
BEGIN:VEVENT
UID:exam
DTSTART;TZID=Europe/Paris:20650306T140000
DTEND;TZID=Europe/Paris:20650306T160000
SUMMARY:Exam\nusers=1500
END:VEVENT
END:VCALENDAR
`

// weekDemand returns the demand of a university, with the course of the calendar and an
// open day on Saturday.
func weekDemand(t *testing.T) []demand.Meeting {
	t.Helper()
	wanted, err := demand.Generate(demand.University, weekStart, weekStart.AddDate(0, 0, 7), 1, 700)
	if err != nil {
		t.Fatal(err)
	}
	gathering := func(day, hour, minute, people int) demand.Meeting {
		return demand.Meeting{Start: weekStart.AddDate(0, 0, day).Add(time.Duration(hour*60+minute) * time.Minute),
			Duration: 85 * time.Minute, Participants: people, Join: 3 * time.Minute, Leave: time.Minute, Recorded: true}
	}
	for day := monday; day <= friday; day++ {
		wanted = append(wanted, gathering(day, 8, 16, 130), gathering(day, 8, 17, 130))
	}
	wanted = append(wanted, gathering(saturday, 14, 0, 60), gathering(saturday, 14, 10, 60))
	slices.SortStableFunc(wanted, func(a, b demand.Meeting) int { return a.Start.Compare(b.Start) })
	return wanted
}

// newWeek returns a pool on a Sunday evening. Only its settings exist.
func newWeek(t *testing.T) *operator {
	t.Helper()
	start := weekStart.Add(-6 * time.Hour)
	const meetings = 40 // of a server
	o := &operator{start: weekStart}
	o.site = startSite(t, sandbox.Config{
		Unprovisioned: true, Moving: true, Inbox: true,
		Calendar: []byte(weekCalendar),
		World: world.Config{
			Start: start, Seed: 1, Zones: []string{"fr-par-1", "fr-par-2"}, Meetings: weekDemand(t), ServerMeetings: meetings,
			Shipped: true, RecordingWork: 0.3,
			Servers: pool.Servers(8, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		},
	})
	o.deploy("POLICIES=load,schedule", "CALENDAR_MODE=window", fmt.Sprintf("SERVER_MEETINGS=%d", meetings), "NOTIFY_EVERY_CRITICAL=30m")
	settings := o.settings()
	o.known = knowledge{open: map[string]notice{}, every: settings.Evaluation.Every}
	return o
}

// TestAnOperatorsWeek sets a pool up from nothing and runs it for a week, with everything
// that operators must deal with. Nobody is thrown out of a meeting or refused one, and
// no recording is lost except the one that an operator gives up. Only a full run goes
// beyond the setup.
func TestAnOperatorsWeek(t *testing.T) {
	t.Parallel()
	sandbox.TestInVirtualTime(t, weekStart.Add(-6*time.Hour), tellTheWeek)
}

func tellTheWeek(t *testing.T) {
	o := newWeek(t)
	o.setUp()
	if !long.Run() {
		o.compareDiary("testdata/week.txt")
		return
	}
	o.ordinaryDay()
	o.changeADisk()
	o.rollOutAnImage()
	o.loseScalelite()
	o.runOutOfACertificateAndOfMachines()
	o.loseAMachineAUnitAndARecording()
	o.intervene()
	o.payAndShrink()
	o.findNoSecret("the log", o.log.String())
	o.compareDiary("testdata/week.txt")
}

// The verdicts of a pool with alerts.
const (
	atWarning  = report.Verdict(scaling.Warning)
	atError    = report.Verdict(scaling.Error)
	atCritical = report.Verdict(scaling.Critical)
)

// setUp provisions all servers, three of them in another zone.
func (o *operator) setUp() {
	o.t.Helper()
	for _, part := range []struct{ size, zone string }{{"5", "fr-par-1"}, {"8", "fr-par-2"}} {
		o.set("POOL_SIZE=" + part.size)
		if _, text, err := o.provision(o.t.Context(), func(p *provisioning) { p.zone = part.zone }); err != nil {
			o.t.Fatalf("%v: %s", err, text)
		}
	}
	o.note("8 servers have got addresses, names and entries.")
	findings, text, err := o.check()
	if err != nil || findings.Count(setup.OK) != len(findings.Findings)-1 || !strings.HasPrefix(text, "warning evaluations: none has been recorded yet\n") {
		o.t.Errorf("%v: %s", err, text)
	}
	o.until(eve, "18:05")
	o.expectMessages("NEW warning: state")
	o.expectStatus(atWarning, "DiViMS has no record of an earlier evaluation of this pool")
	o.until(eve, "18:30")
	o.expectStatus(report.Well, "No alerts.", "1 required", "of 8 in the pool")
	if findings, text, err := o.check(); err != nil || findings.Count(setup.OK) != len(findings.Findings) {
		o.t.Errorf("%v: %s", err, text)
	}
	o.note("One server is up; the check finds nothing wrong.")
}

// startCourse runs until the course of the calendar begins, and checks that it has room.
// known: changes at Scalelite overlap today, so one may be refused, and then a server comes
// one evaluation late.
func (o *operator) startCourse(day int) {
	o.t.Helper()
	refused := false
	o.watch = func(record cycle.Record) {
		refused = refused || slices.ContainsFunc(record.Outcomes, func(outcome cycle.Outcome) bool {
			return outcome.Kind == scaling.Enable && strings.Contains(outcome.Detail, "concurrently modified")
		})
	}
	o.until(day, "08:15")
	o.watch = nil
	if refused {
		o.note("Scalelite refused a change beside another, so a server comes late.")
		o.until(day, "08:20")
	}
	if up := o.up(); len(up) < 3 {
		o.t.Errorf("%s: servers %v are up; 3 were announced", o.now(), up)
	}
}

func (o *operator) ordinaryDay() {
	o.t.Helper()
	o.startCourse(monday)
	o.note("The course begins with %d people in the pool; servers %v are up.", o.last.Participants, o.up())
	o.until(monday, "10:30")
	o.expectStatus(report.Well, "No alerts.")
	o.until(monday, "23:00")
	o.expectMessages()
	o.note("The day is over; there was no message. Servers %v are up.", o.up())
}

// changeADisk takes a server into maintenance, and checks that DiViMS does nothing to it
// until the maintenance ends.
func (o *operator) changeADisk() {
	o.t.Helper()
	o.startCourse(tuesday)
	o.until(tuesday, "10:30")
	number := o.up()[0]
	server := o.last.Servers[number-1]
	o.order("maintenance", "start", fmt.Sprint(number), "--reason", "new disk", "--author", "Ada")
	o.note("Ada takes server %d into maintenance.", number)
	o.with(func(w *world.World) error {
		for _, entry := range w.Entries() {
			if entry.URL == entryURL(server.Domain) {
				return w.SetState(entry.ID, pool.Cordoned)
			}
		}
		return fmt.Errorf("%s has no entry", server.Domain)
	})
	o.watch = func(record cycle.Record) {
		for _, outcome := range record.Outcomes {
			if outcome.Server == number {
				o.t.Errorf("%s: server %d is in maintenance, and yet: %s", o.now(), number, outcome)
			}
		}
	}
	o.until(tuesday, "13:00")
	o.expectStatus(report.Well, "in maintenance since 10:30 (Ada): new disk")
	if text := o.order("status"); !strings.Contains(text, "in maintenance: new disk") {
		o.t.Errorf("%s: the status does not tell of the maintenance:\n%s", o.now(), text)
	}
	if left := o.last.Servers[number-1]; left.Meetings != pool.Seen(0) {
		o.t.Fatalf("%s: there are still meetings on server %d: %+v", o.now(), number, left)
	}
	o.with(func(w *world.World) error { return w.Reboot(server.Machine.ID) })
	o.note("The last of its meetings is over, and Ada switches it off and on again.")
	o.until(tuesday, "18:00")
	o.watch = nil
	o.order("maintenance", "end", fmt.Sprint(number), "--author", "Ada")
	o.until(tuesday, "18:05")
	if status := o.expectStatus(report.Well); status.Last.Servers[number-1].Maintenance != nil || len(status.Last.Interventions) != 1 {
		o.t.Errorf("%s: server %d is still in maintenance: %+v", o.now(), number, status.Last)
	}
	o.note("Server %d is back in DiViMS's hands.", number)
	o.until(tuesday, "23:00")
	o.expectMessages()
}

// rollOutAnImage adds a newer image, and checks that the machines of the old one are
// replaced in the quiet hours, at most two at once.
func (o *operator) rollOutAnImage() {
	o.t.Helper()
	o.startCourse(wednesday)
	o.until(wednesday, "17:00")
	o.with(func(w *world.World) error {
		for i, zone := range w.Zones() {
			w.AddImage(pool.Image{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", 100+i), Zone: zone, Name: "bbb-2065-03-04", Created: w.Now()})
		}
		return nil
	})
	o.note("There is a newer image; servers %v are up.", o.up())
	replaced := 0
	o.watch = func(record cycle.Record) {
		for _, outcome := range record.Outcomes {
			if !strings.Contains(outcome.Reason, "older than the image bbb-2065-03-04") || outcome.Kind != scaling.Cordon {
				continue
			}
			replaced++
			if at := o.sandbox.Now(); at.Before(o.clock(wednesday, "19:00")) || !at.Before(o.clock(thursday, "06:00")) {
				o.t.Errorf("%s: it is not the hour for %s", o.now(), outcome)
			}
			if record.Draining >= 2 {
				o.t.Errorf("%s: %d machines drain, and yet: %s", o.now(), record.Draining, outcome)
			}
		}
	}
	o.until(wednesday, "17:10")
	o.expectMessages("NEW warning: image bbb-2065-03-04")
	o.expectStatus(atWarning, "made from an older image")
	o.until(thursday, "06:00")
	o.watch = nil
	o.expectMessages("RESOLVED warning: image bbb-2065-03-04")
	o.expectStatus(report.Well)
	o.with(func(w *world.World) error {
		for _, machine := range w.Machines() {
			if !strings.HasPrefix(machine.ImageID, "00000000-0000-4000-8000-00000000010") {
				o.t.Errorf("%s is still of the old image", machine.Name)
			}
		}
		return nil
	})
	if replaced == 0 {
		o.t.Error("no machine was replaced for the image")
	}
	o.note("All machines are of the new image; %d servers were replaced for it.", replaced)
}

// loseScalelite takes Scalelite away for 40 minutes in the middle of the day, and checks
// that nothing is changed without its entries.
func (o *operator) loseScalelite() {
	o.t.Helper()
	o.startCourse(thursday)
	o.until(thursday, "11:00")
	o.expectMessages()
	o.sandbox.Faults().Reset()
	o.fault("scalelite", "*", faults.BadGateway)
	o.note("Scalelite is down; the proxy in front of it says so.")
	o.blind = true
	o.until(thursday, "11:25")
	o.expectMessages("NEW critical: Scalelite")
	o.expectStatus(atCritical, "It could not read Scalelite's entries or Scaleway's machines, so it changed nothing.", "nothing is changed")
	o.until(thursday, "11:40")
	o.expectMessages("ONGOING critical: Scalelite")
	o.blind = false
	if changed := changesAmong(o.sandbox.Faults().Calls()); len(changed) > 0 {
		o.t.Errorf("without sight DiViMS changes %v", changed)
	}
	o.sandbox.Faults().Clear()
	o.note("Scalelite is up again.")
	o.until(thursday, "11:50")
	o.expectMessages("RESOLVED critical: Scalelite")
	o.expectStatus(report.Well)
	o.until(thursday, "23:00")
	o.expectMessages()
	o.note("The day went on as if nothing had been.")
}

// runOutOfACertificateAndOfMachines lets a certificate expire on Friday, then takes one zone
// and then all zones out of stock. Machines of one zone replace machines of the other.
func (o *operator) runOutOfACertificateAndOfMachines() {
	o.t.Helper()
	const first, second = "POP2-HC-8C-16G", "POP2-8C-32G"
	o.until(friday, "06:00")
	number := o.up()[0]
	certificate := scaling.SubjectCertificate(number)
	renew := o.expire(number, 12*24*time.Hour)
	o.until(friday, "06:30")
	o.expectMessages("NEW warning: " + certificate)
	o.expectStatus(atWarning, certificate, "expires in 11d23h30m")
	renewSooner := o.expire(number, 4*24*time.Hour)
	o.until(friday, "07:00")
	o.expectMessages("NEW error: " + certificate)
	o.expectStatus(atError, "expires in 3d23h30m")
	renew()
	renewSooner()
	o.note("The certificate is renewed.")
	o.until(friday, "07:30")
	o.expectMessages("RESOLVED error: " + certificate)

	restock := o.sellOut(world.Offer{Zone: "fr-par-1", Type: first})
	o.startCourse(friday)
	types := map[string]int{}
	for _, server := range o.last.Servers {
		if server.Machine != nil && server.Machine.Since.After(o.clock(friday, "07:30")) {
			types[server.Machine.Type+" in "+server.Machine.Zone]++
		}
	}
	if types[second+" in fr-par-1"] == 0 || types[first+" in fr-par-1"] > 0 {
		o.t.Errorf("%s: new machines are %v", o.now(), types)
	}
	o.expectMessages()
	o.note("%s is out of stock in fr-par-1; new machines are %v.", first, types)

	restockZone := o.sellOut(world.Offer{Zone: "fr-par-1"})
	o.note("From now on no machine can be had in fr-par-1.")
	o.until(friday, "08:35")
	o.expectMessages() // those of fr-par-2 came through
	o.expectStatus(report.Well)
	if up := o.up(); !slices.Contains(up, 6) || !slices.Contains(up, 7) {
		o.t.Errorf("%s: servers %v are up; want the servers of fr-par-2 among them", o.now(), up)
	}
	o.note("Servers of fr-par-2 take the place of those that cannot be had: servers %v are up.", o.up())
	restock()
	restockZone()
	o.until(friday, "11:00")
	o.expectMessages()

	o.until(friday, "13:45")
	restock = o.sellOut(world.Offer{})
	o.note("No machine can be had at all, and an exam is announced.")
	o.until(friday, "14:30")
	o.expectMessages("NEW error: stock")
	o.expectStatus(atError, "no machine can be had", "Add zones to DIVIMS_ZONES")
	restock()
	o.until(friday, "15:30")
	o.expectMessages("RESOLVED error: stock")
	if up := o.up(); len(up) < 6 {
		o.t.Errorf("%s: servers %v are up; the exam needs 6", o.now(), up)
	}
	o.note("There are machines again: servers %v are up.", o.up())
	o.until(friday, "23:00")
	o.expectMessages()
	o.expectStatus(report.Well)
}

// sellOut makes the machines of an offer out of stock until restock is called.
func (o *operator) sellOut(offer world.Offer) (restock func()) {
	o.t.Helper()
	var end func()
	o.with(func(w *world.World) error { end = w.SellOut(offer); return nil })
	return func() { o.with(func(*world.World) error { end(); return nil }) }
}

// expire makes a server's certificate expire after a time, unless renew is called.
func (o *operator) expire(number int, in time.Duration) (renew func()) {
	o.t.Helper()
	renew, err := o.sandbox.SpoilCertificate(number, world.CertificateFault{Expires: o.sandbox.Now().Add(in)})
	if err != nil {
		o.t.Fatal(err)
	}
	o.note("The certificate of %s expires in %d days.", o.last.Servers[number-1].Domain, in/(24*time.Hour))
	return renew
}

// loseAMachineAUnitAndARecording plans a maintenance of a machine on Saturday, and lets a
// recording and a unit fail.
func (o *operator) loseAMachineAUnitAndARecording() {
	o.t.Helper()
	o.until(saturday, "08:00")
	planned := o.up()[0]
	machine := o.last.Servers[planned-1].Machine.ID
	o.with(func(w *world.World) error {
		return w.PlanMaintenance(machine, pool.PlannedMaintenance{Reason: "host", Start: o.clock(sunday, "20:00")})
	})
	o.note("Scaleway announces a maintenance of server %d's machine for tomorrow evening.", planned)
	o.untilReplaced(planned, saturday, "10:00")
	o.expectMessages()

	o.until(saturday, "15:40")
	failed := 0
	o.with(func(w *world.World) error {
		for _, server := range o.last.Servers {
			if failed == 0 && w.FailRecording(server.Domain) == nil {
				failed = server.Number
			}
		}
		return nil
	})
	o.note("A recording of the open day fails on server %d.", failed)
	o.until(saturday, "18:00")
	o.expectMessages(fmt.Sprintf("NEW error: server %d", failed))
	o.expectStatus(atError, "malfunctioning: recordings failed")
	if up := o.up(); slices.Contains(up, failed) || len(up) == 0 || o.last.Servers[failed-1].Machine == nil {
		o.t.Errorf("%s: servers %v are up; %d should drain, and keep its machine", o.now(), up, failed)
	}

	sick := o.up()[0]
	o.with(func(w *world.World) error { w.Break(sick, world.UnitDown{Unit: "bbb-web.service"}); return nil })
	o.note("A unit of BBB fails on server %d.", sick)
	o.untilReplaced(sick, saturday, "20:00")
	o.expectMessages(fmt.Sprintf("NEW error: server %d", sick), fmt.Sprintf("RESOLVED error: server %d", sick))
	o.failed = failed
}

// untilReplaced runs until a time, and checks that the machine which a server had is gone
// then, and that a server was up all the while.
func (o *operator) untilReplaced(number, day int, clock string) {
	o.t.Helper()
	machine := o.last.Servers[number-1].Machine.ID
	o.watch = func(cycle.Record) {
		if len(o.up()) == 0 {
			o.t.Errorf("%s: no server is up", o.now())
		}
	}
	o.until(day, clock)
	o.watch = nil
	if left := o.last.Servers[number-1].Machine; left != nil && left.ID == machine {
		o.t.Errorf("%s: server %d still has its machine", o.now(), number)
	}
	o.note("Servers %v are up; the machine that server %d had is gone.", o.up(), number)
}

// intervene gives orders: pause, recycle, force and end-drain.
func (o *operator) intervene() {
	o.t.Helper()
	o.until(sunday, "09:00")
	o.expectMessages(fmt.Sprintf("ONGOING error: server %d", o.failed), fmt.Sprintf("ONGOING error: server %d", o.failed))
	signed := []string{"--author", "Ada", "--reason", "power works"}
	recycled := o.up()[0]
	o.order(append([]string{"pause"}, signed...)...)
	o.order(append([]string{"recycle", fmt.Sprint(recycled)}, signed...)...)
	o.note("Ada pauses the pool, and wants server %d recycled.", recycled)
	o.watch = func(record cycle.Record) {
		if len(record.Outcomes) > 0 {
			o.t.Errorf("%s: it is paused, and yet: %v", o.now(), record.Outcomes)
		}
	}
	o.until(sunday, "09:30")
	o.expectMessages("NEW warning: paused")
	o.expectStatus(atError, "Paused by Ada: DiViMS changes nothing.", "power works")
	o.order("resume", "--author", "Ada")
	o.untilReplaced(recycled, sunday, "11:00")
	o.expectMessages("RESOLVED warning: paused")

	o.order(append([]string{"force", "3", "--for", "2h"}, signed...)...)
	o.note("Ada forces 3 servers for two hours.")
	o.until(sunday, "12:55")
	o.expectStatus(atError, "Forced by Ada: 3 servers until 13:00.")
	if up := o.up(); len(up) != 3 {
		o.t.Errorf("%s: servers %v are up, 3 are forced", o.now(), up)
	}
	o.until(sunday, "14:00")
	if up := o.up(); len(up) != 1 {
		o.t.Errorf("%s: servers %v are up, none is forced any more", o.now(), up)
	}

	o.order(append([]string{"end-drain", fmt.Sprint(o.failed), "--confirm", o.last.Servers[o.failed-1].Hostname, "--discard-recordings"}, signed...)...)
	o.note("Ada has saved the failed recording by hand, and gives server %d's machine up.", o.failed)
	o.lost = 1
	o.untilReplaced(o.failed, sunday, "15:00")
	o.expectMessages(fmt.Sprintf("RESOLVED error: server %d", o.failed))
	o.expectStatus(report.Well)
}

// payAndShrink checks the costs of the week, and takes two servers out of the pool.
func (o *operator) payAndShrink() {
	o.t.Helper()
	o.until(sunday, "17:00")
	status := o.expectStatus(report.Well, "A fixed pool of 8 machines")
	var tally world.Tally
	o.sandbox.With(func(w *world.World) { tally = w.Tally() })
	saved, _ := status.Month.Saved().Get()
	if hours := status.Month.MachineHours; hours < 0.9*tally.ServerHours || hours > 1.1*tally.ServerHours || saved < 0.5 {
		o.t.Errorf("the page counts %.1f machine-hours, %.0f %% saved; there were %.1f", hours, 100*saved, tally.ServerHours)
	}
	euros, _ := status.Month.Euros.Get()
	fixed, _ := status.Month.FixedEuros.Get()
	o.note("The week took %.1f machine-hours and %.2f €; a fixed pool would cost %.2f €.", status.Month.MachineHours, euros, fixed)

	o.deploy("POOL_SIZE=6")
	o.until(sunday, "17:05")
	if _, text, err := o.provision(o.t.Context(), func(p *provisioning) { p.remove = true }); err != nil {
		o.t.Fatalf("%v: %s", err, text)
	}
	if state := o.state(); strings.Contains(state, "bbb-w7.") || strings.Contains(state, "bbb-w8.") || strings.Count(state, "\nentry ") != 6 {
		o.t.Errorf("of the pool there is\n%s", state)
	}
	o.note("The pool has 6 servers.")
	o.until(sunday, "23:55")
	o.expectMessages()
	o.expectStatus(report.Well, "of 6 in the pool")
	if findings, text, err := o.check(); err != nil || findings.Count(setup.OK) != len(findings.Findings) {
		o.t.Errorf("%v: %s", err, text)
	}
	o.sandbox.With(func(w *world.World) { tally = w.Tally() })
	o.note("%d evaluations; %d machines were made and %d deleted; at most %d people; 0 meetings refused or interrupted.",
		o.evaluations, tally.MachinesCreated, tally.MachinesDeleted, tally.PeakParticipants)
}

// compareDiary compares the diary with the golden file, which is also for people to read. A
// short run compares the beginning.
func (o *operator) compareDiary(name string) {
	o.t.Helper()
	if *update && long.Run() {
		if err := os.WriteFile(name, []byte(o.diary.String()), 0o644); err != nil {
			o.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		o.t.Fatal(err)
	}
	if got := o.diary.String(); long.Run() && got != string(want) || !strings.HasPrefix(string(want), got) {
		o.t.Errorf("the diary differs from %[2]s; if that is right, run the test with -update:\n%[1]s", o.diary.String(), name)
	}
}
