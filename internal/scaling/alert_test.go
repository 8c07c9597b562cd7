package scaling

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// alertTests are conditions of a pool with the alerts that they raise.
var alertTests = map[string]struct {
	happens func(*story)
	level   Level
	subject string
	server  int
	text    string // a part of it
	passing bool
}{
	"Scalelite does not answer":         {func(s *story) { s.seen.Entries = pool.Unknown[[]pool.Entry]("502") }, Critical, "Scalelite", 0, "nothing is changed", false},
	"Scaleway does not answer":          {func(s *story) { s.seen.Machines = pool.Unknown[[]pool.Machine]("503") }, Critical, "Scaleway", 0, "nothing is changed", false},
	"half of the servers do not answer": {func(s *story) { s.evaluate(); s.dead(3, 4) }, Critical, "network", 0, "2 of 4 servers that served do not", false},
	"the pool is paused":                {func(s *story) { s.state.Paused = &pool.Hold{Author: "Ada", Reason: "exams"} }, Warning, "paused", 0, "paused by Ada", false},
	"no policy has an answer": {func(s *story) {
		s.config.Policies = []Policy{PolicySchedule}
		s.seen.Calendar = pool.Unknown[pool.Calendar]("404")
	}, Error, "policy", 0, "the capacity is not changed", false},
	"the calendar cannot be read": {func(s *story) {
		s.config.Policies = append(s.config.Policies, PolicySchedule)
		s.seen.Calendar = pool.Unknown[pool.Calendar]("404")
	}, Warning, "policy", 0, "404", false},
	"a stored copy replaces the calendar": {func(s *story) {
		s.seen.Calendar = pool.Seen(pool.Calendar{Stored: true, Source: "the copy of Monday"})
	}, Warning, "calendar", 0, "the copy of Monday", false},
	"an event of tomorrow cannot be read": {func(s *story) {
		s.config.Policies = append(s.config.Policies, PolicySchedule)
		unread := pool.UnreadEvent{Start: s.now.Add(20 * time.Hour), End: s.now.Add(22 * time.Hour), Reason: `event "users=9" in line 4: line 6: DTEND`}
		s.seen.Calendar = pool.Seen(pool.Calendar{Unread: []pool.UnreadEvent{unread, unread}})
	}, Warning, "calendar", 0, `made smaller: event "users=9" in line 4: line 6: DTEND`, false},
	"an event of an unknown day cannot be read": {func(s *story) {
		s.config.Policies = append(s.config.Policies, PolicySchedule)
		s.seen.Calendar = pool.Seen(pool.Calendar{Unread: []pool.UnreadEvent{{Reason: "no DTSTART"}}})
	}, Warning, "calendar", 0, "no DTSTART", false},
	"an event asks for more than the whole pool": {func(s *story) { s.schedule("users=120%") }, Critical, "policy", 0, "between 0% and 100%", false},
	"an event cannot be read":                    {func(s *story) { s.schedule("users=many") }, Warning, "policy", 0, "neither a number", false},
	"the pool is too small":                      {func(s *story) { s.meeting(1, 3000) }, Error, "pool size", 0, "24 servers are required, the pool has 4", false},
	"no server is left": {func(s *story) {
		s.meeting(1, 1000)
		s.state.Servers = map[int]*pool.ServerMemory{2: {Maintenance: &pool.Hold{}}}
	}, Error, "pool size", 0, "short of 1 server, and", false},
	"a limit withholds creations": {func(s *story) {
		s.meeting(1, 1000)
		s.config.MaxCreations = 1
		s.withoutMachine(2)
		s.withoutMachine(3)
	}, Warning, "limits", 0, "create (server 3): 1 time at most", true},
	"two evaluations are missing": {func(s *story) { s.state.LastEvaluation = s.now.Add(-10 * time.Minute) }, Warning, "lease", 0, "no evaluation was recorded for 15m", true},
	"there is no image":           {func(s *story) { s.seen.Images = pool.Unknown[[]pool.Image]("no image") }, Warning, "image", 0, "no machine can be created", false},
	"machines are older than the image": {func(s *story) {
		s.seen.Images = pool.Seen([]pool.Image{{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	}, Warning, "image bbb-2", 0, "4 machines made from an older image: servers 1, 2, 3, 4; they are replaced at any hour, 2 at once", false},
	"machines are older than the image, without a roll-out": {func(s *story) {
		s.config.RollOutParallel = 0
		s.seen.Images = pool.Seen([]pool.Image{{ID: "newer", Zone: "fr-par-1", Name: "bbb-2", Created: noon}})
	}, Warning, "image bbb-2", 0, "they are not replaced for that", false},
	"a machine has the tag and no server's name": {func(s *story) { s.machine(4).Name = "stranger" }, Warning, "Scaleway", 0, "paid for", false},

	"a zone cannot be listed": {func(s *story) {
		s.seen.UnreadZones = map[string]string{"fr-par-2": "502"}
		for i := range 2 {
			s.seen.Servers[2+i].Machine, s.seen.Servers[2+i].MayBeUnread = pool.Unknown[*pool.Machine]("it may be in fr-par-2"), true
		}
	}, Error, "zone fr-par-2", 0, "502; DiViMS leaves alone what may be there: servers 3, 4", false},
	"an entry of a stranger cannot be read": {func(s *story) {
		s.strangers = []pool.Entry{{ID: "x", URL: "https://else.example.com/api", Problem: "a multiplier of -1"}}
	}, Warning, "entry https://else.example.com/api", 0, "a multiplier of -1", false},
	"a server has two entries": {func(s *story) {
		s.seen.Servers[3].Entry = pool.Unknown[*pool.Entry]("two entries")
		s.strangers = []pool.Entry{{ID: "x", URL: "https://bbb-w4.example.com/a"}, {ID: "y", URL: "https://bbb-w4.example.com/b"}}
	}, Warning, "entry https://bbb-w4.example.com/a", 4, "2 entries for server 4, so DiViMS leaves it alone", false},
	"more people than the servers that take meetings are meant for": {func(s *story) { s.meeting(1, 1001) },
		Error, "overloaded", 0, "1001 participants and 1 meeting for 4 servers taking meetings now, each meant for 250 and 15; 0 more coming", false},
	"more meetings": {func(s *story) {
		for range 61 {
			s.meeting(1, 0)
		}
	}, Error, "overloaded", 0, "61 meetings", false},
	"half of the servers have the same fault": {func(s *story) {
		for n := 2; n <= 4; n++ {
			s.stats(n, func(stats *pool.Stats) { stats.UnitsDown = pool.Seen([]string{"bbb-web"}) })
		}
	}, Error, "image bbb-1", 0, "servers 2, 3, 4 have the same fault, so DiViMS does not replace them for it: units down: bbb-web", false},
	"a person has cordoned a server": {func(s *story) {
		s.evaluate()
		s.entry(4).State = pool.Cordoned
		s.evaluate()
	}, Warning, "hand 4", 4, "somebody has set server 4 to cordoned in Scalelite, seen since 2026-03-16T12:10:00Z: DiViMS leaves it alone", false},
	"a machine that was ordered does not come": {func(s *story) {
		s.dead(4)
		s.state.Servers = map[int]*pool.ServerMemory{4: {MachineID: "machine 4", Ordered: noon.Add(-20 * time.Minute), FirstSeen: noon.Add(-19 * time.Minute), LateSince: noon}}
	}, Error, "server 4", 4, "its machine does not come: it was ordered 25m ago, machines come within 7m: no answer in time", false},
	"a machine is in a state that leads nowhere": {func(s *story) { s.machine(4).State = "error" }, Error, "server 4", 4, `in the state "error"`, false},
	"a draining server's recordings are stuck where BBB does not show them": {func(s *story) {
		s.entry(4).State = pool.Cordoned
		s.stats(4, func(stats *pool.Stats) { stats.Backlog = pool.Seen(map[string]int{"captured": 2}) })
		s.evaluate()
		for range 61 {
			s.evaluate()
		}
	}, Warning, "recording 4", 4, "in work for more than 5h, without end (captured 2)", false},

	"a server refuses its secret": {func(s *story) { s.refusesSecret(4) }, Error, "server 4", 4, "its BBB refuses the secret of its entry", false},
	"a server refuses its secret, to Scalelite, too": {func(s *story) {
		s.refusesSecret(4)
		s.entry(4).Online = false
	}, Error, "server 4", 4, "its BBB refuses the secret of its entry", false},
	"a new server refuses its secret": {func(s *story) {
		s.dead(4)
		s.refusesSecret(4)
		s.state.Servers = map[int]*pool.ServerMemory{4: {MachineID: "machine 4", Ordered: noon.Add(-20 * time.Minute), FirstSeen: noon.Add(-19 * time.Minute), LateSince: noon}}
	}, Error, "server 4", 4, "its BBB refuses the secret of its entry", false},
	"half of the servers refuse their secret": {func(s *story) {
		for n := 2; n <= 4; n++ {
			s.refusesSecret(n)
			s.entry(n).Online = false
		}
	}, Error, "image bbb-1", 0, "servers 2, 3, 4 have the same fault", false},
	"a server is unresponsive": {func(s *story) { s.dead(4); s.evaluate() }, Error, "server 4", 4, "unresponsive", false},
	"a server cannot be read":  {func(s *story) { s.seen.Servers[3].Machine = pool.Unknown[*pool.Machine]("two machines") }, Warning, "identity 4", 4, "DiViMS leaves it alone: two machines", false},
	"a recording failed": {func(s *story) {
		s.stats(4, func(stats *pool.Stats) { stats.Failed = pool.Seen(map[string]int{"sanity": 1}) })
	}, Error, "server 4", 4, "recordings failed", false},
	"a machine is locked":                   {func(s *story) { s.machine(4).State = pool.Locked }, Error, "server 4", 4, "locked by the hoster", false},
	"a machine has been starting for hours": {func(s *story) { s.machine(4).State = pool.Starting }, Error, "server 4", 4, "starting since", false},
	"creations fail": {func(s *story) {
		s.meeting(1, 480)
		s.withoutMachine(4)
		s.state.Servers = map[int]*pool.ServerMemory{4: {Failures: 2}}
	}, Error, "creation", 0, "failed 2 times in a row: server 4", false},
	"a server has no entry": {func(s *story) { s.seen.Servers[3].Entry = pool.Seen[*pool.Entry](nil) }, Warning, "server 4", 4, "no entry", false},
	"a certificate expires soon": {func(s *story) { s.seen.Servers[3].CertificateExpiry = pool.Seen(s.now.Add(10 * 24 * time.Hour)) },
		Warning, "certificate 4", 4, "expires in 9d", false},
	"a certificate expires very soon": {func(s *story) { s.seen.Servers[3].CertificateExpiry = pool.Seen(s.now.Add(4 * 24 * time.Hour)) },
		Error, "certificate 4", 4, "expires in 3d", false},
	"a recording takes too long": {func(s *story) {
		s.seen.Servers[3].Recordings = pool.Seen([]pool.Recording{{State: pool.Processing, MeetingEnd: pool.Seen(s.now.Add(-6 * time.Hour))}})
	}, Warning, "recording 4", 4, "not done 5h after", false},
	"a backlog is unknown": {func(s *story) {
		s.stats(4, func(stats *pool.Stats) { stats.Backlog = pool.Unknown[map[string]int]("no figures") })
	}, Warning, "stats 4", 4, "no figures", false},
}

// TestAlerts: each condition raises an alert with the right level, subject and server,
// and with advice.
func TestAlerts(t *testing.T) {
	for name, test := range alertTests {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			test.happens(s)
			s.evaluate()
			i := slices.IndexFunc(s.plan.Alerts, func(a Alert) bool { return a.Subject == test.subject })
			if i < 0 {
				t.Fatalf("no alert about %q in %+v", test.subject, s.plan.Alerts)
			}
			alert := s.plan.Alerts[i]
			if alert.Level != test.level || alert.Server != test.server || alert.Passing != test.passing || !strings.Contains(alert.Text.String(), test.text) || alert.Advice.IsZero() {
				t.Errorf("got the alert %+v", alert)
			}
			if is, want := alert.Advice.String() == fact.New(adviceSecret).String(), strings.Contains(name, "secret"); is != want {
				t.Errorf("the advice %q is about a wrong secret: %t, want %t", alert.Advice, is, want)
			}
		})
	}
}

// TestHealthyPoolHasNoAlerts: a healthy pool has no alerts and no open subjects.
func TestHealthyPoolHasNoAlerts(t *testing.T) {
	s := newStory(t, 4)
	requireThree(s)
	s.seen.Calendar = pool.Seen(pool.Calendar{})
	s.evaluate()
	if len(s.plan.Alerts)+len(s.plan.Open) > 0 {
		t.Errorf("alerts %+v, open %q", s.plan.Alerts, s.plan.Open)
	}
}

// TestUnseenSubjectsStayOpen: an alert does not end only because its condition could
// not be seen.
func TestUnseenSubjectsStayOpen(t *testing.T) {
	all := func(n int) []string {
		var list []string
		for _, what := range []string{"certificate", "recording", "server", "stats", "hand", "identity"} {
			list = append(list, fmt.Sprint(what, " ", n))
		}
		return list
	}
	for name, test := range map[string]struct {
		happens func(*story)
		open    []string
	}{
		"a server is in maintenance": {func(s *story) { s.state.Servers = map[int]*pool.ServerMemory{4: {Maintenance: &pool.Hold{}}} }, all(4)},
		"nobody answers": {func(s *story) {
			observed := &s.seen.Servers[3]
			observed.CertificateExpiry, observed.Recordings, observed.Stats = pool.Unknown[time.Time]("?"), pool.Unknown[[]pool.Recording]("?"), pool.Unknown[pool.Stats]("?")
		}, []string{"certificate 4", "recording 4", "stats 4"}},
		"there is no machine, but the next one may have the same certificate": {func(s *story) {
			s.withoutMachine(4)
			observed := &s.seen.Servers[3]
			observed.CertificateExpiry, observed.Recordings, observed.Stats = pool.Unknown[time.Time]("?"), pool.Unknown[[]pool.Recording]("?"), pool.Unknown[pool.Stats]("?")
		}, []string{"certificate 4"}},
		"the calendar is unknown":     {func(s *story) { s.seen.Calendar = pool.Unknown[pool.Calendar]("?") }, []string{"calendar"}},
		"no policy has an answer":     {func(s *story) { s.config.Policies = nil }, []string{"pool size"}},
		"nothing is added in a pause": {func(s *story) { s.state.Paused = &pool.Hold{} }, []string{"pool size"}},
		"the image is unknown": {func(s *story) {
			s.seen.Images = pool.Unknown[[]pool.Image]("?")
			s.state.Notified = map[string]pool.NotifiedAlert{"image bbb-2": {}, "image": {}, "server 1": {}}
		}, []string{"image bbb-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			requireThree(s)
			s.seen.Calendar = pool.Seen(pool.Calendar{})
			test.happens(s)
			s.evaluate()
			slices.Sort(test.open)
			if open := slices.Compact(slices.Sorted(slices.Values(s.plan.Open))); !slices.Equal(open, test.open) {
				t.Errorf("open subjects %q, want %q", s.plan.Open, test.open)
			}
		})
	}
}

// TestTimesHaveAZone: without a zone, a time in a text could not be shown in the
// pool's time zone.
func TestTimesHaveAZone(t *testing.T) {
	s := newStory(t, 3)
	s.machine(1).Maintenances = []pool.PlannedMaintenance{{Start: noon.Add(time.Hour)}}
	s.machine(3).Maintenances = []pool.PlannedMaintenance{{Start: noon.Add(72 * time.Hour)}}
	s.seen.Servers[1].CertificateExpiry = pool.Seen(noon.Add(-time.Hour))
	s.evaluate()
	text, err := json.Marshal(s.plan)
	if err != nil {
		t.Fatal(err)
	}
	plan := string(text)
	for _, text := range []string{
		"is planned for 2026-", "planned maintenance on 2026-", "expired on 2026-",
	} {
		if !strings.Contains(plan, text) {
			t.Errorf("no text has %q", text)
		}
	}
	if unzoned := regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d`).FindString(plan); unzoned != "" {
		t.Errorf("the time %s has no zone", unzoned)
	}
}

func TestNoAlertForFailuresOfUnneededServers(t *testing.T) {
	s := newStory(t, 4)
	s.withoutMachine(4)
	s.entry(4).State = pool.Disabled
	s.state.Servers = map[int]*pool.ServerMemory{4: {Failures: 3}}
	s.evaluate()
	if slices.ContainsFunc(s.plan.Alerts, func(a Alert) bool { return a.Server == 4 }) {
		t.Errorf("alerts %+v", s.plan.Alerts)
	}
}

func TestWarnsAboutCertificatesAndRecordings(t *testing.T) {
	s := newStory(t, 3)
	requireThree(s)
	s.seen.Servers[0].CertificateExpiry = pool.Seen(s.now.Add(10 * 24 * time.Hour))
	s.seen.Servers[1].CertificateExpiry = pool.Seen(s.now.Add(4 * 24 * time.Hour))
	s.entry(3).State = pool.Cordoned
	s.seen.Servers[2].Recordings = pool.Seen([]pool.Recording{
		{ID: "slow", State: pool.Processing, MeetingEnd: pool.Seen(s.now.Add(-6 * time.Hour))},
		{ID: "stuck", State: pool.Processing, MeetingStart: pool.Seen(s.now.Add(-16 * time.Hour))},
		{ID: "perhaps", State: pool.Processing, MeetingStart: pool.Seen(s.now.Add(-14 * time.Hour))},
		{ID: "quick", State: pool.Processing, MeetingEnd: pool.Seen(s.now.Add(-time.Hour))},
	})
	s.evaluate()
	s.wantAlert("certificate 1")
	s.wantAlert("certificate 2")
	s.wantAlert("recording 3")
	levels := map[string]Level{}
	for _, a := range s.plan.Alerts {
		levels[a.Subject] = a.Level
	}
	if levels["certificate 1"] != Warning || levels["certificate 2"] != Error || levels["recording 3"] != Warning {
		t.Errorf("got the levels %v", levels)
	}
	// The meeting of the stuck recording may have lasted 10 hours, so it counts as ended.
	if last := s.plan.Alerts[len(s.plan.Alerts)-1].Text.String(); !strings.HasPrefix(last, "2 recordings of server 3 not done 5h after the meeting") {
		t.Errorf("the last alert is %q", last)
	}
}

// TestOneAlertForACause: what one alert explains of several servers is no alert of each.
func TestOneAlertForACause(t *testing.T) {
	for name, want := range map[string]string{
		"a zone cannot be listed":                                       "zone fr-par-2",
		"a server has two entries":                                      "entry https://bbb-w4.example.com/a",
		"an entry of a stranger cannot be read":                         "entry https://else.example.com/api",
		"half of the servers do not answer":                             "network",
		"half of the servers have the same fault":                       "image bbb-1",
		"a server cannot be read":                                       "identity 4",
		"a machine that was ordered does not come":                      "server 4",
		"machines are older than the image":                             "image bbb-2",
		"no policy has an answer":                                       "policy",
		"a person has cordoned a server":                                "hand 4",
		"an event asks for more than the whole pool":                    "policy",
		"a machine is in a state that leads nowhere":                    "server 4",
		"creations fail":                                                "creation",
		"no server is left":                                             "pool size, overloaded",
		"a machine has the tag and no server's name":                    "Scaleway",
		"the pool is paused":                                            "paused",
		"two evaluations are missing":                                   "lease",
		"a stored copy replaces the calendar":                           "calendar",
		"an event of tomorrow cannot be read":                           "policy, calendar",
		"more people than the servers that take meetings are meant for": "pool size, overloaded",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t, 4)
			alertTests[name].happens(s)
			s.evaluate()
			var subjects []string
			for _, alert := range s.plan.Alerts {
				subjects = append(subjects, alert.Subject)
			}
			if got := strings.Join(subjects, ", "); got != want {
				t.Errorf("alerts about %s, want %s", got, want)
			}
		})
	}
}

// TestMergedAlertQuotesTenTexts: an alert about thousands of tags stays readable.
func TestMergedAlertQuotesTenTexts(t *testing.T) {
	var alerts []Alert
	for i := range 30 {
		alerts = append(alerts, Alert{Level: Warning, Subject: SubjectPoolSize, Text: fact.New("short of %d", i/2), Servers: []int{30 - i}})
	}
	alerts[20].Level = Error
	merged := MergeAlerts(alerts)
	want := "short of 0; short of 1; short of 2; short of 3; short of 4; short of 5; short of 6; short of 7; short of 8; short of 9; and 5 more"
	if len(merged) != 1 || merged[0].Text.String() != want || merged[0].Level != Error || len(merged[0].Servers) != 30 || merged[0].Servers[0] != 1 {
		t.Errorf("got %+v, want %q", merged, want)
	}
}
