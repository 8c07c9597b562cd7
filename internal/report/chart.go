package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// The drawing surface of a chart. It is stretched to whatever room there is.
const (
	chartWidth  = 2000
	chartHeight = 1000
)

// chart is a drawing over time: its layers from the back to the front, its axes,
// and what it shows in words.
type chart struct {
	Title, Alt string
	Levels     []mark
	Times      []mark
	Layers     []layer
	// Now is where the future begins, in percent of the width; empty without one.
	Now   string
	Parts []part
}

// mark is a line of an axis, and its label; both in percent of the surface.
type mark struct {
	Line, Middle, Label string
	// Minor labels give way where there is little room.
	Minor bool
}

// layer is a path. Its class says what it is of; a key stands in the legend.
type layer struct{ Class, Path, Key string }

// Swatch is how the legend draws the layer: as a line or as a surface.
func (l layer) Swatch() string {
	if strings.HasSuffix(l.Path, "Z") {
		return "M0 0H24V12H0Z"
	}
	return "M0 6H24"
}

// part is a stretch of time that tells its figures when it is pointed at.
type part struct{ Left, Width, Text string }

// canvas turns times and values into places on the surface.
type canvas struct {
	from, to time.Time
	top      float64
	// hold is from how long a gap on nothing is drawn.
	hold time.Duration
}

func (c canvas) x(t time.Time) int {
	part := t.Sub(c.from).Seconds() / c.to.Sub(c.from).Seconds()
	return int(math.Round(chartWidth * min(1, max(0, part))))
}

func (c canvas) y(value float64) int {
	return int(math.Round(chartHeight * (1 - min(1, value/c.top))))
}

// percent is where a time is, in percent of the width.
func (c canvas) percent(t time.Time) string { return percentOf(c.x(t), chartWidth) }

func percentOf(place, whole int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.2f", 100*float64(place)/float64(whole)), ".00") + "%"
}

// series are the values of something over time.
type series []value

// value is that of a moment. One that is not known is a gap.
type value struct {
	at    time.Time
	value float64
	known bool
}

// seriesOf takes a figure, which may be unknown, out of each sample.
func seriesOf(samples []pool.Sample, figure func(pool.Sample) (int, bool)) series {
	values := make(series, len(samples))
	for i, s := range samples {
		n, ok := figure(s)
		values[i] = value{s.At, float64(n), ok}
	}
	return values
}

// always makes a figure of one that every sample knows.
func always(figure func(pool.Sample) int) func(pool.Sample) (int, bool) {
	return func(s pool.Sample) (int, bool) { return figure(s), true }
}

// times is the series with every value multiplied.
func (s series) times(factor int) series {
	product := slices.Clone(s)
	for i := range product {
		product[i].value *= float64(factor)
	}
	return product
}

// least and most are the bounds of what is known; 0 if nothing is.
func (s series) least() float64 { return s.bound(func(a, b float64) bool { return a < b }) }
func (s series) most() float64  { return s.bound(func(a, b float64) bool { return a > b }) }

func (s series) bound(beyond func(a, b float64) bool) float64 {
	bound, found := 0.0, false
	for _, v := range s {
		if v.known && (!found || beyond(v.value, bound)) {
			bound, found = v.value, true
		}
	}
	return bound
}

// point is a place on the surface.
type point struct{ x, y int }

// runs are the places of a series, apart where there is a gap.
func (c canvas) runs(s series) [][]point {
	var runs [][]point
	var last time.Time
	for _, v := range s {
		if !v.known {
			last = time.Time{}
			continue
		}
		if last.IsZero() || v.at.Sub(last) > c.hold {
			runs = append(runs, nil)
		}
		n := len(runs) - 1
		runs[n], last = append(runs[n], point{c.x(v.at), c.y(v.value)}), v.at
	}
	return runs
}

// line connects the places of a series.
func (c canvas) line(s series) string {
	var path strings.Builder
	for _, run := range c.runs(s) {
		draw(&path, "M", run)
	}
	return path.String()
}

// filled is what lies between a line and the ground.
func (c canvas) filled(s series) string {
	var path strings.Builder
	for _, run := range c.runs(s) {
		draw(&path, "M", run)
		fmt.Fprintf(&path, "V%dH%dZ", chartHeight, run[0].x)
	}
	return path.String()
}

// steps lets each value stand until the next.
func (c canvas) steps(s series) string {
	var path strings.Builder
	for _, run := range c.runs(s) {
		draw(&path, "M", stepped(run))
	}
	return path.String()
}

// between is what lies between two series of the same moments.
func (c canvas) between(lower, upper series, shape func([]point) []point) string {
	var path strings.Builder
	uppers := c.runs(upper)
	for i, run := range c.runs(lower) {
		draw(&path, "M", shape(uppers[i]))
		draw(&path, "L", backwards(shape(run)))
		path.WriteString("Z")
	}
	return path.String()
}

// straight connects places directly.
func straight(run []point) []point { return run }

// stepped goes first along and then up or down, and leaves out what is straight.
func stepped(run []point) []point {
	var steps []point
	for i, p := range run {
		if i > 0 && p.y == run[i-1].y && i+1 < len(run) {
			continue
		}
		if i > 0 {
			steps = append(steps, point{p.x, run[i-1].y})
		}
		steps = append(steps, p)
	}
	return steps
}

func backwards(run []point) []point {
	reversed := make([]point, len(run))
	for i, p := range run {
		reversed[len(run)-1-i] = p
	}
	return reversed
}

// draw writes the places as a path that begins with a command.
func draw(path *strings.Builder, command string, run []point) {
	for _, p := range run {
		fmt.Fprintf(path, "%s%d %d", command, p.x, p.y)
		command = "L"
	}
}

// levels are the lines of the vertical axis: at most five, at round values, the
// highest at or above the largest value.
func levels(largest float64) (top float64, values []float64) {
	step := 1.0
	for i := 0; largest > 4*step; i++ {
		step *= []float64{2, 2.5, 2}[i%3] // 1, 2, 5, 10, 20, 50 …
	}
	top = max(step, math.Ceil(largest/step)*step)
	for value := 0.0; value <= top; value += step {
		values = append(values, value)
	}
	return top, values
}

func (c canvas) levelMarks(l language, values []float64) []mark {
	marks := make([]mark, len(values))
	for i, value := range values {
		marks[i] = mark{Line: percentOf(c.y(value), chartHeight), Label: l.Number(value, 0)}
	}
	return marks
}

// hourMarks are the times of a day, every three hours.
func (c canvas) hourMarks(zone *time.Location) []mark {
	var marks []mark
	for at := midnight(c.from.In(zone)); at.Before(c.to); at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour()+3, 0, 0, 0, zone) {
		if at.After(c.from) {
			place := c.percent(at)
			marks = append(marks, mark{Line: place, Middle: place, Label: at.Format("15:04"), Minor: at.Hour()%6 != 0})
		}
	}
	return marks
}

// dayMarks are the days of a week, each named in its middle.
func (c canvas) dayMarks(l language, zone *time.Location) []mark {
	var marks []mark
	for at := midnight(c.from.In(zone)); at.Before(c.to); at = at.AddDate(0, 0, 1) {
		m := mark{Line: c.percent(at)}
		if noon := at.Add(day / 2); noon.After(c.from) && noon.Before(c.to) {
			m.Middle, m.Label = c.percent(noon), fmt.Sprintf("%s %d", l.weekdays[at.Weekday()], at.Day())
			m.Minor = len(marks)%2 == 1
		}
		marks = append(marks, m)
	}
	return marks
}
