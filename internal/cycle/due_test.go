package cycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"divims/internal/pool"
	"divims/internal/scaling"
)

var usual = Every{Warning: 24 * time.Hour, Error: 8 * time.Hour, Critical: time.Hour}

// saga is what operators are told over many evaluations, five minutes apart.
type saga struct {
	t    *testing.T
	now  time.Time
	told map[string]pool.Told
	open []string
}

// evaluate goes on by five minutes and gives what is told: "new a, still b, over c".
func (s *saga) evaluate(alerts ...scaling.Alert) string {
	s.now = s.now.Add(5 * time.Minute)
	open := func(subject string) bool {
		return slices.Contains(s.open, subject) || slices.Contains(s.open, "everything")
	}
	n, known := due(s.now, usual, bySubject(alerts), open, watch(s.now, bySubject(alerts), open, s.told))
	s.told = known
	return n.String()
}

func (n news) String() string {
	var parts []string
	add := func(word string, matters []matter) {
		for _, m := range matters {
			parts = append(parts, fmt.Sprintf("%s %s %s", word, m.Level, m.Subject))
		}
	}
	add("new", n.Begun)
	add("still", n.Ongoing)
	add("over", n.Ended)
	return strings.Join(parts, ", ")
}

// during evaluates the same again and again for a while, and gives what is told,
// with the minutes since the beginning.
func (s *saga) during(d time.Duration, alerts ...scaling.Alert) (lines []string) {
	for begin := s.now; s.now.Sub(begin) < d; {
		if line := s.evaluate(alerts...); line != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", s.now.Sub(begin), line))
		}
	}
	return lines
}

func (s *saga) want(got []string, wanted ...string) {
	s.t.Helper()
	if !slices.Equal(got, wanted) {
		s.t.Errorf("told %q, wanted %q", got, wanted)
	}
}

func about(level scaling.Level, subject string) scaling.Alert {
	return scaling.Alert{Level: level, Subject: subject, Text: "text of " + subject}
}

func newSaga(t *testing.T) *saga { return &saga{t: t, now: noon} }

func TestWhatGoesOnIsToldAgainAfterItsTime(t *testing.T) {
	for level, want := range map[scaling.Level][]string{
		scaling.Warning:  {"5m0s: new warning a", "24h5m0s: still warning a"},
		scaling.Error:    {"5m0s: new error a", "8h5m0s: still error a", "16h5m0s: still error a", "24h5m0s: still error a"},
		scaling.Critical: {"5m0s: new critical a", "1h5m0s: still critical a", "2h5m0s: still critical a"},
	} {
		s := newSaga(t)
		got := s.during(25*time.Hour, about(level, "a"))
		s.want(got[:len(want)], want...)
	}
}

func TestTheEndIsToldWhenItWasSeenTwice(t *testing.T) {
	s := newSaga(t)
	s.want(s.during(30*time.Minute, about(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(24*time.Hour), "10m0s: over error a")
	if len(s.told) != 0 {
		t.Errorf("it is still remembered: %+v", s.told)
	}
	s.want(s.during(10*time.Minute, about(scaling.Error, "a")), "5m0s: new error a")
}

func TestABlipOfTheEndIsNotTold(t *testing.T) {
	s := newSaga(t)
	s.evaluate(about(scaling.Error, "a"))
	s.want(s.during(5 * time.Minute))
	s.want(s.during(7*time.Hour+45*time.Minute, about(scaling.Error, "a")))
	s.want(s.during(10*time.Minute, about(scaling.Error, "a")), "10m0s: still error a")
}

func TestGettingWorseIsNewAndGettingBetterIsNot(t *testing.T) {
	s := newSaga(t)
	s.want(s.during(30*time.Minute, about(scaling.Warning, "a")), "5m0s: new warning a")
	s.want(s.during(30*time.Minute, about(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(23*time.Hour, about(scaling.Warning, "a")))
	s.want(s.during(30*time.Minute, about(scaling.Error, "a")), "5m0s: still error a")
}

// TestWhatComesAndGoes is the example of due's comment: three messages in the
// first 8 hours, and then one in 8 hours at most.
func TestWhatComesAndGoes(t *testing.T) {
	s := newSaga(t)
	s.want(s.during(8*time.Hour, about(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(50*time.Minute), "10m0s: over error a")
	s.want(s.during(5*time.Minute, about(scaling.Error, "a")), "5m0s: new error a")
	s.want(s.during(5 * time.Minute))
	s.want(s.during(5*time.Minute, about(scaling.Error, "a")))
	s.want(s.during(24*time.Hour), "8h5m0s: over error a")
}

func TestHoweverOftenItComesAndGoesThereAreFewMessages(t *testing.T) {
	for name, phase := range map[string]time.Duration{"every evaluation": 5 * time.Minute, "every second one": 10 * time.Minute, "every hour": time.Hour, "every three hours": 3 * time.Hour} {
		s := newSaga(t)
		var lines []string
		for range int(24 * time.Hour / (2 * phase)) {
			lines = append(lines, s.during(phase, about(scaling.Error, "a"))...)
			lines = append(lines, s.during(phase)...)
		}
		if len(lines) > 6 {
			t.Errorf("%s: %d messages in a day: %q", name, len(lines), lines)
		}
	}
}

func TestWhatNobodyCouldSeeIsNotOver(t *testing.T) {
	s := newSaga(t)
	s.evaluate(about(scaling.Error, "a"), about(scaling.Error, "b"))
	s.open = []string{"a"}
	s.want(s.during(time.Hour), "10m0s: over error b")
	s.open = []string{"everything"}
	s.want(s.during(24 * time.Hour))
	s.open = nil
	s.want(s.during(5 * time.Minute))
	s.open = []string{"a"}
	s.want(s.during(time.Hour))
	s.open = nil
	s.want(s.during(5*time.Minute), "5m0s: over error a")
}

func TestWhatNobodyWasToldOfIsNotOver(t *testing.T) {
	s := newSaga(t)
	s.told = watch(s.now, []scaling.Alert{about(scaling.Error, "a")}, func(string) bool { return false }, nil)
	s.want(s.during(time.Hour))
	if len(s.told) != 0 {
		t.Errorf("it is still remembered: %+v", s.told)
	}
}

func TestWhatCameBackAndStayedEndsLikeEverythingElse(t *testing.T) {
	s := newSaga(t)
	s.evaluate(about(scaling.Error, "a"))
	s.want(s.during(10*time.Minute), "10m0s: over error a")
	s.want(s.during(20*time.Hour, about(scaling.Error, "a")), "5m0s: new error a", "8h5m0s: still error a", "16h5m0s: still error a")
	s.want(s.during(time.Hour), "10m0s: over error a")
}

func TestEventsHaveNoEnd(t *testing.T) {
	event := about(scaling.Warning, "a")
	event.Passing = true
	s := newSaga(t)
	s.want(s.during(5*time.Minute, event), "5m0s: new warning a")
	s.want(s.during(24*time.Hour - 10*time.Minute))
	s.want(s.during(5*time.Minute, event))
	s.want(s.during(5*time.Minute, event), "5m0s: new warning a")
	s.want(s.during(25 * time.Hour))
	if len(s.told) != 0 {
		t.Errorf("it is still remembered: %+v", s.told)
	}
}

func TestOneMessageGathersEverythingTheMostUrgentFirst(t *testing.T) {
	s := newSaga(t)
	s.evaluate(about(scaling.Critical, "on"), about(scaling.Warning, "gone"), about(scaling.Error, "gone too"))
	s.during(50*time.Minute, about(scaling.Critical, "on"), about(scaling.Warning, "gone"), about(scaling.Error, "gone too"))
	s.evaluate(about(scaling.Critical, "on"))
	s.want([]string{s.evaluate(about(scaling.Warning, "minor"), about(scaling.Critical, "on"), about(scaling.Error, "grave"))},
		"new error grave, new warning minor, still critical on, over error gone too, over warning gone")
}

func TestAlertsOfOneSubjectAreOne(t *testing.T) {
	list := bySubject([]scaling.Alert{about(scaling.Warning, "b"), about(scaling.Warning, "a"), about(scaling.Error, "a")})
	if len(list) != 2 || list[0].Subject != "a" || list[0].Level != scaling.Error || list[0].Text != "text of a; text of a" {
		t.Errorf("%+v", list)
	}
}

// TestOperatorsAreNeverWrong: at all times what they were told last of a matter is
// so, or became otherwise lately: within one evaluation that it began, within the
// level's time that it ended. And of one subject there are at most three messages in
// each of its times.
func TestOperatorsAreNeverWrong(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newSaga(t)
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
					alerts, absent = []scaling.Alert{about(level, "a")}, 0
				}
				line := s.evaluate(alerts...)
				if line != "" {
					messages++
				}
				switch {
				case strings.HasPrefix(line, "new"), strings.HasPrefix(line, "still"):
					believed = true
				case strings.HasPrefix(line, "over"):
					believed = false
				}
				if present && !believed {
					r.Fatal("it is so, and operators believe that it is not")
				}
				if believed && absent > usual.of(level)+10*time.Minute {
					r.Fatalf("it is over since %s, and operators believe that it is so", absent)
				}
			}
		}
		if most := 3 + 3*int(total/usual.of(level)); messages > most {
			r.Fatalf("%d messages in %s, %d at most", messages, total, most)
		}
	})
}
