package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/pool"
	"divims/internal/setup"
)

const provisionHelp = `Give each server what it lacks: reserve an address, write the DNS records, wait until
the domain resolves to the address, set the reverse name, and register an entry in
Scalelite. The entry is disabled; an evaluation enables it when the server is required.

provision shows its plan and asks before it starts. You may interrupt it at any time
and run it again. It changes nothing that exists. If existing records or addresses
contradict the settings, it does nothing for that server and says why.

With --remove it removes the servers above DIVIMS_POOL_SIZE that have no machine: their
entries and, where provision has reserved the address, their DNS records, reverse names
and addresses. Deploy the new size first.`

const provisionExample = `  divims provision --dry-run
  divims provision
  divims provision --remove`

// provisioning is the command with its flags, input and outputs.
type provisioning struct {
	remove, yes, dryRun, json bool
	zone                      string
	patience, answerTimeout   time.Duration
	in                        io.Reader
	out, progress             io.Writer
	pause                     func(context.Context, time.Duration) error
}

const (
	// checkInterval is the pause before a name is looked up again.
	checkInterval = 10 * time.Second
	// provisionCallTimeout is the deadline of each outside call. It is long because no
	// lease depends on it.
	provisionCallTimeout = 30 * time.Second
	// provisionAnswerTimeout is how long a server above the pool's size is asked whether it
	// answers.
	provisionAnswerTimeout = 10 * time.Second
	// provisionLookParallel is how many names and servers are looked up in parallel.
	provisionLookParallel = 20
)

func newProvision() *cobra.Command {
	p := provisioning{pause: sleep, answerTimeout: provisionAnswerTimeout}
	cmd := &cobra.Command{
		Use:     "provision",
		Short:   "Reserve addresses, write DNS records and register entries that servers lack",
		Long:    provisionHelp,
		Example: provisionExample,
		Args:    cobra.NoArgs,
		RunE: command(func(cmd *cobra.Command) error {
			p.json, p.in, p.out, p.progress = asJSON(cmd), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			settings, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			return p.run(cmd.Context(), settings)
		}),
	}
	flags := cmd.Flags()
	flags.BoolVar(&p.remove, "remove", false, "remove the servers above the pool's size instead")
	flags.BoolVar(&p.yes, "yes", false, "do not ask before starting")
	flags.BoolVar(&p.dryRun, "dry-run", false, "show the plan only")
	flags.StringVar(&p.zone, "zone", "", "availability zone in which addresses are reserved (default: the first of DIVIMS_ZONES)")
	flags.DurationVar(&p.patience, "patience", 30*time.Minute, "how long to wait for each domain and reverse name")
	return cmd
}

// sleep waits. It ends early, with an error, when the context does.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// provisioned is what the command prints with --json.
type provisioned struct {
	Plan     setup.Plan      `json:"plan"`
	Outcomes []setup.Outcome `json:"outcomes,omitempty"`
}

func (p provisioning) run(ctx context.Context, settings config.Settings) error {
	outside, err := handler.Connect(settings)
	if err != nil {
		return err
	}
	services, err := setupServices(settings, outside)
	if err != nil {
		return err
	}
	wanted := setupConfig(settings, outside)
	wanted.CallTimeout, wanted.AnswerTimeout, wanted.LookParallel = provisionCallTimeout, p.answerTimeout, provisionLookParallel
	if p.zone != "" {
		wanted.AddressZone = p.zone
	}
	if !slices.Contains(settings.Scaleway.Zones, wanted.AddressZone) {
		return fmt.Errorf("--zone %s: not one of DIVIMS_ZONES", p.zone)
	}
	plan, err := p.plan(ctx, wanted, services)
	if err != nil {
		return err
	}
	if err := p.show(plan); err != nil {
		return err
	}
	if plan.Steps() == 0 || p.dryRun {
		return p.conclude(plan, nil)
	}
	if !p.yes {
		if err := p.ask(ctx, plan.Steps()); err != nil {
			return err
		}
	}
	run := setup.Run{
		Services: services, Config: wanted, Parallel: settings.Evaluation.ActParallel,
		CheckInterval: checkInterval, MaxChecks: max(1, int(p.patience/checkInterval)), Pause: p.pause,
		Report: func(o setup.Outcome) { _, _ = fmt.Fprintln(p.progress, o) },
	}
	return p.conclude(plan, run.Do(ctx, plan))
}

func (p provisioning) plan(ctx context.Context, wanted setup.Config, services setup.Services) (setup.Plan, error) {
	if p.remove {
		return setup.PlanRemoval(wanted, setup.Look(ctx, time.Now(), wanted, services, setup.ForRemoval))
	}
	return setup.PlanSetup(wanted, setup.Look(ctx, time.Now(), wanted, services, setup.ForSetup))
}

// show writes the plan as text.
func (p provisioning) show(plan setup.Plan) error {
	if p.json {
		return nil
	}
	if len(plan) == 0 {
		_, err := fmt.Fprintln(p.out, "nothing to do")
		return err
	}
	for _, server := range plan {
		if _, err := fmt.Fprintln(p.out, server); err != nil {
			return err
		}
	}
	return nil
}

var errNotConfirmed = errors.New("not confirmed, so nothing was done; --yes starts without asking")

// ask asks the operator whether to start.
func (p provisioning) ask(ctx context.Context, steps int) error {
	if _, err := fmt.Fprintf(p.progress, "%s. Continue? [y/N] ", pool.Count(steps, "step")); err != nil {
		return err
	}
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return errNotConfirmed
	case text := <-answer:
		if text != "y" && text != "yes" {
			return errNotConfirmed
		}
	}
	return nil
}

// conclude writes the JSON, if wanted. It returns an error if a server has a problem or a
// step that was not done.
func (p provisioning) conclude(plan setup.Plan, outcomes []setup.Outcome) error {
	if p.json {
		if plan == nil {
			plan = setup.Plan{}
		}
		if err := json.NewEncoder(p.out).Encode(provisioned{plan, outcomes}); err != nil {
			return err
		}
	}
	unfinished := map[int]bool{}
	for _, o := range outcomes {
		if o.Result != setup.Done {
			unfinished[o.Server.Number] = true
		}
	}
	switch {
	case len(unfinished) > 0:
		return fmt.Errorf("%d servers are not finished: fix what is reported above, and run this again", len(unfinished)+plan.Problems())
	case plan.Problems() > 0:
		return fmt.Errorf("nothing was done for %d servers: the plan says why", plan.Problems())
	}
	return nil
}
