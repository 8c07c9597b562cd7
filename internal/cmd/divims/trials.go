package main

import (
	"fmt"
	"os"
	"time"

	"divims/handler"
	"divims/internal/backtest"
	"divims/internal/calendar"
	"divims/internal/config"
	"divims/internal/pool"
	"divims/internal/scaling"
	"divims/internal/world"
)

// trials are what is to be measured, trace by trace.
func (o *backtestOptions) trials() ([]*trial, error) {
	var trials []*trial
	for _, name := range o.traces {
		trace, err := o.readTrace(name)
		if err != nil {
			return nil, err
		}
		shared, err := o.config(trace)
		if err != nil {
			return nil, err
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

// readTrace reads a trace; its days are those of the pool's zone.
func (o *backtestOptions) readTrace(name string) (*backtest.Trace, error) {
	settings, err := o.settings(1)
	if err != nil {
		return nil, err
	}
	meetings, err := world.ReadTrace(name)
	if err != nil {
		return nil, err
	}
	return backtest.NewTrace(name, meetings, settings.Timezone.Location)
}

// config is what the trials of a trace have in common.
func (o *backtestOptions) config(trace *backtest.Trace) (backtest.Config, error) {
	servers := o.servers
	if servers == 0 {
		servers = trace.Roomy(o.participants, o.meetings)
	}
	settings, err := o.settings(servers)
	if err != nil {
		return backtest.Config{}, err
	}
	decision := handler.ScalingConfig(settings)
	decision.ForecastMargin = scaling.Margin(o.margin)
	schedule, err := o.readCalendar(trace, settings.Timezone.Location)
	return backtest.Config{
		Trace: trace, Scaling: decision, Warmup: time.Duration(o.warmup), Poll: o.poll,
		RecordingWork: o.recordingWork, Seed: o.seed, Price: o.price, Calendar: schedule,
	}, err
}

// settings are the decision's for a pool of so many servers; all else is made up.
func (o *backtestOptions) settings(servers int) (config.Settings, error) {
	environ := append(config.Examples(),
		fmt.Sprintf("DIVIMS_POOL_SIZE=%d", servers),
		fmt.Sprintf("DIVIMS_SERVER_PARTICIPANTS=%d", o.participants),
		fmt.Sprintf("DIVIMS_SERVER_MEETINGS=%d", o.meetings))
	for _, setting := range o.set {
		environ = append(environ, "DIVIMS_"+setting)
	}
	return config.Load(environ)
}

// eventPast and eventFuture are how far around the trace events matter: a step
// holds for a week after its end, and the lead time begins before an event does.
const eventPast, eventFuture = 8 * 24 * time.Hour, 24 * time.Hour

// readCalendar reads the events that can matter; unknown without a file.
func (o *backtestOptions) readCalendar(trace *backtest.Trace, zone *time.Location) (pool.Reading[pool.Calendar], error) {
	if o.calendar == "" {
		return pool.Unknown[pool.Calendar]("none was given: --calendar"), nil
	}
	text, err := os.ReadFile(o.calendar)
	if err != nil {
		return pool.Reading[pool.Calendar]{}, fmt.Errorf("read calendar: %w", err)
	}
	events, err := calendar.Read(text, trace.Begin.Add(-eventPast), trace.End.Add(eventFuture), zone)
	if err != nil {
		return pool.Reading[pool.Calendar]{}, fmt.Errorf("read calendar %s: %w", o.calendar, err)
	}
	return pool.Seen(pool.Calendar{Events: events, Source: "file " + o.calendar}), nil
}
