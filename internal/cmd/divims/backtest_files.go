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
			name = between(name, stem(t.config.Trace.Name), t.config.Policies.String())
		}
		if err := writeFile(name, func(out io.Writer) error { return backtest.WriteTimeline(out, t.minutes) }); err != nil {
			return err
		}
	}
	return nil
}

// writeCharts draws the trials of each trace one below the other.
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
			name = between(name, stem(trace.Name))
		}
		if err := writeFile(name, chart.Write); err != nil {
			return err
		}
	}
	return nil
}

// week is the nth week of a trial, counted from 1; all of it for 0. The last
// one may be short.
func (t *trial) week(n int) []world.Minute {
	if n == 0 {
		return t.minutes
	}
	trace, warmup := t.config.Trace, t.config.Warmup
	from, to := trace.After(warmup+time.Duration(n-1)*week), trace.After(warmup+time.Duration(n)*week)
	return slices.DeleteFunc(slices.Clone(t.minutes), func(m world.Minute) bool { return m.Time.Before(from) || m.Time.After(to) })
}

// stem is a file's name without folder and endings.
func stem(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".csv")
}

// between puts words before the ending of a file's name.
func between(name string, words ...string) string {
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
