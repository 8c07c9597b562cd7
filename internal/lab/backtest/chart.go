package backtest

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"time"

	"divims/internal/lab/world"
)

// Panel is one backtest in a chart.
type Panel struct {
	Result Result
	// Minutes are the minutes to show, without gaps.
	Minutes []world.Minute
}

// Chart draws backtests one below the other, as SVG. Each panel shows how many servers
// perfect spreading needs, how many are enabled, how many machines there are, and the
// share of people on overloaded servers. All panels have the same scale. Days are those
// of Zone.
type Chart struct {
	Title                              string
	Panels                             []Panel
	Zone                               *time.Location
	ServerParticipants, ServerMeetings int
}

// Sizes in the chart's own units.
const (
	chartWidth  = 1200
	leftEdge    = 56
	rightEdge   = 12
	plotWidth   = chartWidth - leftEdge - rightEdge
	plotHeight  = 190
	stripHeight = 40
	topEdge     = 62
	panelHeight = 26 + plotHeight + 8 + stripHeight + 34
)

// chartHead is the beginning of every chart. Its arguments are the width, the height and
// the title.
const chartHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">
<title id="title">%s</title>
<style>
:root { --text: #1f2328; --soft: #57606a; --line: #d0d7de; --need: #b6d7f5; --paid: #eceff2; --enabled: #0a5cc0; --over: #cf222e; --back: #fff }
@media (prefers-color-scheme: dark) {
:root { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --need: #1c4a7a; --paid: #262c34; --enabled: #6cb0ff; --over: #ff6a61; --back: #0d1117 }
}
text { fill: var(--soft) } .name { fill: var(--text); font-weight: 600 } .head { fill: var(--text); font-size: 17px; font-weight: 600 }
.grid { stroke: var(--line); fill: none } .need { fill: var(--need) } .paid { fill: var(--paid); stroke: var(--soft); stroke-opacity: .45; stroke-width: .6 }
.enabled { stroke: var(--enabled); stroke-width: 1.3; fill: none } .over { fill: var(--over) }
</style>
<rect width="100%%" height="100%%" style="fill: var(--back)"/>
`

// Write writes the chart as SVG.
func (c Chart) Write(to io.Writer) error {
	out := &bytes.Buffer{}
	title := html.EscapeString(c.Title)
	fmt.Fprintf(out, chartHead, chartWidth, topEdge+len(c.Panels)*panelHeight, title)
	fmt.Fprintf(out, "<text class=\"head\" x=\"%d\" y=\"26\">%s</text>\n", leftEdge, title)
	c.legend(out)
	most := c.most()
	for i, panel := range c.Panels {
		fmt.Fprintf(out, "<g transform=\"translate(%d %d)\">\n", leftEdge, topEdge+i*panelHeight)
		c.panel(out, panel, most)
		fmt.Fprintln(out, "</g>")
	}
	fmt.Fprintln(out, "</svg>")
	if _, err := to.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write chart: %w", err)
	}
	return nil
}

func (c Chart) legend(out *bytes.Buffer) {
	x := leftEdge
	for _, entry := range []struct {
		class, text string
		width       int
	}{
		{"need", "servers that perfect spreading needs", 290},
		{"enabled", "servers enabled", 140},
		{"paid", "machines paid for", 155},
		{"over", "share of people on overloaded servers", 0},
	} {
		shape := fmt.Sprintf(`<rect class="%s" x="%d" y="39" width="18" height="11"/>`, entry.class, x)
		if entry.class == "enabled" {
			shape = fmt.Sprintf(`<path class="enabled" d="M%d 45h18"/>`, x)
		}
		fmt.Fprintf(out, "%s<text x=\"%d\" y=\"49\">%s</text>\n", shape, x+24, entry.text)
		x += entry.width
	}
}

// most returns the largest number of servers in the chart, which is the end of its scale.
func (c Chart) most() int {
	most := 1
	for _, panel := range c.Panels {
		for _, m := range panel.Minutes {
			most = max(most, m.Machines, m.Enabled, c.need(m))
		}
	}
	return most
}

func (c Chart) need(m world.Minute) int {
	return need(Demand{m.Participants, m.Meetings}, c.ServerParticipants, c.ServerMeetings)
}

// overloaded returns the share of people on overloaded servers in percent, rounded.
func overloaded(m world.Minute) int {
	return (100*m.Overloaded + m.Participants/2) / max(1, m.Participants)
}

func (c Chart) panel(out *bytes.Buffer, p Panel, most int) {
	fmt.Fprintf(out, "<text y=\"16\"><tspan class=\"name\">%s</tspan>  %.0f server-hours in %.0f days, %.2f times the lower bound; %.2f %% of participant-minutes overloaded; %d meetings refused</text>\n",
		html.EscapeString(p.Result.Policy), p.Result.ServerHours, p.Result.Days, p.Result.Ratio, p.Result.OverloadedPercent, p.Result.RefusedMeetings)
	fmt.Fprintln(out, `<g transform="translate(0 26)">`)
	c.days(out, p.Minutes)
	c.scale(out, most)
	plot := plot{out, len(p.Minutes), most, plotHeight}
	plot.area("paid", p.Minutes, func(m world.Minute) int { return m.Machines })
	plot.area("need", p.Minutes, c.need)
	plot.line("enabled", p.Minutes, func(m world.Minute) int { return m.Enabled })
	fmt.Fprintf(out, "<g transform=\"translate(0 %d)\">\n", plotHeight+8)
	fmt.Fprintf(out, "<path class=\"grid\" d=\"M0 0h%d\"/><text x=\"-8\" y=\"10\" text-anchor=\"end\">100 %%</text>\n", plotWidth)
	plot.most, plot.height = 100, stripHeight
	plot.area("over", p.Minutes, overloaded)
	fmt.Fprintf(out, "<path class=\"grid\" d=\"M0 %dh%d\"/>\n</g>\n</g>\n", stripHeight, plotWidth)
}

// days draws a line at each midnight and writes the names of the days that fit.
func (c Chart) days(out *bytes.Buffer, minutes []world.Minute) {
	const dayMinutes, room = 24 * 60, 84
	every := 1 + room*len(minutes)/dayMinutes/plotWidth
	count := 0
	for i, m := range minutes {
		local := m.Time.In(c.Zone)
		if i > 0 && (local.Hour() != 0 || local.Minute() != 0) || i == len(minutes)-1 {
			continue
		}
		x := float64(i) / float64(len(minutes)) * plotWidth
		fmt.Fprintf(out, "<path class=\"grid\" d=\"M%.1f 0v%d\"/>", x, plotHeight+8+stripHeight)
		if count%every == 0 {
			fmt.Fprintf(out, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", x+2, plotHeight+8+stripHeight+16, local.Format("Mon 2 Jan"))
		}
		count++
	}
}

// scale draws up to six lines at round numbers of servers.
func (c Chart) scale(out *bytes.Buffer, most int) {
	step := 1
	for _, next := range []int{2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} {
		if most/step <= 5 {
			break
		}
		step = next
	}
	for servers := 0; servers <= most; servers += step {
		y := plotHeight * (1 - float64(servers)/float64(most))
		fmt.Fprintf(out, "<path class=\"grid\" d=\"M0 %.1fh%d\"/><text x=\"-8\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", y, plotWidth, y+4, servers)
	}
}

// plot draws a series of whole numbers, as steps.
type plot struct {
	out                   *bytes.Buffer
	minutes, most, height int
}

func (p plot) x(i int) float64 { return float64(i) / float64(p.minutes) * plotWidth }

func (p plot) y(value int) float64 { return float64(p.height) * (1 - float64(value)/float64(p.most)) }

// steps continues a path with a step wherever the series changes.
func (p plot) steps(minutes []world.Minute, value func(world.Minute) int) {
	last := -1
	for i, m := range minutes {
		if v := value(m); v != last {
			if last >= 0 {
				fmt.Fprintf(p.out, "H%.1f", p.x(i))
			}
			fmt.Fprintf(p.out, "V%.1f", p.y(v))
			last = v
		}
	}
	fmt.Fprintf(p.out, "H%d", plotWidth)
}

func (p plot) area(class string, minutes []world.Minute, value func(world.Minute) int) {
	fmt.Fprintf(p.out, `<path class="%s" d="M0 %d`, class, p.height)
	p.steps(minutes, value)
	fmt.Fprintf(p.out, "V%dz\"/>\n", p.height)
}

func (p plot) line(class string, minutes []world.Minute, value func(world.Minute) int) {
	if len(minutes) == 0 {
		return
	}
	fmt.Fprintf(p.out, `<path class="%s" d="M0 %.1f`, class, p.y(value(minutes[0])))
	p.steps(minutes, value)
	fmt.Fprintln(p.out, `"/>`)
}
