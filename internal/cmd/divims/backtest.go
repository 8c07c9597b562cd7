package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"divims/internal/lab/backtest"
	"divims/internal/lab/world"
)

// backtestOptions are the flags of the command.
type backtestOptions struct {
	traces, policies       []string
	history                bool
	servers                int
	warmup                 span
	poll                   time.Duration
	recordingWork          float64
	seed                   uint64
	price                  float64
	participants, meetings int
	margin, calendar       string
	set                    []string
	timeline, chart        string
	chartWeek              int
	progress               bool
	// lists are the policies, read.
	lists []backtest.Policies
}

func newBacktest() *cobra.Command {
	o := backtestOptions{warmup: span(6 * week)}
	cmd := &cobra.Command{
		Use:   "backtest",
		Short: "Measure what policies would have cost, and how well they would have done",
		Long:  backtestHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return command(func(cmd *cobra.Command) error { return runBacktest(cmd, o) })(cmd, nil)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.traces, "trace", nil, "`FILE`s with meetings, CSV, packed if named .gz")
	flags.BoolVar(&o.history, "history", false, "instead of a trace, what the pool's own evaluations recorded; with the settings of the environment")
	flags.StringSliceVar(&o.policies, "policy", []string{"load", "forecast"}, "policies to compare; + joins several into one list, as in load+schedule")
	flags.IntVar(&o.servers, "servers", 0, "size of the pool; 0 is three times what perfect spreading needs at the peak, or the setting's with --history")
	flags.Var(&o.warmup, "warmup", "first part of a trace that is history only, as in 6w or 10d")
	flags.DurationVar(&o.poll, "poll", time.Minute, "Scalelite's POLL_INTERVAL")
	flags.Float64Var(&o.recordingWork, "recording-work", 1, "how long a recorded meeting occupies its server after its end, in multiples of its length; 0 for none")
	flags.Uint64Var(&o.seed, "seed", 1, "another seed, other boot times")
	flags.Float64Var(&o.price, "price", 0.213, "euros that a server costs in an hour")
	flags.IntVar(&o.participants, "server-participants", 0, "participants that one server carries; 0 is the setting's, 250 by default")
	flags.IntVar(&o.meetings, "server-meetings", 0, "meetings that one server carries; 0 is the setting's, 15 by default")
	flags.StringVar(&o.margin, "margin", "", "of the policy forecast: lean, balanced or safe; if empty, the setting's, balanced by default")
	flags.StringVar(&o.calendar, "calendar", "", "iCalendar `FILE` for the policy schedule")
	flags.StringArrayVar(&o.set, "set", nil, "a setting of the decision, as `NAME=VALUE` without DIVIMS_; may be repeated")
	flags.StringVar(&o.timeline, "timeline", "", "`FILE` for what happened minute by minute, as CSV")
	flags.StringVar(&o.chart, "chart", "", "`FILE` for a chart of need, servers and overload, as SVG")
	flags.IntVar(&o.chartWeek, "chart-week", 1, "week after the warmup that the chart shows; 0 for all")
	flags.BoolVar(&o.progress, "progress", false, "show the progress although the output is no terminal")
	return cmd
}

// backtestHelp explains what has no place in a flag's line.
const backtestHelp = `Measure what policies would have cost, and how well they would have done.

The policies decide by the code that runs, over a model of the pool in virtual time:
  --trace a.csv,b.csv.gz --policy load,load+schedule,oracle
compares three lists of policies on two traces. oracle is the policy forecast that knows
the future. The first part of a trace is history, as earlier evaluations would have
recorded it; then the pool begins with one server.

With several traces or lists, the timeline of each has a file of its own, and each trace
a chart; their names follow from FILE. docs/backtest.md defines every figure.`

// check looks at the flags, and reads the policies.
func (o *backtestOptions) check() error {
	var problems []error
	require := func(ok bool, format string, arguments ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, arguments...))
		}
	}
	require(len(o.traces) > 0 != o.history, "either --trace FILE or --history is needed")
	require(o.participants >= 0 && o.meetings >= 0, "--server-participants and --server-meetings: 0 or more")
	require(o.servers >= 0 && o.servers <= 10_000, "--servers %d: 0 to 10000", o.servers)
	require(o.price >= 0, "--price %g: 0 or more", o.price)
	require(o.chartWeek >= 0, "--chart-week %d: 0 or more", o.chartWeek)
	for _, text := range o.policies {
		list, err := backtest.ParsePolicies(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("--policy: %w", err))
		}
		o.lists = append(o.lists, list)
	}
	var names []string
	for _, trace := range o.traces {
		names = append(names, stem(trace))
	}
	if o.timeline != "" || o.chart != "" {
		require(!repeats(names), "--trace: files of one name would get one timeline or chart: %v", names)
		require(!repeats(o.policies), "--policy: lists of one name would get one timeline: %v", o.policies)
	}
	return errors.Join(problems...)
}

func repeats(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) < len(names)
}

// sideBySide is how many backtests run at once.
const sideBySide = 2

// runBacktest measures every list of policies on every trace, and writes the
// results in the order of the flags.
func runBacktest(cmd *cobra.Command, o backtestOptions) error {
	trials, err := o.trials(cmd)
	if err != nil {
		return err
	}
	if progress := cmd.ErrOrStderr(); o.progress || isTerminal(progress) {
		showProgress(trials, progress)
	}
	if err := measure(cmd.Context(), trials); err != nil {
		return err
	}
	if err := errors.Join(o.writeTimelines(trials), o.writeCharts(trials)); err != nil {
		return err
	}
	results := make([]backtest.Result, len(trials))
	for i, t := range trials {
		results[i] = t.result
	}
	if !asJSON(cmd) {
		return backtest.WriteTable(cmd.OutOrStdout(), results)
	}
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	return encoder.Encode(results)
}

// measure runs the trials, two at a time.
func measure(ctx context.Context, trials []*trial) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for _, t := range trials {
		group.Go(func() (err error) {
			t.result, err = backtest.Run(ctx, t.config)
			return err
		})
	}
	return group.Wait()
}

// trial is one list of policies on one trace.
type trial struct {
	config backtest.Config
	result backtest.Result
	// minutes are kept for those who want files of them.
	minutes []world.Minute
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// showProgress writes a line when a tenth of a trial is done.
func showProgress(trials []*trial, to io.Writer) {
	var oneAtATime sync.Mutex
	for _, t := range trials {
		tenths := 0
		t.config.Progress = func(share float64) {
			if int(10*share) <= tenths {
				return
			}
			tenths = int(10 * share)
			oneAtATime.Lock()
			defer oneAtATime.Unlock()
			fmt.Fprintf(to, "%s on %s: %d %%\n", t.config.Policies, t.config.Trace.Name, 10*tenths)
		}
	}
}
