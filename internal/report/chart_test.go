package report

import (
	"slices"
	"testing"
	"time"

	"divims/internal/pool"
)

var noon = time.Date(2026, 3, 17, 12, 0, 0, 0, time.UTC)

// hour is a canvas for an hour and values up to 100.
var hour = canvas{from: noon, to: noon.Add(time.Hour), top: 100, maxGap: 12 * time.Minute}

// values returns a series of pairs of minute and value; a negative value is unknown.
func values(minutes ...float64) series {
	var s series
	for i := 0; i < len(minutes); i += 2 {
		s = append(s, value{noon.Add(time.Duration(minutes[i]) * time.Minute), minutes[i+1], minutes[i+1] >= 0})
	}
	return s
}

// TestPaths uses the chart's coordinates: 2000 wide, 1000 high, value 0 at the bottom.
func TestPaths(t *testing.T) {
	for name, test := range map[string]struct{ got, want string }{
		"a line":                      {hour.line(values(0, 0, 6, 100)), "M0 1000L200 0"},
		"an empty series":             {hour.line(nil), ""},
		"a gap in time":               {hour.line(values(0, 50, 30, 50, 36, 50)), "M0 500M1000 500L1200 500"},
		"an unknown value":            {hour.line(values(0, 50, 6, -1, 12, 50)), "M0 500M400 500"},
		"steps":                       {hour.steps(values(0, 0, 6, 100)), "M0 1000L200 1000L200 0"},
		"steps without a change":      {hour.steps(values(0, 10, 6, 10, 12, 10)), "M0 900L400 900L400 900"},
		"an area":                     {hour.area(values(0, 50, 6, 100)), "M0 500L200 0V1000H0Z"},
		"an area between two series":  {hour.between(values(0, 0, 6, 0), values(0, 50, 6, 100), straight), "M0 500L200 0L200 1000L0 1000Z"},
		"values outside of the chart": {hour.line(values(-6, 50, 0, 120)), "M0 500L0 0"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
}

func TestGridLinesAreFewAndRound(t *testing.T) {
	for largest, want := range map[float64][]float64{
		0: {0, 1}, 1: {0, 1}, 3: {0, 1, 2, 3}, 4: {0, 1, 2, 3, 4}, 5: {0, 2, 4, 6}, 12: {0, 5, 10, 15},
		1234: {0, 500, 1000, 1500}, 45000: {0, 20000, 40000, 60000},
	} {
		top, got := levels(largest)
		if !slices.Equal(got, want) || top != want[len(want)-1] {
			t.Errorf("%g: %v up to %g, want %v", largest, got, top, want)
		}
	}
}

// TestDownsampleKeepsTheHighestValues checks also that a value which only one of the
// samples has is kept.
func TestDownsampleKeepsTheHighestValues(t *testing.T) {
	merged := downsample([]pool.Sample{
		{At: noon.Add(5 * time.Minute), Participants: 10, Enabled: 3, Price: pool.Seen(1.5), Asked: map[string]int{"load": 1, "schedule": 4}},
		{At: noon.Add(25 * time.Minute), Participants: 20, Enabled: 2, Required: pool.Seen(0), Asked: map[string]int{"load": 2}},
		{At: noon.Add(30 * time.Minute), Participants: 5},
	}, 30*time.Minute)
	if len(merged) != 2 || merged[1].Participants != 5 {
		t.Fatalf("%+v", merged)
	}
	s := merged[0]
	if price, _ := s.Price.Get(); !s.At.Equal(noon.Add(5*time.Minute)) || s.Participants != 20 || s.Enabled != 3 || price != 1.5 ||
		!s.Required.Known() || s.Idle.Known() || s.Asked["load"] != 2 || s.Asked["schedule"] != 4 {
		t.Errorf("%+v", s)
	}
}

// TestHourMarksAreInThePoolsZone uses a day on which the clocks change.
func TestHourMarksAreInThePoolsZone(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	change := time.Date(2026, 3, 29, 0, 30, 0, 0, paris)
	c := canvas{from: change, to: change.Add(9 * time.Hour)}
	var labels []string
	for _, m := range c.hourMarks(paris) {
		labels = append(labels, m.Label)
	}
	if want := []string{"03:00", "06:00", "09:00"}; !slices.Equal(labels, want) {
		t.Errorf("%q, want %q", labels, want)
	}
}
