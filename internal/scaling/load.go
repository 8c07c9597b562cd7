package scaling

import (
	"fmt"
	"math"
	"time"

	"divims/internal/pool"
)

// Load is the load of a pool: everybody on servers that are not in maintenance
// and whose machine runs. Cordoned servers count: their people will come back.
type Load struct {
	Participants int `json:"participants"`
	Meetings     int `json:"meetings"`
	// Remembered counts servers whose last known load stands for the present one.
	Remembered int `json:"remembered,omitempty"`
	// Missing are the servers whose load nobody knows; it is not in the numbers.
	Missing []int `json:"missing,omitempty"`
}

// rememberedFor is for how long the last known load of a server that does not
// answer stands for the present one. After that its people are elsewhere.
const rememberedFor = 30 * time.Minute

func measureLoad(now time.Time, config Config, servers []*server) Load {
	var l Load
	for _, s := range servers {
		switch {
		case s.maintenance() || s.Machine.Known() && s.machineState() != pool.Running:
		case s.Meetings.Known():
			meetings, _ := s.Meetings.Get()
			l.Participants += pool.Participants(meetings)
			l.Meetings += len(meetings)
		case !s.memory.LoadSeen.IsZero() && now.Sub(s.memory.LoadSeen) <= rememberedFor:
			l.Participants += s.memory.Participants
			l.Meetings += s.memory.Meetings
			l.Remembered++
		case s.entry != nil && !s.entry.Online: // Scalelite has nobody there either
		case s.machine == nil || s.pastGrace(now, config):
			l.Missing = append(l.Missing, s.Server.Number)
		default: // it starts, and has never answered: nobody can be on it
		}
	}
	return l
}

// past turns the load into what the next evaluation compares with. Nothing
// counts as 1, so that there always is a ratio.
func (l Load) past(now time.Time) *pool.PastLoad {
	return &pool.PastLoad{At: now, Participants: max(1, l.Participants), Meetings: max(1, l.Meetings)}
}

// stalePast is how old, in evaluation intervals, a past load may be to be
// compared with: one evaluation may be missed by most of an interval, not two.
const stalePast = 1.8

// loadAnswer returns the answer of the policy load for the group.
func (g *group) loadAnswer() Answer {
	return loadRequired(g.d.now, g.config, g.past(g.d.state), g.Load, g.enabled)
}

// loadRequired is the predecessor's rule. With 626 participants and 5 meetings,
// none grown, 250 and 15 a server and the factor 2:
//
//	max(ceil(2 × 626 / 250), ceil(2 × 5 / 15), minimum 1) = max(6, 1, 1) = 6
//
// Participants have grown from the threshold on, meetings only above it, both
// with the ratio rounded to two decimals, as the predecessor has them.
func loadRequired(now time.Time, config Config, past *pool.PastLoad, l Load, enabled int) Answer {
	current := l.past(now)
	participantsRatio, meetingsRatio := 1.0, 1.0
	compared := "no load of the previous evaluation to compare with"
	if past != nil && past.Participants > 0 && past.Meetings > 0 &&
		now.Sub(past.At).Seconds() < stalePast*config.Interval.Seconds() {
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

// serversFor rounds the wanted capacity to a whole number before dividing, as
// the predecessor does: 1.001 × 250 participants fit one server of 250. The
// bound keeps absurd loads from overflowing; the pool's size limits them anyway.
func serversFor(factor float64, load, perServer int) int {
	wanted := math.Min(math.Round(factor*float64(load)), math.MaxInt32)
	return ceilDiv(int(wanted), perServer)
}

func round2(ratio float64) float64 { return math.Round(ratio*100) / 100 }
