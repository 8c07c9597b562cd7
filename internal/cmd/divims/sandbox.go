package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"divims/internal/client/storage"
	"divims/internal/lab/backtest"
	"divims/internal/lab/demand"
	"divims/internal/lab/figures"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/scenario"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// sandboxStart is the virtual time at which every sandbox begins: early on a Monday.
var sandboxStart = time.Date(2026, time.March, 2, 6, 0, 0, 0, paris())

// sandboxCalendar is the schedule of every sandbox: a quarter of the pool's capacity on
// weekdays from 07:50 on.
//
//go:embed calendar.ics
var sandboxCalendar []byte

// peakPerServer is the number of participants at the peak for each server of the pool.
// It uses the pool well without overloading it. A company's meetings are small, so their
// number fills a server long before their participants do.
var peakPerServer = map[demand.Profile]int{demand.University: 150, demand.School: 150, demand.Company: 55}

// sandboxOptions are the flags of the command.
type sandboxOptions struct {
	servers   int
	bareMetal int
	empty     bool
	profile   string
	// peak is the number of participants at the peak; 0 for what the pool carries well.
	peak    int
	seed    uint64
	speed   float64
	length  time.Duration
	listen  string
	envFile string
	faults  faults.Plan
	// scenario and messages are names of files, "" for none.
	scenario, messages string
	listEvents         bool
	set                []string
	json               bool
	// watch, if set, is called after each evaluation.
	watch func(figures.Evaluation, *world.World)
}

func newSandbox() *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:     "sandbox",
		Short:   "Run DiViMS on this machine, with a simulated pool in virtual time",
		Long:    sandboxHelp,
		Example: sandboxExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.listEvents {
				return scenario.List(cmd.OutOrStdout())
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
	flags.IntVar(&o.bareMetal, "bare-metal", 0, "number of bare metal servers; they come first")
	flags.BoolVar(&o.empty, "unprovisioned", false, "start without addresses, names and entries, for a trial of provision with the settings of --env-file")
	flags.StringVar(&o.profile, "profile", "university", "kind of demand: university, school or company")
	flags.IntVar(&o.peak, "peak", 0, "participants at the peak of the demand; 0 is what the pool carries well")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the random demand")
	flags.Float64Var(&o.speed, "speed", 60, "virtual seconds per second; 0 is as fast as possible")
	flags.DurationVar(&o.length, "for", 0, "virtual time to run, for example 24h; 0 runs until interrupted")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address on which the function listens; port 0 is any free port")
	flags.StringVar(&o.envFile, "env-file", "", "write settings to this file, with which other commands can use this sandbox")
	flags.StringVar(&o.scenario, "scenario", "", "`FILE` with events that happen to the pool; docs/scenarios.md explains it")
	flags.BoolVar(&o.listEvents, "scenario-events", false, "list all events of scenarios, with their keys and an example, and end")
	flags.StringVar(&o.messages, "messages", "", "write the notifications that operators would have got to this `FILE`")
	flags.StringArrayVar(&o.set, "set", nil, "setting of the function, as `NAME=VALUE` without DIVIMS_; may be repeated")
	flags.TextVar(&o.faults, "faults", faults.Plan{}, "faults of the outside services, as `SPEC`")
	return cmd
}

var sandboxHelp = `Run DiViMS on this machine, with a simulated pool in virtual time. The sandbox serves
Scalelite, BBB servers, stats endpoints, Scaleway's API, object storage and a calendar
over HTTP, and calls the function every 5 virtual minutes. It ends with a summary.

--faults makes calls to these services fail. Its SPEC has the form
  ` + faults.Syntax + `
SERVICE is one of ` + strings.Join(faults.Services, ", ") + `.
docs/faults.md lists the calls and the kinds. For example
  --faults "scaleway:POST servers:500@2; bbb#3:getMeetings:hang%5; storage:*:lost-answer%1; seed=7; race=5%"
answers the second creation of a machine with status 500, never answers 5 % of the
getMeetings calls to server 3, loses 1 % of the answers of storage, and lets 5 % of the
cordons race with Scalelite's poller.`

const sandboxExample = `  divims sandbox --for 24h --speed 0
  divims sandbox --servers 40 --profile school --env-file sandbox.env`

func (o sandboxOptions) check() error {
	var problems []error
	if o.servers < 1 || o.servers > 1000 {
		problems = append(problems, fmt.Errorf("--servers %d: must be 1 to 1000", o.servers))
	}
	if o.bareMetal < 0 || o.bareMetal > o.servers {
		problems = append(problems, fmt.Errorf("--bare-metal %d: must be 0 to the number of servers", o.bareMetal))
	}
	if o.peak < 0 || o.peak > maxPeak {
		problems = append(problems, fmt.Errorf("--peak %d: must be 0 to %d", o.peak, maxPeak))
	}
	if o.empty && o.bareMetal > 0 {
		problems = append(problems, errors.New("--unprovisioned and --bare-metal do not go together"))
	}
	if !(o.speed >= 0 && o.speed <= 1e6) { // written so that NaN is an error
		problems = append(problems, fmt.Errorf("--speed %g: must be 0 to 1000000", o.speed))
	}
	if o.length < 0 {
		problems = append(problems, fmt.Errorf("--for %s: must be 0 or more", o.length))
	}
	return errors.Join(append(problems, checkProfile(o.profile))...)
}

// maxPeak is far above the demand of any pool of the sandbox.
const maxPeak = 1_000_000

// peakDemand returns the number of participants at the peak.
func (o sandboxOptions) peakDemand() int {
	return cmp.Or(o.peak, o.servers*peakPerServer[demand.Profile(o.profile)])
}

// maxRun is the length of the demand for a run without an end.
const maxRun = 28 * 24 * time.Hour

// sandboxPast returns the history object that the pool starts with: the samples that
// evaluations would have taken in the weeks before the start.
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

// runSandbox runs the sandbox until its virtual end or until ctx is cancelled, and then
// writes the figures. Without an env file it runs in virtual time.
func runSandbox(ctx context.Context, o sandboxOptions, out, progress io.Writer) error {
	run := sandboxRun{options: o, progress: sideBySide(progress), ledger: newLedger(o.watch), interrupted: func() bool { return ctx.Err() != nil }}
	surroundings, err := o.surroundings()
	if err != nil {
		return err
	}
	surroundings.World.EachMinute = run.ledger.minute
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen for the function: %w", err)
	}
	run.page, run.relay, run.ticks = listener.Addr().String(), startRelay(listener), startTicks(ctx)
	defer run.relay.close()
	if !o.isVirtual() {
		surroundings.Drops = true
		return run.run(surroundings, out) //nolint:contextcheck // interrupted ends the run
	}
	surroundings.Moving = true
	sandbox.InVirtualTime(sandboxStart, func() { err = run.run(surroundings, out) }) //nolint:contextcheck // waiting for ctx would stop the time
	return err
}

// isVirtual reports whether the run is in virtual time. A run with an env file is not, because
// the processes that read the file could not reach it.
func (o sandboxOptions) isVirtual() bool { return o.envFile == "" }

// surroundings returns the configuration of everything around the pool.
func (o sandboxOptions) surroundings() (sandbox.Config, error) {
	profile := demand.Profile(o.profile)
	wanted, err := demand.Generate(profile, sandboxStart, sandboxStart.Add(cmp.Or(o.length, maxRun)), o.seed, o.peakDemand())
	if err != nil {
		return sandbox.Config{}, fmt.Errorf("make the demand: %w", err)
	}
	past, err := sandboxPast(profile, o.seed, o.peakDemand())
	if err != nil {
		return sandbox.Config{}, fmt.Errorf("make the history: %w", err)
	}
	running := 1
	if o.empty {
		running = 0
	}
	return sandbox.Config{
		Calendar: sandboxCalendar, Objects: past, Faults: o.faults, Unprovisioned: o.empty, Inbox: true,
		World: world.Config{
			Start: sandboxStart, Seed: o.seed, Meetings: wanted, RecordingWork: 1, Shipped: true, Running: running,
			Servers: pool.Servers(o.servers, o.bareMetal, sandbox.HostnameTemplate, sandbox.DomainTemplate),
			Zones:   []string{"fr-par-1", "fr-par-2"},
		},
	}, nil
}
