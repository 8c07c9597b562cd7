package setup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/pool"
)

// TestPollersThatWereMeasured compares what is computed with polls of Scalelite 1.8.5.
func TestPollersThatWereMeasured(t *testing.T) {
	many, slow := defaultPoller, defaultPoller
	many.threads, slow.connect = 50, time.Second
	for name, test := range map[string]struct {
		poller   poller
		entries  polled
		measured time.Duration // 0 for a poll that was killed
	}{
		"40 entries, 35 of them dead":                     {defaultPoller, polled{35, 5, usualAnswer}, 0},
		"40 entries, 35 of them dead, POLLER_THREADS=50":  {many, polled{35, 5, usualAnswer}, 8800 * time.Millisecond},
		"40 entries, 35 of them dead, CONNECT_TIMEOUT=1":  {slow, polled{35, 5, usualAnswer}, 11600 * time.Millisecond},
		"1,000 entries, all of them live, 80 ms for each": {defaultPoller, polled{0, 1000, 80 * time.Millisecond}, 0},
	} {
		takes := test.poller.takes(test.entries)
		switch fits := takes < test.poller.wait; {
		case fits != (test.measured > 0):
			t.Errorf("%s: takes %s, which fits: %t", name, takes, fits)
		case fits && (takes > test.measured || takes < test.measured-4*time.Second):
			t.Errorf("%s: takes %s, measured %s", name, takes, test.measured)
		}
		dead := slices.Repeat([]time.Duration{test.poller.connect}, test.entries.dead)
		live := slices.Repeat([]time.Duration{test.entries.answer}, test.entries.live)
		if all := !slices.Contains(test.poller.reaches(append(dead, live...)), false); all != (test.measured > 0) {
			t.Errorf("%s: all are reached: %t", name, all)
		}
	}
}

// One of five servers stands before every seven without a machine: two were ever online.
func TestDefaultPollerReachesTwoOfFive(t *testing.T) {
	answers := slices.Repeat([]time.Duration{defaultPoller.connect}, 40)
	for i := 0; i < 40; i += 8 {
		answers[i] = usualAnswer
	}
	var reached []int
	for i, is := range defaultPoller.reaches(answers) {
		if is && answers[i] == usualAnswer {
			reached = append(reached, i)
		}
	}
	if !slices.Equal(reached, []int{0, 8}) {
		t.Errorf("reached %v, want the first two", reached)
	}
}

func TestCheckPoller(t *testing.T) {
	now := time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC)
	const defaults40 = "with Scalelite's default settings a poll of 40 servers takes 43.9 s while 35 of them have no machine, and 0.8 s while all have one; it may take 10 s"
	const set40 = "set POLLER_THREADS to 40 in the environment of Scalelite's poller: then it takes 5 s and 0.1 s; with POLL_INTERVAL=15 set SERVER_UNHEALTHY_THRESHOLD=8, too"
	for name, test := range map[string]struct {
		size, minimum int
		// running are the servers with a machine, which answer. Scalelite calls those in
		// online online.
		running, online []int
		// changed is how long ago each came up or fell silent; 0 if it is not known.
		changed  time.Duration
		strange  func([]pool.Entry) []pool.Entry
		interval time.Duration
		want     []string
	}{
		"a small pool": {size: 8, minimum: 1,
			want: []string{"ok with Scalelite's default settings a poll of 8 servers takes 8.8 s while 7 of them have no machine, and 0.2 s while all have one; it may take 10 s; "}},
		"40 servers, and nothing else is known":    {size: 40, minimum: 5, want: []string{"warning " + defaults40 + "; no API shows whether its settings differ; " + set40}},
		"only the first of the list are online":    {size: 40, minimum: 5, running: []int{1, 2}, online: []int{1, 2}, changed: time.Hour, want: []string{"warning " + defaults40 + "; no API shows whether its settings differ; " + set40}},
		"the last of the list are online":          {size: 40, minimum: 5, running: []int{39, 40}, online: []int{39, 40}, changed: time.Hour, want: []string{"ok its settings evidently differ from Scalelite's defaults: it knows 2 servers that a poll with them would not come to; "}},
		"servers that answer are offline":          {size: 40, minimum: 5, running: []int{1, 39, 40}, online: []int{1}, changed: time.Hour, want: []string{"error Scalelite's flags of servers 39, 40 have not followed their answers for 3 polls; " + defaults40 + "; " + set40}},
		"they have come just now":                  {size: 40, minimum: 5, running: []int{1, 39, 40}, online: []int{1}, changed: 2 * time.Minute, want: []string{"warning " + defaults40 + "; no API shows whether its settings differ; " + set40}},
		"nobody knows since when":                  {size: 40, minimum: 5, running: []int{1, 39, 40}, online: []int{1}, want: []string{"warning " + defaults40 + "; no API shows whether its settings differ; " + set40}},
		"servers without a machine are online":     {size: 40, minimum: 5, running: []int{1}, online: []int{1, 30}, changed: time.Hour, strange: unavailable, want: []string{"error Scalelite's flags of server 30 have not followed their answers for 3 polls; " + defaults40 + "; " + set40}},
		"the load of an enabled server is unknown": {size: 40, minimum: 5, running: []int{1, 39}, online: []int{1, 39}, changed: time.Hour, strange: unavailable, want: []string{"error Scalelite's flags of server 39 have not followed their answers for 3 polls; " + defaults40 + "; " + set40}},
		"a small pool whose poller stands still":   {size: 3, minimum: 1, running: []int{1, 2}, changed: time.Hour, want: []string{"warning Scalelite's flags of servers 1, 2 have not followed their answers for 3 polls, although with Scalelite's default settings a poll of 3 servers takes 5 s while 2 of them have no machine, and 0.1 s while all have one; it may take 10 s; look whether the poller's container runs and can reach the servers, and whether POLLER_THREADS, CONNECT_TIMEOUT and POLLER_WAIT_TIMEOUT are at least Scalelite's defaults"}},
		"1,000 servers":                            {size: 1000, minimum: 10, want: []string{"warning with Scalelite's default settings a poll of 1000 servers takes 1237.7 s while 990 of them have no machine, and 20 s while all have one; it may take 10 s; no API shows whether its settings differ; set POLLER_THREADS to 200 and CONNECT_TIMEOUT to 1 in the environment of Scalelite's poller: then it takes 5 s and 0.4 s; with POLL_INTERVAL=15 set SERVER_UNHEALTHY_THRESHOLD=8, too"}},
		"1,000 servers that are all enabled":       {size: 1000, minimum: 1000, want: []string{"warning with Scalelite's default settings a poll of 1000 servers takes 20 s while 0 of them have no machine, and 20 s while all have one; it may take 10 s; no API shows whether its settings differ; set POLLER_THREADS to 20 and CONNECT_TIMEOUT to 1 in the environment of Scalelite's poller: then it takes 4.2 s and 4.2 s; with POLL_INTERVAL=15 set SERVER_UNHEALTHY_THRESHOLD=8, too"}},
		"a pool that is polled every 15 s":         {size: 1, minimum: 1, interval: 15 * time.Second, want: []string{"ok with Scalelite's default settings a poll of 1 server takes 0 s while 0 of them have no machine, and 0 s while all have one; it may take 10 s; ", "ok POLL_INTERVAL=15 needs SERVER_UNHEALTHY_THRESHOLD=8: with the default of 2 Scalelite ends the meetings of a server that is silent for 30s; no API shows whether it is set; "}},
		"a pool that is polled every 40 s":         {size: 1, minimum: 1, interval: 40 * time.Second, want: []string{"ok with Scalelite's default settings a poll of 1 server takes 0 s while 0 of them have no machine, and 0 s while all have one; it may take 10 s; ", "ok POLL_INTERVAL=40 needs SERVER_UNHEALTHY_THRESHOLD=3: with the default of 2 Scalelite ends the meetings of a server that is silent for 1m; no API shows whether it is set; "}},
		"a small pool beside entries of strangers": {size: 8, minimum: 1, strange: strangers, want: []string{"warning with Scalelite's default settings a poll of 108 servers takes 10.8 s while 7 of them have no machine, and 2.2 s while all have one; it may take 10 s; no API shows whether its settings differ; set POLLER_THREADS to 10 and CONNECT_TIMEOUT to 1 in the environment of Scalelite's poller: then it takes 1.7 s and 1 s; with POLL_INTERVAL=15 set SERVER_UNHEALTHY_THRESHOLD=8, too"}},
	} {
		t.Run(name, func(t *testing.T) {
			interval := test.interval
			if interval == 0 {
				interval = time.Minute
			}
			c := checker{Config: Config{Servers: pool.Servers(test.size, 0, "bbb-w{n}", "bbb-w{n}.example.com"), Minimum: test.minimum, ScalelitePoll: interval}}
			var entries []pool.Entry
			state := pool.State{Servers: map[int]*pool.ServerMemory{}}
			for _, server := range c.Servers {
				entry := pool.Entry{ID: server.Hostname, URL: server.EntryURL(), State: pool.Enabled, Online: slices.Contains(test.online, server.Number), Load: pool.Seen(0.)}
				entries = append(entries, entry)
				memory := &pool.ServerMemory{Entry: pool.EntryMemory{ID: entry.ID, EnabledAs: entry.ID, Answered: slices.Contains(test.running, server.Number)}}
				if test.changed > 0 {
					memory.Entry.AnsweredAt = now.Add(-test.changed)
				}
				state.Servers[server.Number] = memory
			}
			if test.strange != nil {
				entries = test.strange(entries)
			}
			c.seen = Sight{At: now, Entries: pool.Seen(entries), Machines: pool.Seen([]pool.Machine{}), State: pool.Seen(state)}
			for i, server := range c.Servers {
				s := ServerSight{ServerObservation: pool.ServerObservation{Server: server, Entry: pool.Seen(&entries[i]), Machine: pool.Seen[*pool.Machine](nil)}}
				if slices.Contains(test.running, server.Number) {
					s.Machine, s.Asked, s.Meetings = pool.Seen(&pool.Machine{State: pool.Running}), true, pool.Seen([]pool.Meeting{})
				}
				c.seen.Servers = append(c.seen.Servers, s)
			}
			c.checkPoller()
			if got := only(c.findings, subjectPoller); !slices.Equal(got, test.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// unavailable makes the loads of servers 30 and 39 unknown.
func unavailable(entries []pool.Entry) []pool.Entry {
	entries[29].Load = pool.Unknown[float64]("Scalelite says unavailable")
	entries[38].Load = pool.Unknown[float64]("Scalelite says unavailable")
	return entries
}

// strangers adds the entries of 100 servers that are not the pool's.
func strangers(entries []pool.Entry) []pool.Entry {
	for _, server := range pool.Servers(100, 0, "old-{n}", "old-{n}.example.com") {
		entries = append(entries, pool.Entry{ID: server.Hostname, URL: server.EntryURL(), Online: true})
	}
	return entries
}

// The answers that check has measured count instead of the usual one.
func TestAnswerTimeIsMeasured(t *testing.T) {
	sight := func(took time.Duration, known bool) ServerSight {
		s := ServerSight{Took: took}
		if known {
			s.Meetings = pool.Seen([]pool.Meeting{})
		}
		return s
	}
	c := checker{seen: Sight{Servers: []ServerSight{sight(time.Second, false), sight(300*time.Millisecond, true), sight(100*time.Millisecond, true), sight(200*time.Millisecond, true)}}}
	if got := c.answerTime(); got != 200*time.Millisecond {
		t.Errorf("%s, want the median of the answers", got)
	}
	if got := (&checker{}).answerTime(); got != usualAnswer {
		t.Errorf("%s without an answer, want %s", got, usualAnswer)
	}
}
