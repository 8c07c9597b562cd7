package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"divims/internal/lab/backtest"
	"divims/internal/lab/world"
)

// writeTimelines writes the minutes of each trial.
func (o *backtestOptions) writeTimelines(trials []*trial) error {
	if o.timeline == "" {
		return nil
	}
	for _, t := range trials {
		name := o.timeline
		if len(trials) > 1 {
			name = withSuffix(name, stem(t.config.Trace.Name), t.config.Policies.String())
		}
		if err := writeFile(name, func(out io.Writer) error { return backtest.WriteTimeline(out, t.minutes) }); err != nil {
			return err
		}
	}
	return nil
}

// writeCharts writes one chart for each trace, with a panel for each trial.
func (o *backtestOptions) writeCharts(trials []*trial) error {
	if o.chart == "" {
		return nil
	}
	lists := len(o.lists)
	for first := 0; first < len(trials); first += lists {
		trace, decision := trials[first].config.Trace, trials[first].config.Scaling
		chart := backtest.Chart{
			Title: stem(trace.Name), Zone: trace.Begin.Location(),
			ServerParticipants: decision.ServerParticipants, ServerMeetings: decision.ServerMeetings,
		}
		for _, t := range trials[first : first+lists] {
			chart.Panels = append(chart.Panels, backtest.Panel{Result: t.result, Minutes: t.week(o.chartWeek)})
		}
		name := o.chart
		if len(trials) > lists {
			name = withSuffix(name, stem(trace.Name))
		}
		if err := writeFile(name, chart.Write); err != nil {
			return err
		}
	}
	return nil
}

// week returns the minutes of the nth week after the warmup, from 1. The last week may
// be short. Week 0 means all minutes.
func (t *trial) week(n int) []world.Minute {
	if n == 0 {
		return t.minutes
	}
	trace, warmup := t.config.Trace, t.config.Warmup
	from, to := trace.After(warmup+time.Duration(n-1)*week), trace.After(warmup+time.Duration(n)*week)
	return slices.DeleteFunc(slices.Clone(t.minutes), func(m world.Minute) bool { return m.Time.Before(from) || m.Time.After(to) })
}

// stem returns a file's name without its folder and extensions.
func stem(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".csv")
}

// withSuffix adds words to a file's name, before its extension.
func withSuffix(name string, words ...string) string {
	ending := filepath.Ext(name)
	return strings.Join(append([]string{strings.TrimSuffix(name, ending)}, words...), "-") + ending
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
