// Package forecast predicts the load of a pool from its own past weeks and returns
// how many servers will carry it, with an explanation. Predict is pure: it takes
// plain values and knows nothing of the other policies or of the pool's limits.
package forecast

import (
	"errors"
	"fmt"
	"math"
	"time"

	"divims/internal/pool"
)

// Input is everything that a forecast is made from. Numbers of servers are fractions
// where Scalelite's load multipliers make a server count as more or less than one.
type Input struct {
	Now time.Time
	// Zone is the time zone whose weekdays and hours the load follows. It must not
	// be nil.
	Zone *time.Location
	// History holds the samples before Now, oldest first.
	History []pool.Sample
	// Future holds the true samples after Now, oldest first. Only the oracle of a
	// backtest has them, and they replace the prediction.
	Future []pool.Sample

	// Load is the load now. If Partial is set, the load of at least one server is
	// missing in it, so Load is a lower bound.
	Load    Pair
	Partial bool
	// Draining is the part of Load that is on draining servers.
	Draining Pair
	// Enabled is how many servers count as capacity, and Ready how many more could be
	// enabled and take meetings at once.
	Enabled, Ready float64
	// Recording is how many of the enabled servers are healthy and still process
	// recordings.
	Recording float64

	// ServerCapacity is what one server carries.
	ServerCapacity Pair
	Room           Room
	Interval       time.Duration // between evaluations
	// LeadTime is the interval until the evaluation that creates a new machine, plus
	// the time until that machine takes meetings.
	LeadTime     time.Duration
	MaxCreations int // machines that one evaluation creates at most
	Size         int // servers in the pool
}

// Room is how much capacity is kept free, in standard deviations.
type Room struct {
	// Uncertainty is for the error of the prediction: how many more people may
	// come than expected.
	Uncertainty Pair
	// Unevenness is for uneven placing: how much more than its share a server may
	// get.
	Unevenness Pair
}

// Answer is how many servers are required, and how that was calculated.
type Answer struct {
	Servers int
	// Why is the calculation with its numbers, one step a line.
	Why []string
	// Outlook is what is expected of the coming day, the soonest first.
	Outlook []Moment
}

// minHistory is the least age of the oldest sample. A shorter history has no day
// with the same weekday as today. The week in which summer time begins is an hour
// short.
const minHistory = (7*24 - 1) * time.Hour

// step is the time between the moments that the forecast looks at.
const step = 5 * time.Minute

// Predict learns from the history what load is coming, and returns the servers that
// carry it. It returns an error if the history is too short or has no sample at this
// time of the week.
func Predict(in Input) (Answer, error) {
	if len(in.History) == 0 {
		return Answer{}, errors.New("there is no history yet")
	}
	if age := in.Now.Sub(in.History[0].At); age < minHistory {
		return Answer{}, fmt.Errorf("the history begins %s ago, and a week is needed", pool.FormatDuration(age))
	}
	f := newForecast(in)
	if len(f.model.past.weeks) == 0 {
		return Answer{}, errors.New("no past week was sampled at this time of the week")
	}
	return f.answer(), nil
}

// forecast is one run of Predict.
type forecast struct {
	in    Input
	model model
	// share is the load that one server is planned to carry.
	share Pair
}

func newForecast(in Input) *forecast {
	f := &forecast{in: in, model: learn(in)}
	capacity, clump, unevenness := in.ServerCapacity, f.model.clump, in.Room.Unevenness
	f.share = Pair{
		shareOf(capacity.Participants, clump.Participants, unevenness.Participants),
		shareOf(capacity.Meetings, clump.Meetings, unevenness.Meetings),
	}
	return f
}

// keepTime is how much further ahead than a new machine's needs the forecast looks before
// it lets an enabled server go. A cordoned server would drain for about that long, so
// cordoning it for less would save little. The value was tuned in backtests.
const keepTime = 50 * time.Minute

// answer returns the largest of several needs. A machine that is created now takes
// meetings after the lead time, and must suffice until the machines of the next
// evaluation do. With a lead time of 12 minutes that is the need in 15 and in 20
// minutes, and the part of a later need that must be created now because one evaluation
// cannot create it all (createEarly). An earlier need can only be met by servers that are
// up. And an enabled server stays enabled if it will be needed again within 70 minutes, or
// if it still processes recordings.
func (f *forecast) answer() Answer {
	lead := (f.in.LeadTime + step - 1).Truncate(step)
	later := f.largestNeed(lead, lead+step)
	soon := f.largestNeed(0, lead-step)
	again := f.largestNeed(0, lead+step+keepTime)
	servers := math.Ceil(later.servers)
	why := []string{f.explainPast(), f.explainToday(), f.explainShare(), f.explain(later)}
	if early, n := f.createEarly(lead); early > servers {
		servers = early
		why = append(why, fmt.Sprintf("%g of those that are needed later, since an evaluation creates %d at most: ", early, f.in.MaxCreations)+f.explain(n))
	}
	if help := math.Min(math.Ceil(soon.servers), math.Ceil(f.in.Enabled+f.in.Ready)); help > servers {
		servers = help
		why = append(why, "sooner than a new machine is up, "+f.explain(soon)+fmt.Sprintf("; enabled now: %g; could be at once: %g", f.in.Enabled, f.in.Ready))
	}
	if kept := math.Min(math.Ceil(again.servers), math.Ceil(f.in.Enabled)); kept > servers {
		servers = kept
		why = append(why, fmt.Sprintf("kept of the %g that are enabled: %g, for ", f.in.Enabled, kept)+f.explain(again))
	}
	if f.in.Recording > servers {
		servers = math.Ceil(f.in.Recording)
		why = append(why, fmt.Sprintf("enabled with recordings in work: %s, to stay up in any case, and so to stay enabled", pool.Count(f.in.Recording, "server")))
	}
	return Answer{Servers: int(math.Min(servers, math.MaxInt32)), Why: why, Outlook: f.outlook()}
}
