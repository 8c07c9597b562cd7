package scaling

import (
	"fmt"
	"math"
	"time"

	"divims/internal/pool"
)

// leastHistory is how old the oldest sample has to be: without the same weekday
// in it the past tells nothing of today. The week in which summer time begins is
// an hour short.
const leastHistory = (7*24 - 1) * time.Hour

// room is how much is kept free, in standard deviations.
type room struct {
	// unknown is for what the prediction may be off: how many more come than expected.
	unknown Pair
	// uneven is for what placing leaves uneven: how many more than its share a
	// server may get.
	uneven Pair
}

// room is what the margin means: what did well in backtests, on traces of other seeds
// than those that docs/backtest.md reports.
func (m Margin) room() room {
	switch m {
	case Lean:
		return room{Pair{1, 1}, Pair{0.4, 0.4}}
	case Safe:
		return room{Pair{1.5, 1.5}, Pair{0.9, 0.75}}
	}
	return room{Pair{1.4, 1.4}, Pair{0.6, 0.65}}
}

// forecastRoom is the margin's, or an expert's.
func (c Config) forecastRoom() room {
	room := c.ForecastMargin.room()
	if c.ForecastUncertainty != (Pair{}) {
		room.unknown = c.ForecastUncertainty
	}
	if c.ForecastUnevenness != (Pair{}) {
		room.uneven = c.ForecastUnevenness
	}
	return room
}

// forecast is the forecast policy at work on a group.
type forecast struct {
	prediction
	room
	one   Pair // what one server carries
	share Pair // what it is planned to carry
	// draining is the load on servers that drain.
	draining Pair
	// enabled servers count as capacity, and ready ones could do so at once.
	enabled, ready float64
	// recording servers are enabled and well, and have recordings in work.
	recording float64
}

// forecastAnswer is the forecast's answer or, without one, the load rule's.
func (g *group) forecastAnswer() Answer {
	answer, problem := g.forecast()
	if problem != "" {
		if !g.d.seen.History.Known() {
			g.d.alert(Warning, "history", adviceHistory, "%s", problem)
		}
		answer = loadRequired(g.d.now, g.config, g.past(g.d.state), g.Load, g.enabled)
		answer.Policy, answer.Problem = PolicyForecast, problem
		answer.Why = append([]string{"no forecast, so the rule of the policy load stands in: " + problem}, answer.Why...)
		return answer
	}
	if missing := g.Load.Missing; len(missing) > 0 {
		servers, _ := answer.Servers.Get()
		answer.Servers = pool.Seen(max(servers, g.enabled))
		answer.Why = append(answer.Why, fmt.Sprintf("the load of servers %v is unknown: not less than the %d that are enabled", missing, g.enabled))
	}
	return answer
}

// forecast learns from the history what is coming, and asks for the servers that
// carry it; or says what keeps it from that.
func (g *group) forecast() (answer Answer, problem string) {
	samples, known := g.d.seen.History.Get()
	switch {
	case !known:
		return Answer{}, "the history is unknown: " + g.d.seen.History.Reason()
	case len(samples) == 0:
		return Answer{}, "there is no history yet"
	case g.d.now.Sub(samples[0].At) < leastHistory:
		return Answer{}, fmt.Sprintf("the history begins %s ago, and a week is needed", spell(g.d.now.Sub(samples[0].At)))
	}
	f := g.newForecast(samples)
	if len(f.weeks) == 0 {
		return Answer{}, "no past week was sampled at this time of the week"
	}
	return f.answer(g.config), ""
}

func (g *group) newForecast(samples []pool.Sample) forecast {
	config := g.config
	near := config.Interval/2 + time.Minute
	one := Pair{float64(config.ServerParticipants), float64(config.ServerMeetings)}
	actual := Pair{float64(g.Load.Participants), float64(g.Load.Meetings)}
	f := forecast{
		prediction: predict(g.d.now, history{samples, config.zone(), near}, history{g.d.seen.Future, config.zone(), near}, actual, len(g.Load.Missing) > 0, one),
		room:       config.forecastRoom(), one: one,
		enabled: g.members.capacity((*server).counts),
		ready: g.members.capacity(func(s *server) bool {
			return s.mayEnable() && s.health == Healthy && s.machineState() == pool.Running
		}),
	}
	f.share = Pair{
		shareOf(one.Participants, f.clump.Participants, f.uneven.Participants),
		shareOf(one.Meetings, f.clump.Meetings, f.uneven.Meetings),
	}
	if config.Recordings != RecordingsNone {
		f.recording = g.members.capacity(func(s *server) bool { return s.counts() && s.health == Healthy && s.recording() })
	}
	for _, s := range g.members {
		// What nobody can ask any more is not in the load either, or will not stay there.
		if s.draining() && s.Meetings.Known() && s.health != Unresponsive && !s.maintenance() {
			f.draining = f.draining.plus(Pair{float64(s.participants()), float64(s.meetings())})
		}
	}
	return f
}

// shareOf is what a server for so many is planned to carry. Meetings are placed
// one by one, by a load that does not know what they will grow to: a server whose
// share is x gets x ± √(clump × x). The share is that x with which a server still
// carries what it gets at so many deviations more,
//
//	x + uneven × √(clump × x) = one
//
// which is square-root staffing (Halfin and Whitt, Heavy-Traffic Limits for Queues
// with Many Exponential Servers, 1981) turned round. For 250 participants who come
// 20 at a time, with 0.6 deviations, it is 211: 211 + 0.6 × √(20 × 211) = 250. For
// 15 meetings that come one by one, with 0.65 deviations, it is 12.7.
func shareOf(one, clump, uneven float64) float64 {
	half := uneven * math.Sqrt(clump) / 2
	root := math.Sqrt(half*half+one) - half
	return root * root
}

// drainTime is how long draining servers go on carrying their load: e^-1 of it
// is left then. Tuned in backtests, as are the other times here.
const drainTime = 30 * time.Minute

// need is what enabled servers are expected to have to carry at a moment.
type need struct {
	at time.Time
	// expected is the load, deviation how far off that may be, and draining the
	// part of it that draining servers carry still.
	expected, deviation, draining Pair
	// servers are needed for it: a fraction.
	servers float64
}

// needAt is, for participants and for meetings, whichever is more:
//
//	(expected + unknown × deviation - still on draining servers) / share
//
// With 930 ± 108 participants expected in 20 minutes, 100 on draining servers, of
// which e^(-20/30) = 51 % are still there then, 1.4 deviations and a share of 211:
// (930 + 1.4 × 108 - 51) / 211 = 4.9 servers.
func (f forecast) needAt(at time.Time) need {
	n := need{at: at, draining: f.draining.times(math.Exp(-float64(at.Sub(f.now)) / float64(drainTime)))}
	n.expected, n.deviation = f.expect(at)
	load := n.expected.plus(n.deviation.by(f.unknown)).plus(n.draining.times(-1))
	servers := load.each(f.share, func(load, share float64) float64 { return max(load, 0) / share })
	n.servers = max(servers.Participants, servers.Meetings)
	return n
}

// largestNeed is the largest of the needs from one moment to another.
func (f forecast) largestNeed(from, to time.Time) need {
	largest := f.needAt(from)
	for at := from.Add(step); !at.After(to); at = at.Add(step) {
		if n := f.needAt(at); n.servers > largest.servers {
			largest = n
		}
	}
	return largest
}

// keepTime: a server is cordoned only if it is not needed within so much longer than
// a new machine takes, for it would drain for about that long. Tuned in backtests.
const keepTime = 50 * time.Minute

// farTime is how far ahead the forecast looks for a rise that takes more machines
// than the evaluations until then create.
const farTime = 3 * time.Hour

// far is what has to be there early because an evaluation creates so many machines
// at most: the largest, over the coming evaluations, of the need that theirs would
// come in time for, less what they and those before them can still create. With 300
// servers needed at 8:15 for what is created at 8:00, and 10 creations every 5
// minutes, it is 300 - 6 × 10 = 240 at 7:30.
func (f forecast) far(lead time.Duration, config Config) (servers float64, decisive need) {
	for later := config.Interval; later <= farTime; later += config.Interval {
		created := float64(config.MaxCreations) * float64(later/config.Interval)
		if created >= float64(config.Size) {
			break
		}
		if n := f.needAt(f.now.Add(lead + later)); math.Ceil(n.servers)-created > servers {
			servers, decisive = math.Ceil(n.servers)-created, n
		}
	}
	return servers, decisive
}

// answer looks several times. What is created now takes meetings after the lead
// time, and must suffice until the next evaluation's does: with 12 minutes for
// that, the needs 15 and 20 minutes from now are looked at, and beyond them what
// cannot be created all at once. What is needed sooner can only be had of servers
// that are up. And a server that is enabled stays so while it will be needed again
// within 70 minutes.
func (f forecast) answer(config Config) Answer {
	lead := (config.LeadTime() + step - 1).Truncate(step)
	later := f.largestNeed(f.now.Add(lead), f.now.Add(lead+step))
	soon := f.largestNeed(f.now, f.now.Add(lead-step))
	again := f.largestNeed(f.now, f.now.Add(lead+step+keepTime))
	servers := math.Ceil(later.servers)
	why := []string{f.describePast(), f.describeToday(), f.describeShare(), f.describe(later)}
	if early, n := f.far(lead, config); early > servers {
		servers = early
		why = append(why, fmt.Sprintf("%g of those that are needed later, since an evaluation creates %d at most: ", early, config.MaxCreations)+f.describe(n))
	}
	if help := math.Min(math.Ceil(soon.servers), math.Ceil(f.enabled+f.ready)); help > servers {
		servers = help
		why = append(why, "sooner than a new machine is up, "+f.describe(soon)+fmt.Sprintf("; enabled now: %g; could be at once: %g", f.enabled, f.ready))
	}
	if kept := math.Min(math.Ceil(again.servers), math.Ceil(f.enabled)); kept > servers {
		servers = kept
		why = append(why, fmt.Sprintf("kept of the %g that are enabled: %g, for ", f.enabled, kept)+f.describe(again))
	}
	if f.recording > servers {
		servers = math.Ceil(f.recording)
		why = append(why, fmt.Sprintf("enabled with recordings in work: %s, to stay up in any case, and so to stay enabled", pool.Count(f.recording, "server")))
	}
	return Answer{Policy: PolicyForecast, Servers: pool.Seen(int(math.Min(servers, math.MaxInt32))), Why: why, Outlook: f.outlook()}
}
