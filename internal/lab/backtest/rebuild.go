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

// Rebuild returns meetings that fit a pool's samples: at each sample there are as many
// meetings and about as many people. Samples do not contain the size and the length of
// each meeting or whether it is recorded. These are made up, the same for the same
// seed. Between two samples that are far apart, as after missed evaluations, the numbers
// are assumed to change evenly. It returns an error if a sample has implausibly many
// meetings or people.
func Rebuild(samples []pool.Sample, seed uint64) ([]demand.Meeting, error) {
	for _, s := range samples {
		if s.Meetings > maxMeetings || s.Participants > maxParticipants {
			return nil, fmt.Errorf("sample of %s: %d participants in %d meetings", s.At.UTC().Format(time.RFC3339), s.Participants, s.Meetings)
		}
	}
	b := rebuilding{samples: fillGaps(samples), random: rand.New(rand.NewPCG(seed, 0))}
	b.typical = time.Duration(lengthShare * float64(longestMean(b.samples)))
	b.schedule()
	b.populate()
	return b.meetings(), nil
}

// Rebuild refuses samples with more meetings or people than these.
const maxMeetings, maxParticipants = 100_000, 10_000_000

// Parameters of the made-up meetings.
const (
	// lengthShare is the median length as a share of longestMean. Two thirds of the
	// lengths are between median / lengthSpread and median × lengthSpread. Both were
	// chosen so that known traces are reproduced well.
	lengthShare, lengthSpread = 0.8, 1.3
	minLength, maxLength      = 5 * time.Minute, 24 * time.Hour
	// sizeSpread is the same for the number of people in a meeting. The median of that
	// number follows from the samples.
	sizeSpread = 2.5
	maxSize    = 1000
	// recordedShare is the share of meetings that are recorded.
	recordedShare = 1. / 3
	// joining and leaving are how long people take to join and to leave, at most a
	// third of the meeting.
	joining, leaving = 5 * time.Minute, 2 * time.Minute
	// lingering is how long BBB lists a meeting after the last person left.
	lingering = time.Minute
	// rounds is how often the sizes are fitted. minSize is the smallest size while
	// fitting, so that an empty meeting can grow again.
	rounds, minSize = 30, 0.01
)

// A gap of more than maxGap between two samples is filled with a sample every
// sampleInterval.
const sampleInterval, maxGap = 5 * time.Minute, 7 * time.Minute

// fillGaps adds interpolated samples to gaps and keeps the first of several samples of the
// same moment.
func fillGaps(samples []pool.Sample) []pool.Sample {
	var filled []pool.Sample
	for _, sample := range samples {
		if len(filled) == 0 {
			filled = append(filled, sample)
			continue
		}
		before := filled[len(filled)-1]
		gap := sample.At.Sub(before.At)
		for at := sampleInterval; gap > maxGap && at < gap-time.Minute; at += sampleInterval {
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

// longestMean returns an upper bound of the mean length of meetings: the total time of all
// meetings divided by the total increase of their number. Meetings that began and ended
// between two samples would make the mean shorter.
func longestMean(samples []pool.Sample) time.Duration {
	begun, open := 0, time.Duration(0)
	for i := 1; i < len(samples); i++ {
		begun += max(0, samples[i].Meetings-samples[i-1].Meetings)
		open += time.Duration(samples[i].Meetings) * samples[i].At.Sub(samples[i-1].At)
	}
	return open / time.Duration(max(1, begun))
}

// rebuilding is the state of Rebuild.
type rebuilding struct {
	samples []pool.Sample
	random  *rand.Rand
	// typical is the median length of meetings.
	typical time.Duration
	rooms   []*room
}

// room is a made-up meeting.
type room struct {
	start, end time.Time
	// first and last are the indexes of the samples in which the meeting is open.
	first, last int
	size        float64
}

// schedule begins and ends meetings so that as many are open as each sample counts. If
// meetings must end early, it chooses those with the earliest planned end.
func (b *rebuilding) schedule() {
	var open []*room
	before := time.Time{}
	for i, sample := range b.samples {
		moment := func() time.Time {
			since := min(sample.At.Sub(before), maxGap)
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
			r := &room{start: start, end: start.Add(b.length()), first: i, size: b.spread(sizeSpread)}
			open, b.rooms = append(open, r), append(b.rooms, r)
		}
		for _, r := range open {
			r.last = i
		}
		before = sample.At
	}
}

// spread draws from a log-normal distribution with the median 1 and a geometric standard
// deviation.
func (b *rebuilding) spread(deviation float64) float64 {
	return math.Exp(b.random.NormFloat64() * math.Log(deviation))
}

func (b *rebuilding) length() time.Duration {
	return min(max(minLength, time.Duration(float64(b.typical)*b.spread(lengthSpread))), maxLength)
}

// populate fits the sizes to the samples. In each round, the size of a meeting is
// multiplied by the mean, over the samples in which it is open, of the ratio between the
// sample's participants and the sum of sizes.
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
			r.size = max(minSize, r.size*sum/float64(r.last-r.first+1))
		}
	}
}

// meetings returns the rooms as meetings, with whole numbers of people.
func (b *rebuilding) meetings() []demand.Meeting {
	list := make([]demand.Meeting, len(b.rooms))
	carry := 0. // what rounding took away so far, added to the next meeting
	for i, r := range b.rooms {
		people := min(math.Round(r.size+carry), maxSize)
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
