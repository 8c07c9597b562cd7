package backtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// Rebuild makes meetings that a pool's samples could have come from: as many at
// each sample, with about as many people. What samples do not tell is made up,
// the same for the same seed: which meeting is how large, how long it lasts, and
// whether it is recorded. Between two samples that are far apart, as after missed
// evaluations, the numbers are taken to have changed evenly. The error names a
// sample with more meetings or people than any pool has.
func Rebuild(samples []pool.Sample, seed uint64) ([]demand.Meeting, error) {
	for _, s := range samples {
		if s.Meetings > mostMeetings || s.Participants > mostParticipants {
			return nil, fmt.Errorf("sample of %s: %d participants in %d meetings", s.At.UTC().Format(time.RFC3339), s.Participants, s.Meetings)
		}
	}
	b := rebuilding{samples: fillGaps(samples), random: rand.New(rand.NewPCG(seed, 0))}
	b.typical = time.Duration(lengthShare * float64(longestMean(b.samples)))
	b.schedule()
	b.populate()
	return b.meetings(), nil
}

// What is believed of a sample.
const mostMeetings, mostParticipants = 100_000, 10_000_000

// What is made up of meetings.
const (
	// lengthShare is the median length as a share of the longest mean that the
	// samples allow; two thirds of the lengths are between it over and times
	// spreadOfLength. Both are chosen so that known traces come out alike.
	lengthShare, spreadOfLength = 0.8, 1.3
	shortest, longest           = 5 * time.Minute, 24 * time.Hour
	// spreadOfSize is the same for the size, whose median follows from the samples.
	spreadOfSize = 2.5
	largest      = 1000
	// recordedShare is the share of meetings that are recorded.
	recordedShare = 1. / 3
	// joins and leaves take so long, or a third of the meeting.
	joining, leaving = 5 * time.Minute, 2 * time.Minute
	// lingering is how long BBB lists a meeting after the last has left.
	lingering = time.Minute
	// rounds of fitting the sizes, and the size that even an empty meeting keeps,
	// so that it can grow again.
	rounds, sparse = 30, 0.01
)

// A gap of more than longestGap between two samples is filled at every usualGap.
const usualGap, longestGap = 5 * time.Minute, 7 * time.Minute

// fillGaps puts samples into gaps, on the line between the two around them, and
// takes one of several of the same moment.
func fillGaps(samples []pool.Sample) []pool.Sample {
	var filled []pool.Sample
	for _, sample := range samples {
		if len(filled) == 0 {
			filled = append(filled, sample)
			continue
		}
		before := filled[len(filled)-1]
		gap := sample.At.Sub(before.At)
		for at := usualGap; gap > longestGap && at < gap-time.Minute; at += usualGap {
			share := float64(at) / float64(gap)
			filled = append(filled, pool.Sample{
				At:           before.At.Add(at),
				Participants: before.Participants + int(math.Round(share*float64(sample.Participants-before.Participants))),
				Meetings:     before.Meetings + int(math.Round(share*float64(sample.Meetings-before.Meetings))),
			})
		}
		if gap > 0 {
			filled = append(filled, sample)
		}
	}
	return filled
}

// longestMean is the mean length of meetings if no more began than the samples
// show: the time that they were open, over how often they became more.
func longestMean(samples []pool.Sample) time.Duration {
	begun, open := 0, time.Duration(0)
	for i := 1; i < len(samples); i++ {
		begun += max(0, samples[i].Meetings-samples[i-1].Meetings)
		open += time.Duration(samples[i].Meetings) * samples[i].At.Sub(samples[i-1].At)
	}
	return open / time.Duration(max(1, begun))
}

// rebuilding is a Rebuild under way.
type rebuilding struct {
	samples []pool.Sample
	random  *rand.Rand
	// typical is the median length of meetings.
	typical time.Duration
	rooms   []*room
}

// room is a meeting that is made up.
type room struct {
	start, end time.Time
	// first and last are the samples in which it is seen.
	first, last int
	size        float64
}

// schedule begins and ends meetings so that as many are open as each sample
// counts. When they become fewer, those go first that are due soonest.
func (b *rebuilding) schedule() {
	var open []*room
	before := time.Time{}
	for i, sample := range b.samples {
		moment := func() time.Time {
			since := min(sample.At.Sub(before), longestGap)
			return sample.At.Add(-time.Duration(b.random.Int64N(int64(since))))
		}
		slices.SortStableFunc(open, func(x, y *room) int { return x.end.Compare(y.end) })
		for len(open) > 0 && (!open[0].end.After(sample.At) || len(open) > sample.Meetings) {
			if open[0].end.After(sample.At) {
				open[0].end = moment()
			}
			open = open[1:]
		}
		for len(open) < sample.Meetings {
			start := moment()
			r := &room{start: start, end: start.Add(b.length()), first: i, size: b.spread(spreadOfSize)}
			open, b.rooms = append(open, r), append(b.rooms, r)
		}
		for _, r := range open {
			r.last = i
		}
		before = sample.At
	}
}

// spread draws around 1: log-normal, with this geometric standard deviation.
func (b *rebuilding) spread(deviation float64) float64 {
	return math.Exp(b.random.NormFloat64() * math.Log(deviation))
}

func (b *rebuilding) length() time.Duration {
	return min(max(shortest, time.Duration(float64(b.typical)*b.spread(spreadOfLength))), longest)
}

// populate fits the sizes: in each round every meeting grows or shrinks by the
// mean of what the samples that see it would have it do. Large ones stay large.
func (b *rebuilding) populate() {
	for range rounds {
		have := make([]float64, len(b.samples))
		for _, r := range b.rooms {
			for i := r.first; i <= r.last; i++ {
				have[i] += r.size
			}
		}
		for _, r := range b.rooms {
			sum := 0.
			for i := r.first; i <= r.last; i++ {
				sum += float64(b.samples[i].Participants) / have[i]
			}
			r.size = max(sparse, r.size*sum/float64(r.last-r.first+1))
		}
	}
}

// meetings are the rooms with whole people.
func (b *rebuilding) meetings() []demand.Meeting {
	list := make([]demand.Meeting, len(b.rooms))
	carry := 0. // what rounding has left over, for the next one
	for i, r := range b.rooms {
		people := min(math.Round(r.size+carry), largest)
		carry += r.size - people
		length := max(r.end.Sub(r.start)-lingering, time.Minute).Truncate(time.Second)
		list[i] = demand.Meeting{
			Start: r.start.Truncate(time.Second).UTC(), Duration: length, Participants: int(people),
			Join: min(joining, length/3).Truncate(time.Second), Leave: min(leaving, length/3).Truncate(time.Second),
			Recorded: b.random.Float64() < recordedShare,
		}
	}
	slices.SortStableFunc(list, func(x, y demand.Meeting) int { return x.Start.Compare(y.Start) })
	return list
}
