package scaling

import (
	"fmt"
	"math"
	"time"

	"divims/internal/pool"
)

// Load is the load of a group: the participants and meetings on servers that are not in
// maintenance and whose machine runs. Cordoned servers count, because their people come
// back for the next meeting.
type Load struct {
	Participants int `json:"participants"`
	Meetings     int `json:"meetings"`
	// Remembered is the number of servers whose load is unknown and was estimated.
	Remembered int `json:"remembered,omitempty"`
	// Missing lists the numbers of the servers whose load has been unknown for a short
	// time. It is estimated, and while there are such servers the pool is not made smaller.
	Missing []int `json:"missing,omitempty"`
}

// measureLoad returns the load of a group of servers. Load that is unknown is estimated.
func (d *decision) measureLoad(servers []*server) Load {
	var l Load
	for _, s := range servers {
		if meetings, ok := s.Meetings.Get(); ok && !s.maintenance() {
			l.Participants += pool.Participants(meetings)
			l.Meetings += len(meetings)
		}
	}
	size := l.meetingSize()
	for _, s := range servers {
		if s.maintenance() || s.memory.UnknownSince.IsZero() {
			continue
		}
		participants, meetings := d.estimate(s, size)
		l.Participants += participants
		l.Meetings += meetings
		l.Remembered++
		if d.unknownMatters(s) {
			l.Missing = append(l.Missing, s.Server.Number)
		}
	}
	return l
}

// usualMeetingSize is how many people are in a meeting where no meeting is known.
const usualMeetingSize = 10

// meetingSize returns the mean number of participants in a meeting.
func (l Load) meetingSize() float64 {
	if l.Meetings == 0 || l.Participants == 0 {
		return usualMeetingSize
	}
	return float64(l.Participants) / float64(l.Meetings)
}

// estimate returns the load of a server that cannot be asked. Scalelite's load, without its
// multiplier, is about the number of people; without one it is the last known number, for as
// long as that matters. The meetings are the last known ones, else the people by the mean
// size of a meeting.
func (d *decision) estimate(s *server, meetingSize float64) (participants, meetings int) {
	recent := d.unknownMatters(s) && !s.memory.LoadSeen.IsZero()
	if s.entry != nil && s.entry.LoadMultiplier > 0 {
		if load, ok := s.entry.Load.Get(); ok {
			participants = int(math.Round(load / s.entry.LoadMultiplier))
			if recent && s.memory.Meetings > 0 {
				return participants, s.memory.Meetings
			}
			return participants, int(math.Ceil(float64(participants) / meetingSize))
		}
	}
	if recent {
		return s.memory.Participants, s.memory.Meetings
	}
	return 0, 0
}

// loadUnknown reports whether there may be people on a server, and it cannot be known how
// many. Nobody is on a machine that starts, or that has been watched from its creation on
// and never answered.
func (d *decision) loadUnknown(s *server) bool {
	switch s.machineState() {
	case pool.Starting, pool.Stopping, pool.Stopped, pool.StoppedInPlace:
		return false
	}
	if s.Meetings.Known() || s.hasNoMachine() {
		return false
	}
	isNew := s.machine != nil && s.memory.LoadSeen.IsZero() && (s.memory.Watched || !d.timeIsOver(s))
	return !isNew
}

// past returns the load that the next evaluation compares its own with. 0 becomes 1, so
// that the ratio is always defined.
func (l Load) past(now time.Time) *pool.PastLoad {
	return &pool.PastLoad{At: now, Participants: max(1, l.Participants), Meetings: max(1, l.Meetings)}
}

// maxPastIntervals is the age limit, in evaluation intervals, of a past load that is
// compared with. An evaluation may be late, but none may be missing in between.
const maxPastIntervals = 1.8

// loadAnswer returns the answer of the policy load for the group.
func (g *group) loadAnswer() Answer {
	return loadRequired(g.d.now, g.config, g.past(g.d.state), g.Load)
}

// loadRequired is the predecessor's rule. With 626 participants and 5 meetings that do
// not grow, servers for 250 and 15, and a factor of 2 it returns
//
//	max(ceil(2 × 626 / 250), ceil(2 × 5 / 15), minimum 1) = max(6, 1, 1) = 6
//
// As with the predecessor, the ratios are rounded to two decimals, and participants grow
// if their ratio is at least the threshold, meetings only if it is above.
func loadRequired(now time.Time, config Config, past *pool.PastLoad, l Load) Answer {
	current := l.past(now)
	participantsRatio, meetingsRatio := 1.0, 1.0
	compared := "no load of the previous evaluation to compare with"
	if past != nil && past.Participants > 0 && past.Meetings > 0 &&
		now.Sub(past.At).Seconds() < maxPastIntervals*config.Interval.Seconds() {
		participantsRatio = round2(float64(current.Participants) / float64(past.Participants))
		meetingsRatio = round2(float64(current.Meetings) / float64(past.Meetings))
		compared = fmt.Sprintf("compared with %s and %s %s ago: ratios %.2f and %.2f", pool.Count(past.Participants, "participant"),
			pool.Count(past.Meetings, "meeting"), pool.FormatDuration(now.Sub(past.At)), participantsRatio, meetingsRatio)
	}
	participantsFactor, meetingsFactor := config.SteadyFactor.Participants, config.SteadyFactor.Meetings
	if participantsRatio >= config.GrowthThreshold.Participants {
		participantsFactor = config.GrowingFactor.Participants
	}
	if meetingsRatio > config.GrowthThreshold.Meetings {
		meetingsFactor = config.GrowingFactor.Meetings
	}
	byParticipants := serversFor(participantsFactor, current.Participants, config.ServerParticipants)
	byMeetings := serversFor(meetingsFactor, current.Meetings, config.ServerMeetings)
	servers := max(byParticipants, byMeetings, config.Minimum())
	why := []string{
		compared,
		fmt.Sprintf("participants: ceil(%g × %d / %d) = %d", participantsFactor, current.Participants, config.ServerParticipants, byParticipants),
		fmt.Sprintf("meetings: ceil(%g × %d / %d) = %d", meetingsFactor, current.Meetings, config.ServerMeetings, byMeetings),
		fmt.Sprintf("at least %d", config.Minimum()),
	}
	if l.Remembered > 0 {
		why = append(why, fmt.Sprintf("the load of %s without an answer is estimated", pool.Count(l.Remembered, "server")))
	}
	return Answer{Policy: PolicyLoad, Servers: pool.Seen(servers), Why: why}
}

// serversFor returns the servers for a load. It rounds the wanted capacity to a whole
// number before it divides, as the predecessor does: 1.001 × 250 participants fit on
// one server for 250. The bound keeps absurd loads from overflowing.
func serversFor(factor float64, load, perServer int) int {
	wanted := math.Min(math.Round(factor*float64(load)), math.MaxInt32)
	return ceilDiv(int(wanted), perServer)
}

func round2(ratio float64) float64 { return math.Round(ratio*100) / 100 }
