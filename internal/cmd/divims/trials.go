package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"divims/internal/config"
	"divims/internal/lab/backtest"
	"divims/internal/lab/demand"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// trials returns a trial for each trace and list of policies, trace by trace.
func (o *backtestOptions) trials(cmd *cobra.Command) ([]*trial, error) {
	traces, err := o.readTraces(cmd)
	if err != nil {
		return nil, err
	}
	var trials []*trial
	for _, trace := range traces {
		shared, err := o.config(trace)
		if err != nil {
			return nil, err
		}
		if o.chart != "" && o.chartWeek > 0 && !trace.After(shared.Warmup+time.Duration(o.chartWeek-1)*week).Before(trace.End) {
			return nil, fmt.Errorf("--chart-week %d: %s ends before that week, on %s", o.chartWeek, trace.Name, trace.End.Add(-1).Format(time.DateOnly))
		}
		for _, policies := range o.lists {
			t := &trial{config: shared}
			t.config.Policies = policies
			if o.timeline != "" || o.chart != "" {
				t.config.EachMinute = func(m world.Minute) { t.minutes = append(t.minutes, m) }
			}
			trials = append(trials, t)
		}
	}
	return trials, nil
}

// readTraces reads the traces, or makes one from the pool's own history. Their days are
// days in the pool's time zone.
func (o *backtestOptions) readTraces(cmd *cobra.Command) ([]*backtest.Trace, error) {
	settings, err := o.settings(o.servers)
	if err != nil {
		return nil, err
	}
	zone := settings.Decision.Timezone.Location
	if o.history {
		trace, err := o.readHistory(cmd, settings.Pool.Name, zone)
		return []*backtest.Trace{trace}, err
	}
	traces := make([]*backtest.Trace, len(o.traces))
	for i, name := range o.traces {
		meetings, err := demand.ReadTrace(name)
		if err == nil {
			traces[i], err = backtest.NewTrace(name, meetings, zone)
		}
		if err != nil {
			return nil, err
		}
	}
	return traces, nil
}

// historyWeeks is how many weeks of the pool's history are read.
const historyWeeks = 26

// readHistory makes a trace from what the pool's evaluations recorded, up to the last
// midnight.
func (o *backtestOptions) readHistory(cmd *cobra.Command, name string, zone *time.Location) (*backtest.Trace, error) {
	p, err := openPool(cmd)
	if err != nil {
		return nil, err
	}
	samples, err := p.History(cmd.Context(), historyWeeks)
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("the pool %s has no history yet", name)
	}
	year, month, day := samples[len(samples)-1].At.In(zone).Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, zone)
	samples = slices.DeleteFunc(samples, func(s pool.Sample) bool { return !s.At.Before(today) })
	meetings, err := backtest.Rebuild(samples, o.seed)
	if err != nil {
		return nil, fmt.Errorf("rebuild the meetings of %s: %w", name, err)
	}
	return backtest.NewTrace("history of "+name, meetings, zone)
}

// config returns what the trials of a trace have in common.
func (o *backtestOptions) config(trace *backtest.Trace) (backtest.Config, error) {
	settings, err := o.settings(o.servers)
	if o.servers == 0 && !o.history && err == nil {
		settings, err = o.settings(trace.AmpleSize(settings.Decision.ServerParticipants, settings.Decision.ServerMeetings))
	}
	if err != nil {
		return backtest.Config{}, err
	}
	schedule, err := o.readCalendar(trace, settings.Decision.Timezone.Location)
	return backtest.Config{
		Trace: trace, Scaling: settings.Decision, Warmup: time.Duration(o.warmup), Poll: o.poll,
		RecordingWork: o.recordingWork, Seed: o.seed, Price: o.price, Calendar: schedule,
	}, err
}

// settings returns the settings of the decision. With --history they are the pool's own
// settings. For traces they are the defaults, with examples for required settings. Flags
// override both.
func (o *backtestOptions) settings(servers int) (config.Settings, error) {
	environ := config.Examples()
	if o.history {
		environ = os.Environ()
	}
	for name, number := range map[string]int{"POOL_SIZE": servers, "SERVER_PARTICIPANTS": o.participants, "SERVER_MEETINGS": o.meetings} {
		if number > 0 {
			environ = append(environ, fmt.Sprintf("DIVIMS_%s=%d", name, number))
		}
	}
	if o.margin != "" {
		environ = append(environ, "DIVIMS_FORECAST_MARGIN="+o.margin)
	}
	for _, setting := range o.set {
		environ = append(environ, "DIVIMS_"+setting)
	}
	return config.Load(environ)
}

// Events up to eventPast before and eventFuture after the trace are read: in mode step
// an event holds for a week, and an event applies from a lead time before its start.
const eventPast, eventFuture = 8 * 24 * time.Hour, 24 * time.Hour

// readCalendar reads the events of the calendar file. They are unknown without a file.
func (o *backtestOptions) readCalendar(trace *backtest.Trace, zone *time.Location) (pool.Reading[pool.Calendar], error) {
	if o.calendar == "" {
		return pool.Unknown[pool.Calendar]("there is none; give one with --calendar"), nil
	}
	read, err := readCalendarFile(o.calendar, trace.Begin.Add(-eventPast), trace.End.Add(eventFuture), zone)
	if err != nil {
		return pool.Reading[pool.Calendar]{}, err
	}
	return pool.Seen(read), nil
}
