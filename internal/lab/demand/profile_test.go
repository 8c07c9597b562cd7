package demand

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/long"
)

// monday is the first day of ten weeks in which summer time begins.
var monday = time.Date(2026, time.February, 2, 0, 0, 0, 0, time.UTC)

func generate(t *testing.T, profile Profile, weeks int, seed uint64, peak int) []Meeting {
	t.Helper()
	demand, err := Generate(profile, monday, monday.AddDate(0, 0, 7*weeks), seed, peak)
	if err != nil {
		t.Fatal(err)
	}
	return demand
}

// paris returns the profiles' time zone.
func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(profileZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// byDay returns the meetings by local day, counted from monday.
func byDay(t *testing.T, demand []Meeting) map[int][]Meeting {
	t.Helper()
	zone := paris(t)
	days := map[int][]Meeting{}
	for _, m := range demand {
		year, month, date := m.Start.In(zone).Date()
		day := int(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Sub(monday).Hours() / 24)
		days[day] = append(days[day], m)
	}
	return days
}

func TestGeneratedMeetingsAreSortedAndWithinBounds(t *testing.T) {
	for _, profile := range Profiles() {
		for _, peak := range []int{1, 30, 5_000} {
			demand := generate(t, profile, 1, 4, peak)
			if err := Check(demand); err != nil {
				t.Errorf("%s for %d: %v", profile, peak, err)
			}
			for _, m := range demand {
				if m.Join+m.Leave > m.Duration || m.Participants < 2 || m.Participants > max(minLargest, peak/6) {
					t.Fatalf("%s for %d: %+v", profile, peak, m)
				}
			}
		}
	}
}

func TestPeakOfOrdinaryDays(t *testing.T) {
	for _, profile := range Profiles() {
		for _, peak := range []int{300, 1500} {
			sum, tuesdays := 0, 0
			for seed := range uint64(3) {
				days := byDay(t, generate(t, profile, 3, seed, peak))
				for week := range 3 {
					sum += peakOf(days[7*week+1])
					tuesdays++
				}
			}
			if mean := sum / tuesdays; mean < peak*85/100 || mean > peak*115/100 {
				t.Errorf("%s: mean peak of %d Tuesdays = %d, want about %d", profile, tuesdays, mean, peak)
			}
		}
	}
}

func TestWeekendsAreNearlyEmpty(t *testing.T) {
	for _, profile := range Profiles() {
		days := byDay(t, generate(t, profile, 3, 1, 3_000))
		for week := range 3 {
			tuesday, saturday, sunday := 7*week+1, 7*week+5, 7*week+6
			if len(days[saturday]) > len(days[tuesday])/4 || len(days[sunday]) > len(days[tuesday])/10 {
				t.Errorf("%s: %d meetings on Tuesday, %d on Saturday, %d on Sunday",
					profile, len(days[tuesday]), len(days[saturday]), len(days[sunday]))
			}
		}
	}
}

func TestSchoolFillsWithinAnHour(t *testing.T) {
	zone := paris(t)
	tuesday := byDay(t, generate(t, School, 1, 2, 6_000))[1]
	at := func(hour, minute int) int {
		moment := time.Date(2026, time.February, 3, hour, minute, 0, 0, zone)
		people := 0
		for _, m := range tuesday {
			if !m.Start.After(moment) && moment.Before(m.Start.Add(m.Duration)) {
				people += m.Participants
			}
		}
		return people
	}
	early, first, beforeNoon, lunch := at(7, 30), at(8, 20), at(11, 40), at(13, 0)
	if early > 60 || first < 1_200 || beforeNoon < 2*first || lunch > first {
		t.Errorf("%d people at 07:30, %d at 08:20, %d at 11:40, %d at 13:00", early, first, beforeNoon, lunch)
	}
}

func TestLongDemandHasUnforeseeableDays(t *testing.T) {
	const weeks, holidays = 10, 7
	for _, profile := range Profiles() {
		for seed := range uint64(long.Pick(2, 5)) {
			days := byDay(t, generate(t, profile, weeks, seed, 1500))
			rushes, closed := 0, 0 // unusual days
			for weekday := range 5 {
				counts := make([]int, weeks)
				for week := range weeks {
					counts[week] = len(days[7*week+weekday])
				}
				usual := slices.Sorted(slices.Values(counts))[weeks/2]
				for week, count := range counts {
					special := 10*count > 16*usual || 10*count < 3*usual
					switch {
					case week == holidays && count > usual*9/10:
						t.Errorf("%s, seed %d: %d meetings in the holidays, %d usually", profile, seed, count, usual)
					case week == holidays || !special:
					case week == 0:
						t.Errorf("%s, seed %d: %d meetings in the first week, %d usually", profile, seed, count, usual)
					case count > usual:
						rushes++
					default:
						closed++
					}
				}
			}
			if rushes != 1 || closed != 2 {
				t.Errorf("%s, seed %d: %d rush days and %d public holidays, want 1 and 2", profile, seed, rushes, closed)
			}
		}
	}
}

func TestDayDoesNotDependOnOtherDays(t *testing.T) {
	short, long := byDay(t, generate(t, School, 1, 9, 900)), byDay(t, generate(t, School, 10, 9, 900))
	for day := range 7 {
		if !slices.Equal(short[day], long[day]) {
			t.Errorf("day %d of one week differs from that of ten weeks", day)
		}
	}
}

func TestSameSeedGivesSameMeetings(t *testing.T) {
	for _, profile := range Profiles() {
		if !slices.Equal(generate(t, profile, 5, 3, 700), generate(t, profile, 5, 3, 700)) {
			t.Errorf("%s: the same seed gives other meetings", profile)
		}
		if slices.Equal(generate(t, profile, 1, 3, 700), generate(t, profile, 1, 4, 700)) {
			t.Errorf("%s: another seed gives the same meetings", profile)
		}
	}
}

func TestMeetingsFollowWallClockTime(t *testing.T) {
	// Summer time begins on Sunday, 29 March: eight o'clock is 07:00 UTC before
	// and 06:00 UTC after.
	days := byDay(t, generate(t, Company, 10, 1, 3_000))
	early := func(day int) int {
		count := 0
		for _, m := range days[day] {
			if m.Start.Before(monday.AddDate(0, 0, day).Add(6*time.Hour + 30*time.Minute)) {
				count++
			}
		}
		return count
	}
	before, after := early(6*7+1), early(8*7+1)
	if before > 20 || after < 100 {
		t.Errorf("%d meetings before 06:30 UTC in winter time, %d in summer time", before, after)
	}
}

func TestGenerateChecksItsArguments(t *testing.T) {
	for name, test := range map[string]struct {
		profile Profile
		to      time.Time
		peak    int
		says    string
	}{
		"unknown profile": {"hospital", monday, 10, `profile "hospital", must be one of [university school company]`},
		"nobody":          {School, monday, 0, "must be 1 to 1000000"},
		"a century":       {School, monday.AddDate(100, 0, 0), 10, "must be 10 years at most"},
	} {
		if _, err := Generate(test.profile, monday, test.to, 1, test.peak); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
	noon := monday.Add(12 * time.Hour)
	if demand, err := Generate(School, noon, noon.Add(5*time.Hour), 1, 1_000); err != nil || len(demand) < 10 ||
		demand[0].Start.Before(noon) || !demand[len(demand)-1].Start.Before(noon.Add(5*time.Hour)) {
		t.Errorf("an afternoon: %d meetings, %v", len(demand), err)
	}
	if demand, err := Generate(School, monday, monday, 1, 10); err != nil || len(demand) != 0 {
		t.Errorf("no days: %d meetings, %v", len(demand), err)
	}
}

// figures returns the figures that generated meetings and the reference should share.
func figures(demand []Meeting) map[string]float64 {
	var sizes []int
	var duration, join, leave time.Duration
	people, recorded := 0, 0
	for _, m := range demand {
		sizes = append(sizes, m.Participants)
		people += m.Participants
		duration += m.Duration
		join += m.Join
		leave += m.Leave
		if m.Recorded {
			recorded++
		}
	}
	slices.Sort(sizes)
	count := float64(len(demand))
	return map[string]float64{
		"meetings":       count,
		"mean size":      float64(people) / count,
		"median size":    float64(sizes[len(sizes)/2]),
		"99th size":      float64(sizes[len(sizes)*99/100]),
		"mean duration":  duration.Seconds() / count,
		"mean join":      join.Seconds() / count,
		"mean leave":     leave.Seconds() / count,
		"share recorded": float64(recorded) / count,
	}
}

func TestGeneratedDemandResemblesReference(t *testing.T) {
	for _, profile := range Profiles() {
		t.Run(string(profile), func(t *testing.T) {
			want := figures(referenceTrace(t, profile))
			for name, got := range figures(generate(t, profile, 10, 101, 1500)) {
				if math.Abs(got/want[name]-1) > 0.3 {
					t.Errorf("%s = %.3g, in the reference %.3g", name, got, want[name])
				}
			}
		})
	}
}
