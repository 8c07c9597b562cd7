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
	// lists are the parsed policies.
	lists []backtest.Policies
}

func newBacktest() *cobra.Command {
	o := backtestOptions{warmup: span(6 * week)}
	cmd := &cobra.Command{
		Use:     "backtest",
		Short:   "Compare the cost and quality of policies on past or synthetic demand",
		Long:    backtestHelp,
		Example: backtestExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return command(func(cmd *cobra.Command) error { return runBacktest(cmd, o) })(cmd, nil)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.traces, "trace", nil, "`FILE`s with meetings as CSV, compressed if the name ends in .gz")
	flags.BoolVar(&o.history, "history", false, "use what the pool's evaluations recorded instead of a trace, with the settings of the environment")
	flags.StringSliceVar(&o.policies, "policy", []string{"load", "forecast"}, "policies to compare; + combines several, as in load+schedule")
	flags.IntVar(&o.servers, "servers", 0, "size of the pool; 0 means three times the servers that a perfect distribution needs at the peak or, with --history, DIVIMS_POOL_SIZE")
	flags.Var(&o.warmup, "warmup", "first part of the trace, which is only history for the policies, for example 6w or 10d")
	flags.DurationVar(&o.poll, "poll", time.Minute, "Scalelite's POLL_INTERVAL")
	flags.Float64Var(&o.recordingWork, "recording-work", 1, "time for which a recording is processed on its server, in multiples of the meeting's length")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the random boot times")
	flags.Float64Var(&o.price, "price", 0.213, "euros per server and hour")
	flags.IntVar(&o.participants, "server-participants", 0, "participants per server; 0 means DIVIMS_SERVER_PARTICIPANTS, by default 250")
	flags.IntVar(&o.meetings, "server-meetings", 0, "meetings per server; 0 means DIVIMS_SERVER_MEETINGS, by default 15")
	flags.StringVar(&o.margin, "margin", "", "margin of the policy forecast: lean, balanced or safe (default: DIVIMS_FORECAST_MARGIN, by default balanced)")
	flags.StringVar(&o.calendar, "calendar", "", "iCalendar `FILE` for the policy schedule")
	flags.StringArrayVar(&o.set, "set", nil, "setting of the decision, as `NAME=VALUE` without DIVIMS_; may be repeated")
	flags.StringVar(&o.timeline, "timeline", "", "write every minute to this `FILE`, as CSV")
	flags.StringVar(&o.chart, "chart", "", "write a chart of demand, servers and overload to this `FILE`, as SVG")
	flags.IntVar(&o.chartWeek, "chart-week", 1, "week after the warmup that the chart shows; 0 shows all")
	flags.BoolVar(&o.progress, "progress", false, "show the progress even if the output is not a terminal")
	return cmd
}

const backtestHelp = `Compare the cost and quality of policies on past or synthetic demand.

The code that runs in the function decides for a simulated pool in virtual time. The
first part of a trace (--warmup) is history, as earlier evaluations would have recorded
it. Then the pool starts with one server. The policy oracle is the policy forecast with
knowledge of the future.

With several traces or policies, each combination has a timeline file of its own, and
each trace a chart file; their names are derived from FILE. docs/backtest.md defines
every figure.`

const backtestExample = `  divims backtest --trace a.csv,b.csv.gz --policy load,load+schedule,oracle
  divims backtest --history --policy load,forecast`

// check checks the flags and parses the policies.
func (o *backtestOptions) check() error {
	var problems []error
	require := func(ok bool, format string, arguments ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, arguments...))
		}
	}
	require(len(o.traces) > 0 != o.history, "set either --trace FILE or --history")
	require(o.participants >= 0 && o.meetings >= 0, "--server-participants and --server-meetings must be 0 or more")
	require(o.servers >= 0 && o.servers <= 10_000, "--servers %d: must be 0 to 10000", o.servers)
	require(o.price >= 0, "--price %g: must be 0 or more", o.price)
	require(o.chartWeek >= 0, "--chart-week %d: must be 0 or more", o.chartWeek)
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
		require(!repeats(names), "--trace: files of the same name would share a timeline or chart: %v", names)
		require(!repeats(o.policies), "--policy: equal policies would share a timeline: %v", o.policies)
	}
	return errors.Join(problems...)
}

// repeats reports whether a name occurs twice.
func repeats(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) < len(names)
}

// maxParallel is how many backtests run at once.
const maxParallel = 2

// runBacktest runs every list of policies on every trace, and writes the results in the
// order of the flags.
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

// measure runs the trials, maxParallel at a time.
func measure(ctx context.Context, trials []*trial) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
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
	// minutes are kept only if a timeline or chart is written.
	minutes []world.Minute
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// showProgress writes a line for each tenth of a trial.
func showProgress(trials []*trial, to io.Writer) {
	var lock sync.Mutex
	for _, t := range trials {
		tenths := 0
		t.config.Progress = func(share float64) {
			if int(10*share) <= tenths {
				return
			}
			tenths = int(10 * share)
			lock.Lock()
			defer lock.Unlock()
			_, _ = fmt.Fprintf(to, "%s on %s: %d %%\n", t.config.Policies, t.config.Trace.Name, 10*tenths)
		}
	}
}
