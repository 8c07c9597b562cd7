package scaling

import (
	"slices"
	"time"

	"divims/internal/fact"
	"divims/internal/pool"
)

// stalePolls is after how many polls Scalelite's flag must have followed a change.
const stalePolls = 3

// contradicts reports whether Scalelite's flag has not followed what DiViMS saw: the
// server came up or fell silent, longer ago than three polls and at an earlier evaluation,
// and the flag has not changed since.
func (d *decision) contradicts(s *server) bool {
	memory := s.memory.Entry
	if s.entry == nil || s.machineState() != pool.Running || memory.AnsweredAt.IsZero() || memory.Answered == s.entry.Online {
		return false
	}
	if s.Meetings.Known() != memory.Answered {
		return false // it answers with an error
	}
	return !memory.OnlineAt.After(memory.AnsweredAt) && d.twice(memory.AnsweredAt) && d.now.Sub(memory.AnsweredAt) > stalePolls*d.config.ScalelitePoll
}

// unpolled reports whether a server that answers DiViMS stays offline in Scalelite.
func (d *decision) unpolled(s *server) bool {
	return s.Meetings.Known() && d.contradicts(s)
}

// judgePoller sets whether the poller's word is stale: the flags of at least two servers,
// or of the only one that could, contradict what DiViMS sees, and no other flag has
// changed and no load has fallen meanwhile. A load that rises proves nothing: creates and
// joins raise it without a poller.
func (d *decision) judgePoller() {
	running, contradicting := 0, 0
	var first time.Time
	for _, s := range d.servers {
		if s.entry != nil && s.machineState() == pool.Running {
			running++
		}
		if !d.contradicts(s) || s.memory.Entry.AnsweredAt.Before(d.doubt.PollerMoved) {
			continue
		}
		contradicting++
		if at := s.memory.Entry.AnsweredAt; first.IsZero() || at.Before(first) {
			first = at
		}
	}
	d.pollerStale = contradicting >= 2 || contradicting == 1 && running == 1
	if !d.pollerStale {
		d.doubt.PollerSince = time.Time{}
		return
	}
	if d.doubt.PollerSince.IsZero() {
		d.doubt.PollerSince = first
	}
}

// stalePoller returns the doubt about Scalelite's poller. If its word is stale, everything
// is in doubt. If it merely leaves servers offline that answer DiViMS, these are. More
// machines help a poller that is too slow, because entries without one take most of its
// time; so growth does not stop, it goes at a pace.
func (d *decision) stalePoller() *Doubt {
	left := d.servers.choose(func(s *server) bool { return s.stage == Late && d.unpolled(s) }, byNumber)
	if !d.pollerStale && len(left) == 0 {
		return nil
	}
	doubt := &Doubt{Cause: StalePoller, Since: d.doubt.PollerSince, Servers: left.numbers(), Starts: noLimit, advice: advicePoller, subject: SubjectPoller, named: left}
	if d.pollerStale {
		doubt.Servers = d.servers.numbers()
		doubt.Why = fact.New("Scalelite's poller does not look at the servers since %s: its flags do not follow what DiViMS sees, so nothing is cordoned or deleted",
			doubt.Since)
	} else {
		doubt.Since = slices.MinFunc(left, byAnswer).memory.Entry.AnsweredAt
		doubt.Why = fact.New("Scalelite calls servers offline that answer DiViMS, since %s: %s; its poller does not get to them, or cannot reach them",
			doubt.Since, fact.Numbers(left.numbers()))
	}
	if d.pollerStale || len(left) >= 2 {
		doubt.Starts, doubt.Next = d.probationStarts()
	}
	return doubt
}

// byAnswer puts the server first that has answered, or been silent, for longest.
func byAnswer(a, b *server) int {
	return a.memory.Entry.AnsweredAt.Compare(b.memory.Entry.AnsweredAt)
}
