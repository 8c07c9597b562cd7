package cycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

var usual = Every{Warning: 24 * time.Hour, Error: 8 * time.Hour, Critical: time.Hour}

// notifications simulates the messages of many evaluations, five minutes apart.
type notifications struct {
	t      *testing.T
	now    time.Time
	memory map[string]pool.NotifiedAlert
	// undecided are the subjects that evaluations cannot decide, or "everything".
	undecided []string
}

// evaluate advances five minutes and returns what is reported: "new error a, ongoing
// error b, resolved error c".
func (s *notifications) evaluate(alerts ...scaling.Alert) string {
	s.now = s.now.Add(5 * time.Minute)
	undecided := func(subject string) bool {
		return slices.Contains(s.undecided, subject) || slices.Contains(s.undecided, "everything")
	}
	merged := scaling.MergeAlerts(alerts)
	d, known := newDigest(s.now, usual, merged, undecided, track(s.now, merged, undecided, s.memory))
	s.memory = known
	return d.String()
}

func (d digest) String() string {
	var parts []string
	add := func(word string, alerts []trackedAlert) {
		for _, a := range alerts {
			parts = append(parts, fmt.Sprintf("%s %s %s", word, a.Level, a.Subject))
		}
	}
	add("new", d.New)
	add("ongoing", d.Ongoing)
	add("resolved", d.Resolved)
	return strings.Join(parts, ", ")
}

// during evaluates the same alerts for some time, and returns what is reported, with
// the time since the beginning.
func (s *notifications) during(d time.Duration, alerts ...scaling.Alert) (lines []string) {
	for begin := s.now; s.now.Sub(begin) < d; {
		if line := s.evaluate(alerts...); line != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", s.now.Sub(begin), line))
		}
	}
	return lines
}

func (s *notifications) want(got []string, wanted ...string) {
	s.t.Helper()
	if !slices.Equal(got, wanted) {
		s.t.Errorf("reported %q, want %q", got, wanted)
	}
}

// alertOn returns an alert on a subject.
func alertOn(level scaling.Level, subject string) scaling.Alert {
	return scaling.Alert{Level: level, Subject: subject, Text: fact.New("text of %s", subject)}
}

func newNotifications(t *testing.T) *notifications { return &notifications{t: t, now: noon} }

func TestOngoingAlertsAreRepeated(t *testing.T) {
	for level, want := range map[scaling.Level][]string{
		scaling.Warning:  {"5m0s: new warning a", "24h5m0s: ongoing warning a"},
		scaling.Error:    {"5m0s: new error a", "8h5m0s: ongoing error a", "16h5m0s: ongoing error a", "24h5m0s: ongoing error a"},
		scaling.Critical: {"5m0s: new critical a", "1h5m0s: ongoing critical a", "2h5m0s: ongoing critical a"},
	} {
		s := newNotifications(t)
		got := s.during(25*time.Hour, alertOn(level, "a"))
		s.want(got[:len(want)], want...)
	}
}

func TestResolvedAfterTwoAbsences(t *testing.T) {
	s := newNotifications(t)
	s.want(s.during(30*time.Minute, alertOn(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(24*time.Hour), "10m0s: resolved error a")
	if len(s.memory) != 0 {
		t.Errorf("still remembered: %+v", s.memory)
	}
	s.want(s.during(10*time.Minute, alertOn(scaling.Error, "a")), "5m0s: new error a")
}

func TestOneAbsenceIsNotReported(t *testing.T) {
	s := newNotifications(t)
	s.evaluate(alertOn(scaling.Error, "a"))
	s.want(s.during(5 * time.Minute))
	s.want(s.during(7*time.Hour+45*time.Minute, alertOn(scaling.Error, "a")))
	s.want(s.during(10*time.Minute, alertOn(scaling.Error, "a")), "10m0s: ongoing error a")
}

func TestHigherLevelIsNewAndLowerIsNot(t *testing.T) {
	s := newNotifications(t)
	s.want(s.during(30*time.Minute, alertOn(scaling.Warning, "a")), "5m0s: new warning a")
	s.want(s.during(30*time.Minute, alertOn(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(23*time.Hour, alertOn(scaling.Warning, "a")))
	s.want(s.during(30*time.Minute, alertOn(scaling.Error, "a")), "5m0s: ongoing error a")
}

// TestFlappingAlert is the example of newDigest's comment.
func TestFlappingAlert(t *testing.T) {
	s := newNotifications(t)
	s.want(s.during(8*time.Hour, alertOn(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(50*time.Minute), "10m0s: resolved error a")
	s.want(s.during(5*time.Minute, alertOn(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(5 * time.Minute))
	s.want(s.during(5*time.Minute, alertOn(scaling.Error, "a")))
	s.want(s.during(24*time.Hour), "8h5m0s: resolved error a")
}

func TestFlappingAlertsMakeFewMessages(t *testing.T) {
	for name, phase := range map[string]time.Duration{"changes at every evaluation": 5 * time.Minute, "every 10 minutes": 10 * time.Minute, "every hour": time.Hour, "every three hours": 3 * time.Hour} {
		s := newNotifications(t)
		var lines []string
		for range int(24 * time.Hour / (2 * phase)) {
			lines = append(lines, s.during(phase, alertOn(scaling.Error, "a"))...)
			lines = append(lines, s.during(phase)...)
		}
		if len(lines) > 6 {
			t.Errorf("%s: %d messages in a day: %q", name, len(lines), lines)
		}
	}
}

func TestUndecidedIsNotResolved(t *testing.T) {
	s := newNotifications(t)
	s.evaluate(alertOn(scaling.Error, "a"), alertOn(scaling.Error, "b"))
	s.undecided = []string{"a"}
	s.want(s.during(time.Hour), "10m0s: resolved error b")
	s.undecided = []string{"everything"}
	s.want(s.during(24 * time.Hour))
	s.undecided = nil
	s.want(s.during(5 * time.Minute))
	s.undecided = []string{"a"}
	s.want(s.during(time.Hour))
	s.undecided = nil
	s.want(s.during(5*time.Minute), "5m0s: resolved error a")
}

func TestUnreportedIsNotResolved(t *testing.T) {
	s := newNotifications(t)
	s.memory = track(s.now, []scaling.Alert{alertOn(scaling.Error, "a")}, func(string) bool { return false }, nil)
	s.want(s.during(time.Hour))
	if len(s.memory) != 0 {
		t.Errorf("still remembered: %+v", s.memory)
	}
}

func TestReturnedAlertThatStaysIsResolvedAtOnce(t *testing.T) {
	s := newNotifications(t)
	s.evaluate(alertOn(scaling.Error, "a"))
	s.want(s.during(10*time.Minute), "10m0s: resolved error a")
	s.want(s.during(20*time.Hour, alertOn(scaling.Error, "a")), "5m0s: new error a", "8h5m0s: ongoing error a", "16h5m0s: ongoing error a")
	s.want(s.during(time.Hour), "10m0s: resolved error a")
}

func TestEventsAreNotResolved(t *testing.T) {
	event := alertOn(scaling.Warning, "a")
	event.Passing = true
	s := newNotifications(t)
	s.want(s.during(5*time.Minute, event), "5m0s: new warning a")
	s.want(s.during(24*time.Hour - 10*time.Minute))
	s.want(s.during(5*time.Minute, event))
	s.want(s.during(5*time.Minute, event), "5m0s: new warning a")
	s.want(s.during(25 * time.Hour))
	if len(s.memory) != 0 {
		t.Errorf("still remembered: %+v", s.memory)
	}
}

func TestMostUrgentComesFirst(t *testing.T) {
	s := newNotifications(t)
	s.evaluate(alertOn(scaling.Critical, "on"), alertOn(scaling.Warning, "gone"), alertOn(scaling.Error, "gone too"))
	s.during(50*time.Minute, alertOn(scaling.Critical, "on"), alertOn(scaling.Warning, "gone"), alertOn(scaling.Error, "gone too"))
	s.evaluate(alertOn(scaling.Critical, "on"))
	s.want([]string{s.evaluate(alertOn(scaling.Warning, "minor"), alertOn(scaling.Critical, "on"), alertOn(scaling.Error, "grave"))},
		"new error grave, new warning minor, ongoing critical on, resolved error gone too, resolved warning gone")
}

func TestAlertsAreMergedBySubject(t *testing.T) {
	other := alertOn(scaling.Error, "a")
	other.Text = fact.New("another text")
	list := scaling.MergeAlerts([]scaling.Alert{alertOn(scaling.Warning, "b"), alertOn(scaling.Warning, "a"), other})
	if len(list) != 2 || list[0].Subject != "a" || list[0].Level != scaling.Error || list[0].Text.String() != "text of a; another text" {
		t.Errorf("%+v", list)
	}
}

// TestReportsStayTrue checks with random alerts that the last report on a subject is
// true, or has been wrong only shortly: a present alert is reported at once, and an
// absent one is reported as resolved within its interval. Each subject has at most
// three messages in each interval.
func TestReportsStayTrue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newNotifications(t)
		level := rapid.SampledFrom([]scaling.Level{scaling.Warning, scaling.Error, scaling.Critical}).Draw(r, "level")
		believed, absent, messages := false, time.Duration(0), 0
		total := time.Duration(0)
		for range 12 {
			present := rapid.Bool().Draw(r, "present")
			length := time.Duration(rapid.IntRange(1, 200).Draw(r, "length")) * 5 * time.Minute
			for range length / (5 * time.Minute) {
				total += 5 * time.Minute
				var alerts []scaling.Alert
				absent += 5 * time.Minute
				if present {
					alerts, absent = []scaling.Alert{alertOn(level, "a")}, 0
				}
				line := s.evaluate(alerts...)
				if line != "" {
					messages++
				}
				switch {
				case strings.HasPrefix(line, "new"), strings.HasPrefix(line, "ongoing"):
					believed = true
				case strings.HasPrefix(line, "resolved"):
					believed = false
				}
				if present && !believed {
					r.Fatal("the alert is present, but was not reported")
				}
				if believed && absent > usual.of(level)+10*time.Minute {
					r.Fatalf("the alert has been absent for %s, but was not reported as resolved", absent)
				}
			}
		}
		if most := 3 + 3*int(total/usual.of(level)); messages > most {
			r.Fatalf("%d messages in %s, want at most %d", messages, total, most)
		}
	})
}
