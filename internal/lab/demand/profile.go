package demand

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
	_ "time/tzdata" // the profiles' time zone must be known on every machine
)

// Profile names a kind of place whose meetings can be generated.
type Profile string

// The profiles.
const (
	University Profile = "university" // lecture slots with sharp edges
	School     Profile = "school"     // nobody at seven, everybody at eight
	Company    Profile = "company"    // small meetings at every half hour
)

// Profiles returns all profiles.
func Profiles() []Profile { return []Profile{University, School, Company} }

// profileZone is the time zone of all profiles.
const profileZone = "Europe/Paris"

// Generate returns the meetings that start at or after from and before to, sorted by
// start. The same seed gives the same meetings. Days and hours are those of
// Europe/Paris, and weeks are counted from the day of from. On an ordinary day about
// peak people are in meetings at the same time.
//
// Four weeks or more have public holidays and one day with 2.2 times the usual number
// of meetings; eight weeks or more also have a week of holidays. These days cannot be
// foreseen from the weeks before, and the first week has none.
//
// Errors: an unknown profile, a peak below 1 or above 1,000,000, more than 10 years.
func Generate(profile Profile, from, to time.Time, seed uint64, peak int) ([]Meeting, error) {
	h, err := habitsOf(profile)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(profileZone)
	if err != nil {
		return nil, fmt.Errorf("generate demand: %w", err)
	}
	days := localDays(from, to, zone)
	if peak < 1 || peak > 1_000_000 {
		return nil, fmt.Errorf("generate demand with a peak of %d people, must be 1 to 1000000", peak)
	}
	if len(days) > 10*366 {
		return nil, fmt.Errorf("generate demand of %d days, must be 10 years at most", len(days))
	}
	g := generator{habits: h, seed: seed, largest: min(max(minLargest, peak/6), maxLargest)}
	g.calibrate(peak)
	return slices.DeleteFunc(g.all(days), func(m Meeting) bool {
		return m.Start.Before(from) || !m.Start.Before(to)
	}), nil
}

// localDays returns the midnights in zone of all days between from and to, the day of
// from included.
func localDays(from, to time.Time, zone *time.Location) []time.Time {
	year, month, date := from.In(zone).Date()
	var days []time.Time
	for day := time.Date(year, month, date, 0, 0, 0, 0, zone); day.Before(to); day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	return days
}

// generator generates the meetings of single days.
type generator struct {
	habits habits
	seed   uint64
	// scale is the factor by which the habits' counts of meetings are multiplied to
	// reach the wanted peak.
	scale float64
	// largest is the most people in one meeting. It is smaller in small places,
	// whatever the habits say.
	largest int
}

// Bounds of generator.largest, in people.
const minLargest, maxLargest = 12, 240

// Factors for the number of meetings on a day, besides the weekday's.
const (
	dailyVariation = 0.06 // relative standard deviation from day to day
	growthPerWeek  = 0.005
	rushDay        = 2.2
	publicHoliday  = 0.04
)

// all generates the meetings of the days, special days included.
func (g *generator) all(days []time.Time) []Meeting {
	special := g.specialDays(len(days))
	meetings := []Meeting{}
	for i, day := range days {
		random := g.randomOf(day)
		busy := g.habits.week[day.Weekday()] * (1 + growthPerWeek*float64(i)/7) * (1 + dailyVariation*random.NormFloat64())
		if factor, isSpecial := special[i]; isSpecial {
			busy *= factor
		}
		meetings = append(meetings, g.day(random, day, max(0, busy))...)
	}
	slices.SortStableFunc(meetings, func(a, b Meeting) int { return a.Start.Compare(b.Start) })
	return meetings
}

// randomOf returns the day's own random source, so that a day is the same whatever days
// are generated around it.
func (g *generator) randomOf(day time.Time) *rand.Rand {
	return rand.New(rand.NewPCG(g.seed, uint64(day.Unix())))
}

// specialDays returns, by the index of the day, a factor for the number of meetings on
// days that differ from their weekday. Weeks are counted from the first day, which
// should be a Monday.
func (g *generator) specialDays(days int) map[int]float64 {
	special := map[int]float64{}
	weeks := days / 7
	if weeks < 4 {
		return special
	}
	if weeks >= 8 {
		for day := range 7 {
			special[weeks*3/4*7+day] = g.habits.holidays
		}
	}
	random := rand.New(rand.NewPCG(g.seed, 0))
	mark := func(busy float64) {
		for {
			day := 7*(1+random.IntN(weeks-1)) + random.IntN(5)
			if _, taken := special[day]; !taken {
				special[day] = busy
				return
			}
		}
	}
	mark(rushDay)
	for range weeks / 4 {
		mark(publicHoliday)
	}
	return special
}

// calibrate sets scale so that the mean of the peaks of 8 ordinary days is about peak.
func (g *generator) calibrate(peak int) {
	const rehearsals = 8
	ordinary := time.Date(2026, time.January, 6, 0, 0, 0, 0, time.UTC) // a Tuesday
	g.scale = float64(peak) / referencePeak
	for range 2 {
		sum := 0
		for i := range rehearsals {
			day := ordinary.AddDate(0, 0, 7*i)
			sum += peakOf(g.day(g.randomOf(day), day, 1))
		}
		g.scale *= float64(peak*rehearsals) / float64(max(sum, 1))
	}
}

// peakOf returns the largest number of people at one time. It assumes that everybody in a
// meeting joins in the middle of Join and leaves in the middle of Leave.
func peakOf(meetings []Meeting) int {
	type change struct {
		at     time.Time
		people int
	}
	var changes []change
	for _, m := range meetings {
		middle := m.Start.Add(m.Join / 2)
		changes = append(changes, change{middle, m.Participants}, change{m.Start.Add(m.Duration - m.Leave/2), -m.Participants})
	}
	slices.SortFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	now, most := 0, 0
	for _, c := range changes {
		now += c.people
		most = max(most, now)
	}
	return most
}

// day generates the meetings of one day. busy is a factor for their number.
func (g *generator) day(random *rand.Rand, day time.Time, busy float64) []Meeting {
	var meetings []Meeting
	for _, b := range g.habits.bells {
		if b.minute >= 13*60 && day.Weekday() == g.habits.freeAfternoon {
			continue
		}
		for range poisson(random, b.meetings*busy*g.scale) {
			at := float64(b.minute) + g.habits.punctuality.draw(random)
			meetings = append(meetings, g.meeting(random, day, at, &g.habits.planned))
		}
	}
	for hour, starts := range g.habits.spontaneousStarts {
		for range poisson(random, starts*busy*g.scale) {
			at := (float64(hour) + random.Float64()) * 60
			meetings = append(meetings, g.meeting(random, day, at, &g.habits.spontaneous))
		}
	}
	return meetings
}

// meeting generates a meeting that starts the given minutes after midnight by the wall
// clock.
func (g *generator) meeting(random *rand.Rand, day time.Time, minute float64, kind *gathering) Meeting {
	size := kind.size.draw(random)
	if random.Float64() < kind.hallShare {
		size = hall(random)
	}
	duration := seconds(kind.length(random), 4*60, 150*60)
	return Meeting{
		Start:        time.Date(day.Year(), day.Month(), day.Day(), 0, 0, int(minute*60), 0, day.Location()).UTC(),
		Duration:     duration,
		Participants: min(max(2, int(math.Round(size))), g.largest),
		Join:         min(between(random, 20*time.Second, g.habits.join), duration/3).Truncate(time.Second),
		Leave:        min(between(random, 5*time.Second, g.habits.leave), duration/4).Truncate(time.Second),
		Recorded:     random.Float64() < g.habits.recorded,
	}
}

// hall draws the size of a large meeting: 60 to 240 people, small ones more often
// (log-uniform).
func hall(random *rand.Rand) float64 { return 60 * math.Pow(maxLargest/60, random.Float64()) }

// seconds converts minutes to whole seconds between least and most.
func seconds(minutes float64, least, most int) time.Duration {
	return time.Duration(min(max(int(minutes*60), least), most)) * time.Second
}

func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// poisson draws from a Poisson distribution, by counting the events with exponential
// gaps in one unit of time.
func poisson(random *rand.Rand, mean float64) int {
	count := 0
	for at := random.ExpFloat64(); at < mean; at += random.ExpFloat64() {
		count++
	}
	return count
}
