package scaling

import (
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
	return s.Meetings.Known() && !s.isOnline() && d.contradicts(s)
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
// is in doubt. If it merely leaves servers offline that answer DiViMS, it is too slow for
// the pool, and more machines would not help it.
func (d *decision) stalePoller() *Doubt {
	left := d.servers.choose(func(s *server) bool { return s.stage == Late && d.unpolled(s) }, byNumber)
	doubt := &Doubt{Cause: StalePoller, Since: d.doubt.PollerSince, Servers: left.numbers(), advice: advicePoller, subject: SubjectPoller, named: left}
	switch {
	case d.pollerStale:
		doubt.Servers = d.servers.numbers()
		doubt.Why = fact.New("Scalelite's poller does not look at the servers since %s: its flags do not follow what DiViMS sees, so nothing is cordoned or deleted",
			doubt.Since)
	case len(left) > 0:
		doubt.Since = left[0].memory.Entry.AnsweredAt
		for _, s := range left {
			if s.memory.Entry.AnsweredAt.Before(doubt.Since) {
				doubt.Since = s.memory.Entry.AnsweredAt
			}
		}
		doubt.Why = fact.New("Scalelite calls servers offline that answer DiViMS, since %s: %s; its poller does not get to them, or cannot reach them",
			doubt.Since, fact.Numbers(left.numbers()))
	default:
		return nil
	}
	doubt.Starts = noLimit
	switch {
	case d.pollerStale:
		doubt.Starts, doubt.Next = d.probationStarts(0)
	case len(left) >= 2:
		// Entries without a machine take most of a poll's time, so a machine may help.
		doubt.Starts, doubt.Next = d.probationStarts(0)
	}
	return doubt
}
