package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"divims/internal/client/storage"
	"divims/internal/lab/backtest"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// sandboxStart is the virtual time at which every sandbox begins: a Monday,
// before the day does.
var sandboxStart = time.Date(2026, time.March, 2, 6, 0, 0, 0, paris())

// sandboxCalendar is the schedule of every sandbox: a quarter of the pool on weekdays
// from 07:50 on.
//
//go:embed calendar.ics
var sandboxCalendar []byte

// peakPerServer is how many people there are at the peak for each server of the
// pool, so that it is well used and not overrun. A company's meetings are so
// small that their number fills a server, long before their people do.
var peakPerServer = map[demand.Profile]int{demand.University: 150, demand.School: 150, demand.Company: 55}

// sandboxOptions are the flags of the command.
type sandboxOptions struct {
	servers   int
	bareMetal int
	empty     bool
	profile   string
	seed      uint64
	speed     float64
	length    time.Duration
	listen    string
	envFile   string
	faults    faults.Plan
	json      bool
}

func newSandbox() *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the whole product on this machine, over a pool that is modelled in virtual time",
		Long:  sandboxHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			o.json = asJSON(cmd)
			if err := runSandbox(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
				return runError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.servers, "servers", 12, "size of the pool")
	flags.IntVar(&o.bareMetal, "bare-metal", 0, "how many of them, the first ones, are bare metal")
	flags.BoolVar(&o.empty, "unprovisioned", false, "no server is set up: provision does it, by the settings of --env-file")
	flags.StringVar(&o.profile, "profile", "university", "who meets: university, school or company")
	flags.Uint64Var(&o.seed, "seed", 1, "another seed, another day")
	flags.Float64Var(&o.speed, "speed", 60, "virtual seconds a second; 0 is as fast as it can")
	flags.DurationVar(&o.length, "for", 0, "virtual time to run for; 0 is until interrupted")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "where the function listens; port 0 is any free one")
	flags.StringVar(&o.envFile, "env-file", "", "file to write the settings to that point another process at this sandbox")
	flags.TextVar(&o.faults, "faults", faults.Plan{}, "what goes wrong, as `SPEC` says")
	return cmd
}

// sandboxHelp explains what has no place in a flag's line.
var sandboxHelp = `Run the whole product on this machine, over a pool that is modelled in virtual time.

The SPEC of --faults says which outside call fails how, for example
  --faults "scaleway:POST servers:500@2; bbb#3:getMeetings:hang%5; storage:*:lost-answer%1; seed=7; race=5%"
where the second creation of a machine is answered by status 500, 5 % of the questions
for the meetings of server 3 are never answered, 1 % of the answers of storage are lost,
and 5 % of the cordons race with Scalelite's poller. The form is
  ` + faults.Syntax + `
The services: ` + strings.Join(faults.Services, ", ") + `.
docs/faults.md has the names of the calls and the kinds.`

func (o sandboxOptions) check() error {
	var problems []error
	if o.servers < 1 || o.servers > 1000 {
		problems = append(problems, fmt.Errorf("--servers %d: 1 to 1000", o.servers))
	}
	if o.bareMetal < 0 || o.bareMetal > o.servers {
		problems = append(problems, fmt.Errorf("--bare-metal %d: 0 to the number of servers", o.bareMetal))
	}
	if o.empty && o.bareMetal > 0 {
		problems = append(problems, errors.New("--unprovisioned and --bare-metal do not go together"))
	}
	if !(o.speed >= 0 && o.speed <= 1e6) { // nor NaN
		problems = append(problems, fmt.Errorf("--speed %g: 0 to 1000000", o.speed))
	}
	if o.length < 0 {
		problems = append(problems, fmt.Errorf("--for %s: 0 or more", o.length))
	}
	return errors.Join(append(problems, checkProfile(o.profile))...)
}

// longestRun bounds the demand that is made for a run without an end.
const longestRun = 28 * 24 * time.Hour

// sandboxPast is the history that the pool has from the start: what evaluations
// would have sampled of the demand in the weeks before, up to the last night.
func sandboxPast(profile demand.Profile, seed uint64, peak int) (map[string][]byte, error) {
	wanted, err := demand.Generate(profile, sandboxStart.AddDate(0, 0, -7*pool.HistoryWeeks), sandboxStart, seed, peak)
	if err != nil {
		return nil, err
	}
	trace, err := backtest.NewTrace("the past", wanted, paris())
	if err != nil {
		return nil, err
	}
	name, body, err := storage.HistoryObject(sandboxStart, trace.Samples(trace.Begin, trace.End, interval))
	return map[string][]byte{name: body}, err
}

// runSandbox runs until the virtual end or until ctx is cancelled, and then
// writes the summary.
func runSandbox(ctx context.Context, o sandboxOptions, out, progress io.Writer) error {
	profile := demand.Profile(o.profile)
	wanted, err := demand.Generate(profile, sandboxStart, sandboxStart.Add(cmp.Or(o.length, longestRun)), o.seed, o.servers*peakPerServer[profile])
	if err != nil {
		return fmt.Errorf("make the demand: %w", err)
	}
	past, err := sandboxPast(profile, o.seed, o.servers*peakPerServer[profile])
	if err != nil {
		return fmt.Errorf("make the past: %w", err)
	}
	running := 1
	if o.empty {
		running = 0
	}
	surroundings, err := sandbox.Start(sandbox.Config{
		Calendar: sandboxCalendar, Objects: past, Faults: o.faults, Unprovisioned: o.empty,
		World: world.Config{
			Start: sandboxStart, Seed: o.seed, Meetings: wanted, RecordingWork: 1, Shipped: true, Running: running,
			Servers: pool.Servers(o.servers, o.bareMetal, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		},
	})
	if err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	defer surroundings.Close()
	function, err := serveFunction(o.listen, surroundings, progress)
	if err != nil {
		return err
	}
	defer function.close()
	if o.envFile != "" {
		if err := surroundings.WriteEnvFile(o.envFile); err != nil {
			return fmt.Errorf("write the settings to %s: %w", o.envFile, err)
		}
	}
	fmt.Fprintf(progress, "%s, a %s's demand; the page is at %s/\n", pool.Count(o.servers, "server"), o.profile, function.url)
	run := sandboxRun{sandbox: surroundings, function: function, progress: progress}
	run.loop(ctx, o.speed, o.length)
	return run.summarize(out, o.json)
}
