package setup

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// poller has settings of Scalelite's poller, which are environment variables of its
// containers. No API shows them.
type poller struct {
	// threads is POLLER_THREADS. One of them asks no server.
	threads int
	// connect is CONNECT_TIMEOUT: an address without a machine drops packets for so long.
	connect time.Duration
	// wait is POLLER_WAIT_TIMEOUT. The threads are killed killDelay after it, and entries
	// that they have not come to keep their flags and loads.
	wait time.Duration
}

var defaultPoller = poller{threads: 5, connect: 5 * time.Second, wait: 10 * time.Second}

const (
	killDelay = 5 * time.Second
	// usualAnswer is how long a BBB takes to answer, if check has not measured it.
	usualAnswer = 80 * time.Millisecond
	// dayPoll is the POLL_INTERVAL for which SERVER_UNHEALTHY_THRESHOLD is 2: a server is
	// offline, and its meetings are ended, after two minutes of silence. shortPoll is the
	// POLL_INTERVAL that README.md recommends.
	dayPoll, shortPoll = time.Minute, 15 * time.Second
)

// polled is what a poll has to ask: dead entries, whose machine is missing or does not
// answer, and live ones, which take answer each.
type polled struct {
	dead, live int
	answer     time.Duration
}

// work returns how long one thread would ask.
func (p poller) work(e polled) time.Duration {
	return time.Duration(e.dead)*p.connect + time.Duration(e.live)*e.answer
}

// takes returns how long a poll takes: 40 entries of which 35 are dead take
// 35 × 5 s / 4 = 43.8 s with the defaults, and 5 s with a thread for each.
func (p poller) takes(e polled) time.Duration {
	shared := p.work(e) / time.Duration(p.threads-1)
	if e.dead > 0 {
		return max(p.connect, shared)
	}
	return shared
}

// reaches returns for each entry, in the order of the poll, whether a thread has asked it
// before the threads are killed. answers has how long each takes.
func (p poller) reaches(answers []time.Duration) []bool {
	idleAt := make([]time.Duration, p.threads-1)
	reached := make([]bool, len(answers))
	for i, takes := range answers {
		slices.Sort(idleAt)
		idleAt[0] += takes
		reached[i] = idleAt[0] <= p.wait+killDelay
	}
	return reached
}

// maxOwnThreads is the most entries that get a thread each. More of them share threads,
// and CONNECT_TIMEOUT is one second.
const maxOwnThreads = 100

// pollerFor returns settings with which polls of both kinds take half of their time at most.
// Measured polls take up to 4 s longer than computed.
func pollerFor(night, day polled) poller {
	p := defaultPoller
	if night.dead+night.live > maxOwnThreads {
		p.connect = time.Second
	}
	for p.threads = 10; max(p.work(night), p.work(day)) > time.Duration(p.threads-1)*p.wait/2; {
		p.threads += 10
	}
	return p
}

// String returns the settings that differ from the defaults.
func (p poller) String() string {
	text := fmt.Sprintf("POLLER_THREADS to %d", p.threads)
	if p.connect != defaultPoller.connect {
		text += fmt.Sprintf(" and CONNECT_TIMEOUT to %g", p.connect.Seconds())
	}
	return text
}

const subjectPoller = "poller"

// checkPoller reckons whether Scalelite's poller can ask all entries in time with its
// default settings, and compares its flags with the answers that check has got.
func (c *checker) checkPoller() {
	entries, known := c.seen.Entries.Get()
	if !known || !c.seen.Machines.Known() {
		return // each of them is an error already
	}
	night, day := c.polls(entries)
	flags := c.compareFlags(entries)
	what := fmt.Sprintf("with Scalelite's default settings a poll of %s takes %s while %d of them have no machine, and %s while all have one; it may take %s",
		pool.Count(day.live, "server"), tenths(defaultPoller.takes(night)), night.dead, tenths(defaultPoller.takes(day)), tenths(defaultPoller.wait))
	const why = "an entry that a poll does not come to keeps its flag and its load: a new server gets no meetings, and one that is dead gets them"
	enough := pollerFor(night, day)
	fix := fmt.Sprintf("set %s in the environment of Scalelite's poller: then it takes %s and %s; with POLL_INTERVAL=%g set SERVER_UNHEALTHY_THRESHOLD=%d, too",
		enough, tenths(enough.takes(night)), tenths(enough.takes(day)), shortPoll.Seconds(), unhealthyThreshold(shortPoll))
	suffices := max(defaultPoller.takes(night), defaultPoller.takes(day)) < defaultPoller.wait
	switch {
	case suffices && len(flags.wrong) == 0:
		c.ok(subjectPoller, "%s", what)
	case suffices:
		c.add(Warning, subjectPoller, flags.say()+", although "+what, why, "look whether the poller's container runs and can reach the servers, and whether POLLER_THREADS, CONNECT_TIMEOUT and POLLER_WAIT_TIMEOUT are at least Scalelite's defaults")
	case len(flags.wrong) > 0:
		c.add(Error, subjectPoller, flags.say()+"; "+what, why, fix)
	case flags.beyond > 0:
		c.ok(subjectPoller, "its settings evidently differ from Scalelite's defaults: it knows %s that a poll with them would not come to", pool.Count(flags.beyond, "server"))
	default:
		c.add(Warning, subjectPoller, what+"; no API shows whether its settings differ", why, fix)
	}
	c.checkThreshold()
}

// checkThreshold names the setting that belongs to a POLL_INTERVAL. No API shows either.
func (c *checker) checkThreshold() {
	if c.ScalelitePoll <= 0 || c.ScalelitePoll >= dayPoll {
		return
	}
	c.ok(subjectPoller, "POLL_INTERVAL=%g needs SERVER_UNHEALTHY_THRESHOLD=%d: with the default of 2 Scalelite ends the meetings of a server that is silent for %s; no API shows whether it is set",
		c.ScalelitePoll.Seconds(), unhealthyThreshold(c.ScalelitePoll), pool.FormatDuration(2*c.ScalelitePoll))
}

// unhealthyThreshold returns the SERVER_UNHEALTHY_THRESHOLD for a POLL_INTERVAL, so that a
// server is offline after two minutes of silence: 8 for 15 s.
func unhealthyThreshold(interval time.Duration) int {
	return int(math.Ceil(2 * dayPoll.Seconds() / interval.Seconds()))
}

// polls returns what a poll has to ask while the pool is at its minimum, and while all its
// servers have a machine. Every server has an entry, or will get one; those of strangers
// are taken for live.
func (c *checker) polls(entries []pool.Entry) (night, day polled) {
	always, own := 0, map[string]bool{}
	for _, server := range c.Servers {
		own[server.Domain] = true
		if server.BareMetal {
			always++
		}
	}
	strangers := 0
	for _, entry := range entries {
		if !own[entry.Host()] {
			strangers++
		}
	}
	always = min(max(always, c.Minimum), len(c.Servers))
	answer := c.answerTime()
	night = polled{dead: len(c.Servers) - always, live: always + strangers, answer: answer}
	return night, polled{live: len(c.Servers) + strangers, answer: answer}
}

// answerTime returns the median time that BBB took to answer, or usualAnswer.
func (c *checker) answerTime() time.Duration {
	var took []time.Duration
	for _, s := range c.seen.Servers {
		if s.Meetings.Known() && s.Took > 0 {
			took = append(took, s.Took)
		}
	}
	if len(took) == 0 {
		return usualAnswer
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// flags is how Scalelite's flags compare with the answers of the servers.
type flags struct {
	// wrong has the numbers of servers whose flag is wrong, though it should have followed
	// long ago.
	wrong []int
	// beyond counts the servers that Scalelite knows, although a poll with its default
	// settings does not come to them.
	beyond int
}

func (f flags) say() string {
	return fmt.Sprintf("Scalelite's flags of %s have not followed their answers for %d polls", fact.Numbers(f.wrong), stalePolls)
}

// stalePolls is after how many polls a flag must have followed.
const stalePolls = 3

// compareFlags compares the flags of the pool's servers with their answers. Redis lists the
// entries in the order in which they are polled.
func (c *checker) compareFlags(entries []pool.Entry) (found flags) {
	byEntry := map[string]*ServerSight{}
	for i := range c.seen.Servers {
		if entry, _ := c.seen.Servers[i].Entry.Get(); entry != nil {
			byEntry[entry.ID] = &c.seen.Servers[i]
		}
	}
	answers := make([]time.Duration, len(entries))
	for i, entry := range entries {
		answers[i] = c.answerTime()
		if s := byEntry[entry.ID]; s != nil && s.isDead() {
			answers[i] = defaultPoller.connect
		}
	}
	for i, reached := range defaultPoller.reaches(answers) {
		s := byEntry[entries[i].ID]
		switch {
		case s == nil:
		case c.isWrong(s, entries[i]):
			found.wrong = append(found.wrong, s.Server.Number)
		case !reached && s.Meetings.Known() && isKnown(entries[i]):
			found.beyond++
		}
	}
	slices.Sort(found.wrong)
	return found
}

// isDead reports whether no machine runs for the server.
func (s *ServerSight) isDead() bool { return s.Machine.Known() && !s.Asked }

// isKnown reports whether Scalelite has what a poll sets: the flag online and, unless the
// entry is disabled, the load.
func isKnown(entry pool.Entry) bool {
	return entry.Online && (entry.State == pool.Disabled || entry.Load.Known())
}

// isWrong reports whether Scalelite's flags of a server contradict its answer, and have had
// the time to follow. The evaluations know since when it answers, and since when its load is
// unavailable. The load of an entry that is not enabled says nothing.
func (c *checker) isWrong(s *ServerSight, entry pool.Entry) bool {
	state, _ := c.seen.State.Get()
	memory := state.Memory(s.Server.Number).Entry
	since := memory.AnsweredAt
	if memory.UnavailableSince.After(since) {
		since = memory.UnavailableSince
	}
	answers := s.Meetings.Known() && memory.Answered
	enabled := entry.State == pool.Enabled && memory.EnabledAs == entry.ID
	switch {
	case since.IsZero() || c.seen.At.Sub(since) <= stalePolls*c.ScalelitePoll:
		return false
	case s.isDead():
		return enabled && entry.Online && !entry.Load.Known()
	case enabled:
		return answers && !isKnown(entry)
	}
	return answers && !entry.Online
}

// tenths formats a duration in seconds with one digit.
func tenths(d time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
}
