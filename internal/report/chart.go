package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// The size of a chart's coordinate system, which is stretched to the page.
const (
	chartWidth  = 2000
	chartHeight = 1000
)

// chart is a drawing over time. Layers are ordered from back to front; Alt says in
// words what the chart shows.
type chart struct {
	Title, Alt string
	Levels     []axisMark
	Times      []axisMark
	Layers     []layer
	// Now is where the future begins, in percent of the width; empty if there is none.
	Now   string
	Hints []hint
}

// axisMark is a grid line and its label, with places in percent of width or height.
type axisMark struct {
	Line, Middle, Label string
	// Minor labels are hidden in a narrow window.
	Minor bool
}

// layer is an SVG path. Class is its style class, Key its text in the legend.
type layer struct{ Class, Path, Key string }

// Swatch returns the legend's sample of the layer: a line or an area.
func (l layer) Swatch() string {
	if strings.HasSuffix(l.Path, "Z") {
		return "M0 0H24V12H0Z"
	}
	return "M0 6H24"
}

// hint shows the figures of a span of time when the mouse is over it.
type hint struct{ Left, Width, Text string }

// canvas converts times and values to coordinates.
type canvas struct {
	from, to time.Time
	top      float64
	// maxGap is the longest time between two values that is drawn without a gap.
	maxGap time.Duration
}

func (c canvas) x(t time.Time) int {
	part := t.Sub(c.from).Seconds() / c.to.Sub(c.from).Seconds()
	return int(math.Round(chartWidth * min(1, max(0, part))))
}

func (c canvas) y(value float64) int {
	return int(math.Round(chartHeight * (1 - min(1, value/c.top))))
}

// percent returns the place of a time in percent of the width.
func (c canvas) percent(t time.Time) string { return percentOf(c.x(t), chartWidth) }

func percentOf(place, whole int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.2f", 100*float64(place)/float64(whole)), ".00") + "%"
}

// series has the values of something over time.
type series []value

// value is one value of a series. An unknown value makes a gap.
type value struct {
	at    time.Time
	value float64
	known bool
}

// seriesOf returns the series of a figure of the samples, which may be unknown.
func seriesOf(samples []pool.Sample, figure func(pool.Sample) (int, bool)) series {
	values := make(series, len(samples))
	for i, s := range samples {
		n, ok := figure(s)
		values[i] = value{s.At, float64(n), ok}
	}
	return values
}

// known turns a figure that is never unknown into an argument of seriesOf.
func known(figure func(pool.Sample) int) func(pool.Sample) (int, bool) {
	return func(s pool.Sample) (int, bool) { return figure(s), true }
}

// times returns the series with every value multiplied.
func (s series) times(factor int) series {
	product := slices.Clone(s)
	for i := range product {
		product[i].value *= float64(factor)
	}
	return product
}

// min and max return the lowest and the highest known value; 0 if none is known.
func (s series) min() float64 { return s.bound(func(a, b float64) bool { return a < b }) }
func (s series) max() float64 { return s.bound(func(a, b float64) bool { return a > b }) }

func (s series) bound(beyond func(a, b float64) bool) float64 {
	bound, found := 0.0, false
	for _, v := range s {
		if v.known && (!found || beyond(v.value, bound)) {
			bound, found = v.value, true
		}
	}
	return bound
}

// point is a place in the chart's coordinates.
type point struct{ x, y int }

// segments returns the points of a series, split at gaps.
func (c canvas) segments(s series) [][]point {
	var segments [][]point
	var last time.Time
	for _, v := range s {
		if !v.known {
			last = time.Time{}
			continue
		}
		if last.IsZero() || v.at.Sub(last) > c.maxGap {
			segments = append(segments, nil)
		}
		n := len(segments) - 1
		segments[n], last = append(segments[n], point{c.x(v.at), c.y(v.value)}), v.at
	}
	return segments
}

// line returns the path that connects the points of a series.
func (c canvas) line(s series) string {
	var path strings.Builder
	for _, segment := range c.segments(s) {
		draw(&path, "M", segment)
	}
	return path.String()
}

// area returns the area between a line and the bottom.
func (c canvas) area(s series) string {
	var path strings.Builder
	for _, segment := range c.segments(s) {
		draw(&path, "M", segment)
		fmt.Fprintf(&path, "V%dH%dZ", chartHeight, segment[0].x)
	}
	return path.String()
}

// steps returns a path on which each value holds until the next one.
func (c canvas) steps(s series) string {
	var path strings.Builder
	for _, segment := range c.segments(s) {
		draw(&path, "M", stepped(segment))
	}
	return path.String()
}

// between returns the area between two series that have the same times.
func (c canvas) between(lower, upper series, shape func([]point) []point) string {
	var path strings.Builder
	uppers := c.segments(upper)
	for i, segment := range c.segments(lower) {
		draw(&path, "M", shape(uppers[i]))
		draw(&path, "L", backwards(shape(segment)))
		path.WriteString("Z")
	}
	return path.String()
}

// straight connects points directly.
func straight(run []point) []point { return run }

// stepped connects points by horizontal and vertical lines. Points in the middle of a
// horizontal line are left out.
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

// draw appends points to a path; command leads to the first of them.
func draw(path *strings.Builder, command string, run []point) {
	for _, p := range run {
		fmt.Fprintf(path, "%s%d %d", command, p.x, p.y)
		command = "L"
	}
}

// levels returns the values of the grid lines: at most five round ones, the highest
// at or above the largest value.
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

func (c canvas) levelMarks(l language, values []float64) []axisMark {
	marks := make([]axisMark, len(values))
	for i, value := range values {
		marks[i] = axisMark{Line: percentOf(c.y(value), chartHeight), Label: l.Number(value, 0)}
	}
	return marks
}

// hourMarks returns a mark every three hours.
func (c canvas) hourMarks(zone *time.Location) []axisMark {
	var marks []axisMark
	for at := midnight(c.from.In(zone)); at.Before(c.to); at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour()+3, 0, 0, 0, zone) {
		if at.After(c.from) {
			place := c.percent(at)
			marks = append(marks, axisMark{Line: place, Middle: place, Label: at.Format("15:04"), Minor: at.Hour()%6 != 0})
		}
	}
	return marks
}

// dayMarks returns a line at each midnight, and a label in the middle of each day.
func (c canvas) dayMarks(l language, zone *time.Location) []axisMark {
	var marks []axisMark
	for at := midnight(c.from.In(zone)); at.Before(c.to); at = at.AddDate(0, 0, 1) {
		m := axisMark{Line: c.percent(at)}
		if noon := at.Add(day / 2); noon.After(c.from) && noon.Before(c.to) {
			m.Middle, m.Label = c.percent(noon), fmt.Sprintf("%s %d", l.weekdays[at.Weekday()], at.Day())
			m.Minor = len(marks)%2 == 1
		}
		marks = append(marks, m)
	}
	return marks
}
