package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/sandbox"
	"divims/internal/sandbox/faults"
	"divims/internal/world"
)

// sandboxStart is the virtual time at which every sandbox begins: a Monday,
// before the day does.
var sandboxStart = time.Date(2026, time.March, 2, 6, 0, 0, 0, paris())

// calendar is the schedule of every sandbox: a quarter of the pool on weekdays
// from 07:50 on.
//
//go:embed calendar.ics
var calendar []byte

// peakPerServer is how many people there are at the peak for each server of the
// pool, so that it is well used and not overrun. A company's meetings are so
// small that their number fills a server, long before their people do.
var peakPerServer = map[world.Profile]int{world.University: 150, world.School: 150, world.Company: 55}

// sandboxOptions are the flags of the command.
type sandboxOptions struct {
	servers   int
	bareMetal int
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

// runSandbox runs until the virtual end or until ctx is cancelled, and then
// writes the summary.
func runSandbox(ctx context.Context, o sandboxOptions, out, progress io.Writer) error {
	profile := world.Profile(o.profile)
	demand, err := world.Generate(profile, sandboxStart, sandboxStart.Add(cmp.Or(o.length, longestRun)), o.seed, o.servers*peakPerServer[profile])
	if err != nil {
		return fmt.Errorf("make the demand: %w", err)
	}
	surroundings, err := sandbox.Start(sandbox.Config{
		Calendar: calendar,
		Faults:   o.faults,
		World: world.Config{
			Start: sandboxStart, Seed: o.seed, Meetings: demand, RecordingWork: 1, Shipped: true, Running: 1,
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
	fmt.Fprintf(progress, "%d servers, a %s's demand; the page is at %s/\n", o.servers, o.profile, function.url)
	run := sandboxRun{sandbox: surroundings, function: function, progress: progress}
	run.loop(ctx, o.speed, o.length)
	return run.summarize(out, o.json)
}

// function is the function behind its own listener, as the platform runs it.
type function struct {
	url    string
	server *http.Server
}

// serveFunction opens the pool of the sandbox and serves it. It logs alerts and
// what goes wrong; what goes well is in the progress lines.
func serveFunction(listen string, surroundings *sandbox.Sandbox, logs io.Writer) (*function, error) {
	settings, err := config.Load(surroundings.Environment())
	if err != nil {
		return nil, fmt.Errorf("settings of the sandbox: %w", err)
	}
	log := newLog(logs, slog.LevelWarn)
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	server := &http.Server{
		Handler:           handler.New(func() (*handler.Pool, error) { return handler.Open(settings, log) }, log),
		ReadHeaderTimeout: 10 * time.Second,
	}
	go func() { _ = server.Serve(listener) }()
	return &function{"http://" + listener.Addr().String(), server}, nil
}

func (f *function) close() { _ = f.server.Close() }

// evaluate calls the function as the cron trigger does.
func (f *function) evaluate(ctx context.Context) (cycle.Record, error) {
	var record cycle.Record
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/", bytes.NewReader([]byte(`{"source":"cron"}`)))
	if err != nil {
		return record, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return record, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return record, fmt.Errorf("the function answers %s: %s", response.Status, bytes.TrimSpace(text))
	}
	return record, json.NewDecoder(response.Body).Decode(&record)
}

// sandboxRun is a run of the sandbox under way.
type sandboxRun struct {
	sandbox             *sandbox.Sandbox
	function            *function
	progress            io.Writer
	evaluations, failed int
}

// interval is the cron trigger's.
const interval = 5 * time.Minute

// frame is how often a run that keeps pace with the clock moves its world.
const frame = 50 * time.Millisecond

// loop evaluates every interval of virtual time until the end, or until ctx is
// cancelled when there is none.
func (r *sandboxRun) loop(ctx context.Context, speed float64, length time.Duration) {
	for next := r.sandbox.Now(); length == 0 || next.Sub(sandboxStart) <= length; next = next.Add(interval) {
		if !r.advance(ctx, next, speed) {
			return
		}
		r.evaluate(ctx)
	}
}

// advance moves the world to the next evaluation, at once or at the given pace,
// and tells whether it got there.
func (r *sandboxRun) advance(ctx context.Context, next time.Time, speed float64) bool {
	if speed == 0 {
		r.sandbox.AdvanceTo(next)
		return ctx.Err() == nil
	}
	from, start := r.sandbox.Now(), time.Now()
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for r.sandbox.Now().Before(next) {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
			virtual := from.Add(time.Duration(float64(time.Since(start)) * speed))
			if virtual.After(next) {
				virtual = next
			}
			r.sandbox.AdvanceTo(virtual)
		}
	}
	return true
}

func (r *sandboxRun) evaluate(ctx context.Context) {
	r.evaluations++
	record, err := r.function.evaluate(ctx)
	now := r.sandbox.Now().In(sandboxStart.Location()).Format("Mon 15:04")
	if err != nil {
		r.failed++
		fmt.Fprintf(r.progress, "%s  evaluation failed: %v\n", now, err)
		return
	}
	fmt.Fprintf(r.progress, "%s  %s\n", now, progressLine(record))
}

// progressLine is an evaluation in one line.
func progressLine(record cycle.Record) string {
	required := "?"
	if servers, ok := record.Plan.Required.Servers.Get(); ok {
		required = fmt.Sprint(servers)
	}
	line := fmt.Sprintf("%5d people in %3d meetings | servers: %2s required, %2d enabled, %2d running, %2d draining",
		record.Participants, record.Meetings, required, record.Enabled, record.Running, record.Draining)
	for _, outcome := range record.Outcomes {
		line += fmt.Sprintf(" | %s", outcome.Kind)
		if outcome.Server != 0 {
			line += fmt.Sprintf(" %d", outcome.Server)
		}
		if outcome.Result != cycle.Done {
			line += fmt.Sprintf(" %s: %s", outcome.Result, outcome.Detail)
		}
	}
	return line
}

// summary is what a run of the sandbox came to.
type summary struct {
	VirtualHours                     float64 `json:"virtual_hours"`
	Evaluations                      int     `json:"evaluations"`
	FailedEvaluations                int     `json:"failed_evaluations"`
	MachinesCreated                  int     `json:"machines_created"`
	MachinesDeleted                  int     `json:"machines_deleted"`
	ServerHours                      float64 `json:"server_hours"`
	PeakParticipants                 int     `json:"peak_participants"`
	OverloadedParticipantMinutesPart float64 `json:"overloaded_participant_minutes_pct"`
	RefusedMeetings                  int     `json:"refused_meetings"`
	InterruptedMeetings              int     `json:"interrupted_meetings"`
	LostRecordings                   int     `json:"lost_recordings"`
	LeftoverVolumes                  int     `json:"leftover_volumes"`
}

// summarize writes what the run came to; JSON goes on the last line.
func (r *sandboxRun) summarize(out io.Writer, asJSON bool) error {
	var tally world.Tally
	r.sandbox.With(func(w *world.World) { tally = w.Tally() })
	overloaded := 0.0
	if tally.ParticipantMinutes > 0 {
		overloaded = 100 * float64(tally.OverloadedParticipantMinutes) / float64(tally.ParticipantMinutes)
	}
	s := summary{
		r.sandbox.Now().Sub(sandboxStart).Hours(), r.evaluations, r.failed, tally.MachinesCreated, tally.MachinesDeleted,
		tally.ServerHours, tally.PeakParticipants, overloaded, tally.RefusedMeetings, tally.InterruptedMeetings,
		tally.LostRecordings, tally.LeftoverVolumes,
	}
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	_, err := fmt.Fprintf(out, `
%.1f virtual hours, %d evaluations, %d failed
machines: %d created, %d deleted, %.1f server hours
people: %d at the peak, %.2f %% of their time on overloaded servers
meetings: %d refused, %d interrupted; recordings lost: %d; volumes left over: %d
`, s.VirtualHours, s.Evaluations, s.FailedEvaluations, s.MachinesCreated, s.MachinesDeleted, s.ServerHours, s.PeakParticipants,
		s.OverloadedParticipantMinutesPart, s.RefusedMeetings, s.InterruptedMeetings, s.LostRecordings, s.LeftoverVolumes)
	return err
}
