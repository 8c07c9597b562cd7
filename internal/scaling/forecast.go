package scaling

import (
	"errors"

	"divims/internal/pool"
	"divims/internal/scaling/forecast"
)

// room returns how much room a margin keeps free. The values were chosen by backtests,
// with other random seeds than those of the traces in docs/backtest.md.
func (m Margin) room() forecast.Room {
	switch m {
	case Lean:
		return forecast.Room{Uncertainty: forecast.Pair{Participants: 1, Meetings: 1}, Unevenness: forecast.Pair{Participants: 0.4, Meetings: 0.4}}
	case Safe:
		return forecast.Room{Uncertainty: forecast.Pair{Participants: 1.5, Meetings: 1.5}, Unevenness: forecast.Pair{Participants: 0.9, Meetings: 0.75}}
	}
	return forecast.Room{Uncertainty: forecast.Pair{Participants: 1.4, Meetings: 1.4}, Unevenness: forecast.Pair{Participants: 0.6, Meetings: 0.65}}
}

// forecastRoom returns the margin's room, or the numbers that an expert set instead.
func (c Config) forecastRoom() forecast.Room {
	room := c.ForecastMargin.room()
	if c.ForecastUncertainty != (Pair{}) {
		room.Uncertainty = forecast.Pair(c.ForecastUncertainty)
	}
	if c.ForecastUnevenness != (Pair{}) {
		room.Unevenness = forecast.Pair(c.ForecastUnevenness)
	}
	return room
}

// forecastAnswer returns the forecast's answer. If there is no forecast, it returns the
// answer of the load policy.
func (g *group) forecastAnswer() Answer {
	answer, err := g.forecast()
	if err != nil {
		answer = g.loadAnswer()
		answer.Policy, answer.Problem = PolicyForecast, err.Error()
		answer.Why = append([]string{"no forecast, so the rule of the policy load replaces it: " + err.Error()}, answer.Why...)
		return answer
	}
	return answer
}

// advice returns the forecast's answer for a group that does not have the forecast among
// its policies. The answer is shown and does not count. asked is false if the group has
// the forecast policy or a tag.
func (g *group) advice() (advice Answer, asked bool) {
	if g.Tag != "" || g.forecasts() {
		return Answer{}, false
	}
	answer, err := g.forecast()
	if err != nil {
		answer = Answer{Policy: PolicyForecast, Servers: pool.Unknown[int](err.Error()), Why: []string{err.Error()}}
	}
	answer.Advice = true
	return answer, true
}

// forecast returns the forecast's own answer. It returns an error if the history is
// unknown, too short, or has no sample at this time of the week.
func (g *group) forecast() (Answer, error) {
	samples, known := g.d.seen.History.Get()
	if !known {
		return Answer{}, errors.New("the history is unknown: " + g.d.seen.History.Reason())
	}
	predicted, err := forecast.Predict(g.forecastInput(samples))
	if err != nil {
		return Answer{}, err
	}
	return Answer{
		Policy: PolicyForecast, Servers: pool.Seen(predicted.Servers), Why: predicted.Why, Outlook: forecastOutlook(predicted.Outlook),
	}, nil
}

func (g *group) forecastInput(samples []pool.Sample) forecast.Input {
	config := g.config
	in := forecast.Input{
		Now: g.d.now, Zone: config.zone(), History: samples, Future: g.d.seen.Future,
		Load:           forecast.Pair{Participants: float64(g.Load.Participants), Meetings: float64(g.Load.Meetings)},
		Partial:        len(g.Load.Missing) > 0,
		Draining:       g.drainingLoad(),
		Enabled:        g.members.capacity((*server).counts),
		Ready:          g.members.capacity((*server).ready),
		ServerCapacity: forecast.Pair{Participants: float64(config.ServerParticipants), Meetings: float64(config.ServerMeetings)},
		Room:           config.forecastRoom(),
		Interval:       config.Interval, LeadTime: config.LeadTime(),
		MaxCreations: config.MaxCreations, Size: config.Size,
	}
	if config.Recordings != RecordingsNone {
		in.Recording = g.members.capacity(func(s *server) bool { return s.counts() && s.health == Healthy && s.recording() })
	}
	return in
}

// drainingLoad returns the load on draining servers. It leaves out servers in maintenance,
// and servers that do not answer: the group's load does not have theirs either, or soon
// will not have it.
func (g *group) drainingLoad() (load forecast.Pair) {
	for _, s := range g.members {
		if s.draining() && s.Meetings.Known() && s.health != Unresponsive && !s.maintenance() {
			load.Participants += float64(s.participants())
			load.Meetings += float64(s.meetings())
		}
	}
	return load
}

// forecastOutlook converts the forecast's moments into those of an Answer.
func forecastOutlook(moments []forecast.Moment) []Expected {
	outlook := make([]Expected, len(moments))
	for i, m := range moments {
		outlook[i] = Expected{
			At: m.At, Servers: pool.Seen(m.Servers), Participants: pool.Seen(m.Participants), Upper: pool.Seen(m.Upper),
		}
	}
	return outlook
}
