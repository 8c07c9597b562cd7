package scaling

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/client/calendar"
	"divims/internal/config/setting"
	"divims/internal/pool"
)

// scheduleVector is one entry of calendar.json: an input and the predecessor's answer.
type scheduleVector struct {
	ID, Kind, Note, Quirk, Bug string
	Config                     struct {
		Size     int `json:"pool_size"`
		Capacity int `json:"pool_capacity"`
	}
	Now   time.Time
	Input struct {
		Calendar, Fetch string
		StoredCopy      string `json:"stored_copy"`
	}
	Expected struct {
		Returned   json.RawMessage
		EventStart string `json:"event_start"`
	}
}

// none is the number for an answer that is unknown.
const none = -1

// rightAnswers are the right answers where the predecessor's answer is a bug.
var rightAnswers = map[string]int{
	"cal-037": 5,    // RDATE adds to RRULE
	"cal-050": 12,   // an all-day event begins at midnight in the calendar's zone
	"cal-054": 1,    // a floating time is in the calendar's zone
	"cal-089": 2,    // a bracket on another line of the summary is ignored
	"cal-090": none, // users=abc
	"cal-091": none, // users=
	"cal-092": 5,    // users=1 500 are 1500
	"cal-093": 2,    // users=333,5 are 334
	"cal-097": none, // users=%50
	"cal-100": none, // users=yes
	"cal-107": none, // a malformed date makes the calendar unreadable
	"cal-108": none, // a malformed rule makes the calendar unreadable
	"cal-109": 2,    // a repeated event may lack a UID
	"cal-112": 2,    // UTC times need no VTIMEZONE
	"cal-113": 2,    // Romance Standard Time is Europe/Paris
	"cal-118": 1,    // an invented zone is read from its VTIMEZONE
	"cal-120": 2,    // DURATION instead of DTEND
	"cal-121": 2,    // neither DTEND nor DURATION
	"cal-122": 2,    // an all-day event without DTEND
	"cal-127": 6,    // a sign-in page does not replace the stored copy
	"cal-130": 14,   // a series may have begun long ago
	"cal-140": 14,   // counted in integers
	"cal-141": 7,    // counted in integers
	"cal-146": 18,   // RANGE=THISANDFUTURE also changes the following days
}

func TestScheduleVectors(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data", "divims")
	text, err := os.ReadFile(filepath.Join(folder, "calendar.json"))
	if err != nil {
		t.Skip("the recorded vectors are not beside this repository: ", err)
	}
	var vectors []scheduleVector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			read := v.calendar(t, folder)
			answer := scheduleAnswer(v.Now, Config{ScheduleMode: ScheduleStep, Size: v.Config.Size, Capacity: v.Config.Capacity}, read, 0)
			got, ok := answer.Servers.Get()
			if !ok {
				got = none
			}
			right, known := rightAnswers[v.ID]
			if v.Bug != "" && !known {
				t.Logf("a bug of the predecessor: %s; our answer: %d %q", v.Bug, got, answer.Why)
				return
			}
			if v.Bug == "" {
				right = v.servers(t)
			}
			if got != right {
				t.Errorf("%s: %d servers, want %d; %q", v.Note, got, right, answer.Why)
			}
			if v.Bug == "" && v.Quirk == "" && v.Expected.EventStart != "" {
				v.checkStart(t, read)
			}
		})
	}
}

// servers returns the recorded answer. "No change" (-1) and "failed" (false) both mean
// that the policy has no answer.
func (v scheduleVector) servers(t *testing.T) int {
	t.Helper()
	if string(v.Expected.Returned) == "false" {
		return none
	}
	var n int
	if err := json.Unmarshal(v.Expected.Returned, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// calendar reads the vector's calendar as an evaluation does.
func (v scheduleVector) calendar(t *testing.T, folder string) pool.Reading[pool.Calendar] {
	t.Helper()
	file := func(name string) []byte {
		if name == "" {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	feed, stored := file(v.Input.Calendar), file(v.Input.StoredCopy)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if v.Input.Fetch != "ok" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(feed)
	}))
	defer server.Close()
	client := calendar.New(calendar.Settings{URL: pool.NewSecret(server.URL)}, time.UTC, server.Client())
	client.Pauses = make([]time.Duration, len(client.Pauses))

	read, keep, err := client.Events(t.Context(), v.Now.AddDate(0, 0, -stepDays-1), v.Now.Add(time.Hour), stored)
	if v.Kind == "fetch" && keep != nil {
		t.Errorf("a failing feed replaces the stored copy")
	}
	return pool.Read(read, err)
}

// checkStart also compares the event that was chosen.
func (v scheduleVector) checkStart(t *testing.T, read pool.Reading[pool.Calendar]) {
	t.Helper()
	seen, _ := read.Get()
	chosen := steps(seen.Events, v.Now, 0)
	if len(chosen) != 1 {
		t.Fatalf("%d events are in force, want one", len(chosen))
	}
	layout, start := "2006-01-02T15:04:05", chosen[0].Start
	if strings.HasSuffix(v.Expected.EventStart, "Z") {
		layout, start = time.RFC3339, start.UTC()
	} else if !strings.Contains(v.Expected.EventStart, "T") {
		layout = time.DateOnly
	}
	if got := start.Format(layout); got != v.Expected.EventStart {
		t.Errorf("%s: the event that began %s is in force, want %s", v.Note, got, v.Expected.EventStart)
	}
}

var scheduleNow = time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)

// at returns an event that begins and ends so many minutes after scheduleNow.
func at(begin, end int, summary string) pool.Event {
	minutes := func(n int) time.Time { return scheduleNow.Add(time.Duration(n) * time.Minute) }
	return pool.Event{Start: minutes(begin), End: minutes(end), Summary: summary}
}

// scheduleTests are calendars with the servers that they require, at a lead time of 15
// minutes.
var scheduleTests = []struct {
	name     string
	mode     ScheduleMode
	events   []pool.Event
	want     int
	property string
}{
	{"step, larger soon", ScheduleStep, []pool.Event{at(-60, -30, "users=100"), at(10, 60, "users=900")}, 9,
		"what starts within the lead time applies now"},
	{"step, smaller soon", ScheduleStep, []pool.Event{at(-60, -30, "users=900"), at(10, 60, "users=100")}, 9,
		"what is in force now applies until it ends"},
	{"step, too far", ScheduleStep, []pool.Event{at(-60, -30, "users=100"), at(15, 60, "users=900")}, 1,
		"what starts after the lead time does not apply yet"},
	{"step, first event soon", ScheduleStep, []pool.Event{at(10, 60, "users=300")}, 3,
		"if no event has begun, the next one is the answer"},
	{"step, older event", ScheduleStep, []pool.Event{at(-60, 60, "users=900"), at(-30, -20, "users=100")}, 1,
		"only the event that began last is in force"},
	{"step, without users soon", ScheduleStep, []pool.Event{at(-60, 60, "users=900"), at(10, 20, "holiday")}, 9,
		"an event without users= does not remove what is in force now"},
	{"step, without users", ScheduleStep, []pool.Event{at(-90, 60, "users=900"), at(-60, -50, "holiday")}, none,
		"if only an event without users= is in force, there is no answer"},
	{"step, none", ScheduleStep, nil, none, "without an event there is no answer"},
	{"window, over", ScheduleWindow, []pool.Event{at(-60, 0, "users=900")}, 0,
		"an event is not in force at its end"},
	{"window, overlap", ScheduleWindow, []pool.Event{at(-60, 60, "users=900"), at(-30, 60, "users=100")}, 9,
		"of overlapping events the largest counts"},
	{"window, soon", ScheduleWindow, []pool.Event{at(-60, 60, "users=100"), at(15, 60, "users=900")}, 9,
		"what starts within the lead time applies now"},
	{"window, without users", ScheduleWindow, []pool.Event{at(-60, 60, "holiday")}, 0,
		"an event without users= is ignored"},
	{"window, unreadable", ScheduleWindow, []pool.Event{at(-60, 60, "users=abc")}, none,
		"a demand that cannot be read is not a demand of 0"},
	{"window, no time", ScheduleWindow, []pool.Event{at(5, 5, "users=900")}, 0,
		"an event without a duration is ignored"},
	{"window, cancelled", ScheduleWindow, []pool.Event{{Start: scheduleNow, End: scheduleNow.Add(time.Hour), Summary: "users=900", Cancelled: true}}, 0,
		"a cancelled event is ignored"},
	{"unknown mode", "weekly", []pool.Event{at(-60, 60, "users=100")}, none, "in an unknown mode there is no answer"},
}

func TestScheduleLooksAhead(t *testing.T) {
	const leadTime = 15 * time.Minute
	for _, test := range scheduleTests {
		t.Run(test.name, func(t *testing.T) {
			answer := scheduleRequired(scheduleNow, Config{ScheduleMode: test.mode, Interval: leadTime, Size: 10, Capacity: 1000}, pool.Calendar{Events: test.events})
			servers, why := answer.Servers, answer.Why
			got, ok := servers.Get()
			if !ok {
				got = none
			}
			if got != test.want {
				t.Errorf("%s: %d servers, want %d; %q", test.property, got, test.want, why)
			}
		})
	}
}

// TestScheduleCreatesEarly has calendars with the servers that they require at a lead time
// of 12 minutes, of 100 servers of which 20 are enabled, if an evaluation creates 10.
func TestScheduleCreatesEarly(t *testing.T) {
	for _, test := range []struct {
		name     string
		mode     ScheduleMode
		events   []pool.Event
		want     int
		property string
	}{
		{"window", ScheduleWindow, []pool.Event{at(42, 100, "users=100%")}, 40,
			"6 evaluations after this one create 60 of the 100 in time"},
		{"step", ScheduleStep, []pool.Event{at(-60, 0, "users=1%"), at(42, 100, "users=100%")}, 30,
			"in mode step the evaluation at 8:30 is in time, too: the event is not in force at its start"},
		{"window, between evaluations", ScheduleWindow, []pool.Event{at(41, 100, "users=100%")}, 40,
			"the evaluation 10 minutes before is not in time for this event, but the one 15 minutes before is"},
		{"not limited", ScheduleWindow, []pool.Event{at(42, 100, "users=50%")}, 0,
			"what the later evaluations can create is not created early"},
		{"window, short", ScheduleWindow, []pool.Event{at(42, 43, "users=100%")}, 40,
			"an event shorter than an interval counts"},
		{"step, replaced soon", ScheduleStep, []pool.Event{at(-60, 0, "users=1%"), at(42, 43, "users=100%"), at(43, 44, "users=1%")}, 30,
			"an event counts although another begins soon after it"},
		{"step, same start", ScheduleStep, []pool.Event{at(-60, 0, "users=1%"), at(42, 43, "users=1%"), {Start: at(42, 0, "").Start, End: at(42, 0, "").Start, Summary: "users=100%", Order: 1}}, 1,
			"of events that begin at once only the one with the lowest order is ever in force"},
		{"step, holds", ScheduleStep, []pool.Event{at(-60, -30, "users=70%"), at(42, 100, "users=100%")}, 70,
			"the event that began last is in force until the next one, and requires more than what must be created early"},
		{"window, two rises", ScheduleWindow, []pool.Event{at(42, 100, "users=65%"), at(62, 100, "users=100%")}, 5,
			"of several events the one that needs most now decides"},
		{"window, far", ScheduleWindow, []pool.Event{at(194, 300, "users=100%")}, 0,
			"10 evaluations suffice for an event in 3 hours"},
		{"window, above the size", ScheduleWindow, []pool.Event{at(62, 100, "users=30000")}, 0,
			"what the pool does not have cannot be created early"},
		{"window, cancelled", ScheduleWindow, []pool.Event{{Start: at(42, 0, "").Start, End: at(90, 0, "").Start, Summary: "users=100%", Cancelled: true}}, 0,
			"a cancelled event is ignored"},
		{"window, unreadable", ScheduleWindow, []pool.Event{at(42, 100, "users=abc"), at(43, 100, "users=100%")}, 30,
			"an event that cannot be read does not hide another"},
		{"step, no answer now", ScheduleStep, []pool.Event{at(42, 100, "users=100%")}, 30,
			"an event ahead may be the only answer"},
		{"step, no answer now, little to create", ScheduleStep, []pool.Event{at(52, 100, "users=100%")}, none,
			"without an answer for the lead time fewer than are enabled are no answer"},
		{"unknown mode", "weekly", []pool.Event{at(42, 100, "users=100%")}, none, "in an unknown mode there is no answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := Config{ScheduleMode: test.mode, Interval: 5 * time.Minute, BootTime: 7 * time.Minute, Size: 100, Capacity: 10000, MaxCreations: 10}
			answer := scheduleAnswer(scheduleNow, config, pool.Seen(pool.Calendar{Events: test.events}), 20)
			got, ok := answer.Servers.Get()
			if !ok {
				got = none
			}
			if got != test.want {
				t.Errorf("%s: %d servers, want %d; %q", test.property, got, test.want, answer.Why)
			}
		})
	}
}

// TestExamHasItsServersAtItsStart: an exam for 100 servers has all of them when it begins,
// whatever its start is relative to the evaluations, and none is created earlier than must
// be. Each evaluation creates 10 machines, which are up 7 minutes later.
func TestExamHasItsServersAtItsStart(t *testing.T) {
	for _, mode := range []ScheduleMode{ScheduleStep, ScheduleWindow} {
		for minute := range 5 {
			exam := at(120+minute, 200, "users=100%")
			calendar := pool.Seen(pool.Calendar{Events: []pool.Event{at(-60, 119, "users=1%"), exam}})
			config := Config{ScheduleMode: mode, Interval: 5 * time.Minute, BootTime: 7 * time.Minute, Size: 100, Capacity: 10000, MaxCreations: 10}
			servers, up := 1, 0
			for now := scheduleNow; !now.Add(config.BootTime).After(exam.Start); now = now.Add(config.Interval) {
				required, _ := scheduleAnswer(now, config, calendar, servers).Servers.Get()
				if early := exam.Start.Sub(now); required > 1 && early > time.Hour+config.LeadTime() {
					t.Errorf("%s: %d are required %s before the exam, which is earlier than the limit demands", mode, required, early)
				}
				servers += min(10, max(0, required-servers))
				up = servers
			}
			if up != 100 {
				t.Errorf("%s: %d servers are up at %s, when the exam begins", mode, up, exam.Start.Format("15:04"))
			}
		}
	}
}

// TestScheduleExplainsWhatItCreatesEarly: the formula can be checked by hand.
func TestScheduleExplainsWhatItCreatesEarly(t *testing.T) {
	config := Config{ScheduleMode: ScheduleWindow, Interval: 5 * time.Minute, BootTime: 7 * time.Minute, Size: 100, Capacity: 10000, MaxCreations: 10}
	why := scheduleAnswer(scheduleNow, config, pool.Seen(pool.Calendar{Events: []pool.Event{at(42, 100, "users=100%")}}), 1).Why
	want := "event that begins Mon 2026-03-16 08:42 UTC: users=100% of 10000; ceil(10000 participants × 100 servers / 10000 participants) = 100 servers; " +
		"an evaluation creates 10 machines at most, so the 6 evaluations after this one and in time for the event create 60: 40 servers must be enabled now"
	if got := why[len(why)-1]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestScheduleExplainsItsAnswer(t *testing.T) {
	events := []pool.Event{at(-60, 60, "users=12,5%"), at(5, 60, "users=abc")}
	why := scheduleRequired(scheduleNow, Config{ScheduleMode: ScheduleStep, Interval: 10 * time.Minute, Size: 30, Capacity: 9990, Timezone: setting.Timezone{Location: paris}},
		pool.Calendar{Events: events, Source: "feed of example.org"}).Why
	want := []string{
		"calendar: feed of example.org",
		"event that began Mon 2026-03-16 08:00 CET: users=12,5% of 9990; ceil(1249 participants × 30 servers / 9990 participants) = 4 servers",
		`event that begins Mon 2026-03-16 09:05 CET, within the lead time: users="abc" is neither a number nor a percentage`,
	}
	if !slices.Equal(why, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(why, "\n"), strings.Join(want, "\n"))
	}
}

func TestParticipants(t *testing.T) {
	for _, test := range []struct {
		summary string
		want    int // none: an error
	}{
		{"users=500", 500},
		{"users=0", 0},
		{"users=-200", 0},
		{"users=0%", 0},
		{"users=1\u202f500", 1500},
		{"users=12\u00a0345", 12345},
		{"users=15 00", none},
		{"users=1,500", none}, // 1500 or 1.5
		{"users=1.5", 2},
		{"users=0.001%", 1},
		{"users=100,1%", none},
		{"users=-1%", none},
		{"users=1e9", none},
		{"users=99999999999999999999", none},
		{"users=0x10", none},
		{"users==5", none},
		{" users =\t7 ; seven", 7},
		{`users="8" "9"`, 8},
		{"users=NaN\nusers=3", 3},
	} {
		got := none
		read, err := ReadDemand(test.summary)
		if err == nil {
			got, _ = read.participants(10000)
		}
		if got != test.want {
			t.Errorf("%q: %d, want %d (%v)", test.summary, got, test.want, err)
		}
	}
}

// TestReadDemand: a demand is a number or a percentage, as it was written.
func TestReadDemand(t *testing.T) {
	for summary, want := range map[string]string{
		"users=500":    "500 true 0 false 500 of 2000 take 3",
		"users=12,5%":  "0 false 12.5 true 250 of 2000 take 2",
		"users=-3":     "0 true 0 false 0 of 2000 take 0",
		"users=100.0%": "0 false 100 true 2000 of 2000 take 10",
	} {
		d, err := ReadDemand(summary)
		if err != nil {
			t.Fatal(err)
		}
		users, isNumber := d.Users()
		percent, isPercentage := d.Percent()
		if !isNumber {
			users = 0
		}
		if !isPercentage {
			percent = 0
		}
		participants, servers := d.Servers(Config{Size: 10, Capacity: 2000})
		if got := fmt.Sprintf("%d %t %v %t %d of 2000 take %d", users, isNumber, percent, isPercentage, participants, servers); got != want {
			t.Errorf("%s: %s, want %s", summary, got, want)
		}
	}
}
