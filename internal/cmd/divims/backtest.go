package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"divims/handler"
	"divims/internal/backtest"
	"divims/internal/config"
	"divims/internal/world"
)

// backtestOptions are the flags of the command.
type backtestOptions struct {
	traces                 []string
	policies               []string
	servers                int
	warmup                 span
	timeline               string
	poll                   time.Duration
	recordingWork          float64
	seed                   uint64
	price                  float64
	participants, meetings int
	set                    []string
	progress               bool
	json                   bool
	lists                  []backtest.Policies
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
			o.json = asJSON(cmd)
			return command(func(cmd *cobra.Command) error {
				return runBacktest(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})(cmd, nil)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.traces, "trace", nil, "`FILE`s with meetings, CSV, packed if named .gz")
	flags.StringSliceVar(&o.policies, "policy", []string{"load"}, "policies to compare; + joins several into one list, as in load+schedule")
	flags.IntVar(&o.servers, "servers", 0, "size of the pool; 0 is three times what perfect spreading needs at the peak")
	flags.Var(&o.warmup, "warmup", "first part of a trace that is history only, as in 6w or 10d")
	flags.StringVar(&o.timeline, "timeline", "", "`FILE` to write what happened minute by minute to, as CSV")
	flags.DurationVar(&o.poll, "poll", time.Minute, "Scalelite's POLL_INTERVAL")
	flags.Float64Var(&o.recordingWork, "recording-work", 1, "how long a recorded meeting occupies its server after its end, in multiples of its length; 0 for none")
	flags.Uint64Var(&o.seed, "seed", 1, "another seed, other boot times")
	flags.Float64Var(&o.price, "price", 0.213, "euros that a server costs in an hour")
	flags.IntVar(&o.participants, "server-participants", 250, "participants that one server carries")
	flags.IntVar(&o.meetings, "server-meetings", 15, "meetings that one server carries")
	flags.StringArrayVar(&o.set, "set", nil, "a setting of the decision, as `NAME=VALUE` without DIVIMS_")
	flags.BoolVar(&o.progress, "progress", false, "show the progress although the output is no terminal")
	return cmd
}

// backtestHelp explains what has no place in a flag's line.
const backtestHelp = `Measure what policies would have cost, and how well they would have done.

The policies decide, by the very code that runs, over a model of the pool in virtual time:
  --trace a.csv,b.csv.gz --policy load,load+schedule,oracle
compares three policies on two traces. oracle is the policy forecast that knows the future.
The first part of a trace is history, as earlier evaluations would have recorded it; then
the pool begins with one server. docs/backtest.md defines each figure.`

// span is a time in weeks, or as settings have it.
type span time.Duration

const week = 7 * 24 * time.Hour

// String implements pflag.Value.
func (s *span) String() string {
	if weeks := time.Duration(*s) / week; weeks > 0 && time.Duration(*s)%week == 0 {
		return fmt.Sprintf("%dw", weeks)
	}
	return time.Duration(*s).String()
}

// Set implements pflag.Value.
func (s *span) Set(text string) error {
	if number, ok := strings.CutSuffix(text, "w"); ok {
		weeks, err := strconv.Atoi(number)
		if err != nil || weeks < 0 || weeks > 1000 {
			return errors.New("has to be weeks as in 6w")
		}
		*s = span(time.Duration(weeks) * week)
		return nil
	}
	duration, err := config.ParseDuration(text)
	*s = span(duration)
	return err
}

// Type implements pflag.Value.
func (s *span) Type() string { return "duration" }

// check looks at the flags, and reads the policies.
func (o *backtestOptions) check() error {
	var problems []error
	if len(o.traces) == 0 {
		problems = append(problems, errors.New("--trace FILE is needed"))
	}
	if o.servers < 0 || o.servers > 10_000 {
		problems = append(problems, fmt.Errorf("--servers %d: 0 to 10000", o.servers))
	}
	for _, text := range o.policies {
		list, err := backtest.ParsePolicies(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("--policy %w", err))
		}
		o.lists = append(o.lists, list)
	}
	return errors.Join(problems...)
}

// settings are the decision's, for a pool of so many servers.
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

// sideBySide is how many backtests run at once.
const sideBySide = 2

// runBacktest measures every policy on every trace, and writes the results in
// the order of the flags.
func runBacktest(ctx context.Context, o backtestOptions, out, progress io.Writer) error {
	configs, err := o.configs()
	if err != nil {
		return err
	}
	o.show(configs, progress)
	results := make([]backtest.Result, len(configs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for i := range configs {
		group.Go(func() (err error) {
			results[i], err = backtest.Run(ctx, configs[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if o.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(results)
	}
	return backtest.Table(out, results)
}

// configs are the backtests to run, trace by trace.
func (o *backtestOptions) configs() ([]backtest.Config, error) {
	var configs []backtest.Config
	for _, name := range o.traces {
		meetings, err := world.ReadTrace(name)
		if err != nil {
			return nil, err
		}
		trace, err := backtest.NewTrace(name, meetings, paris())
		if err != nil {
			return nil, err
		}
		servers := o.servers
		if servers == 0 {
			servers = trace.Roomy(o.participants, o.meetings)
		}
		settings, err := o.settings(servers)
		if err != nil {
			return nil, err
		}
		for _, policies := range o.lists {
			configs = append(configs, backtest.Config{
				Trace: trace, Policies: policies, Scaling: handler.ScalingConfig(settings), Warmup: time.Duration(o.warmup),
				Poll: o.poll, RecordingWork: o.recordingWork, Seed: o.seed, Price: o.price,
			})
		}
	}
	return configs, nil
}

// show lets the backtests tell their progress, if there is somebody to see it.
func (o *backtestOptions) show(configs []backtest.Config, to io.Writer) {
	file, ok := to.(*os.File)
	if !o.progress && !(ok && isatty.IsTerminal(file.Fd())) {
		return
	}
	for i := range configs {
		c := &configs[i]
		c.Progress = func(share float64) {
			fmt.Fprintf(to, "%s on %s: %3.0f %%\n", c.Policies, c.Trace.Name, 100*share)
		}
	}
}
