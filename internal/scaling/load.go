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
	// Remembered is the number of servers whose last known load was used.
	Remembered int `json:"remembered,omitempty"`
	// Missing lists the numbers of the servers whose load is unknown and not included.
	Missing []int `json:"missing,omitempty"`
}

// maxLoadAge is how long the last known load of a server that does not answer is used.
// After that its people are elsewhere.
const maxLoadAge = 30 * time.Minute

// measureLoad returns the load of a group of servers.
func measureLoad(now time.Time, config Config, servers []*server) Load {
	var l Load
	for _, s := range servers {
		switch {
		case s.maintenance() || s.Machine.Known() && s.machineState() != pool.Running:
		case s.Meetings.Known():
			meetings, _ := s.Meetings.Get()
			l.Participants += pool.Participants(meetings)
			l.Meetings += len(meetings)
		case !s.memory.LoadSeen.IsZero() && now.Sub(s.memory.LoadSeen) <= maxLoadAge:
			l.Participants += s.memory.Participants
			l.Meetings += s.memory.Meetings
			l.Remembered++
		case s.entry != nil && !s.entry.Online: // Scalelite does not see it either, so nobody is on it
		case s.machine == nil || s.pastGrace(now, config):
			l.Missing = append(l.Missing, s.Server.Number)
		default: // it starts and has never answered, so nobody can be on it
		}
	}
	return l
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
	return loadRequired(g.d.now, g.config, g.past(g.d.state), g.Load, g.enabled)
}

// loadRequired is the predecessor's rule. With 626 participants and 5 meetings that do
// not grow, servers for 250 and 15, and a factor of 2 it returns
//
//	max(ceil(2 × 626 / 250), ceil(2 × 5 / 15), minimum 1) = max(6, 1, 1) = 6
//
// As with the predecessor, the ratios are rounded to two decimals, and participants grow
// if their ratio is at least the threshold, meetings only if it is above.
func loadRequired(now time.Time, config Config, past *pool.PastLoad, l Load, enabled int) Answer {
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
		why = append(why, fmt.Sprintf("the last known load stands for that of %s without an answer", pool.Count(l.Remembered, "server")))
	}
	if len(l.Missing) > 0 {
		why = append(why, fmt.Sprintf("the load of servers %v is unknown: not less than the %d that are enabled", l.Missing, enabled))
		servers = max(servers, enabled)
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
