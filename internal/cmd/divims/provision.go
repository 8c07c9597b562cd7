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
	"divims/internal/client/ovh"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/provision"
)

const provisionHelp = `Set the pool's servers up: for each that lacks it, reserve an address, write its DNS
records, wait until its domain leads there, set the reverse name, and register it in
Scalelite, disabled. Evaluations enable it when it is required.

It shows what it will do and asks. It can be interrupted at any time and run again.
What is there already is left as it is; where it contradicts, nothing is done for
that server, and the plan says why.

With --remove, servers above DIVIMS_POOL_SIZE that have no machine lose their entries
and, where provision has reserved their addresses, records, reverse names and
addresses. Deploy the new size first.`

// provisioning is the command's flags, and where it speaks.
type provisioning struct {
	remove, yes, dryRun, json bool
	zone                      string
	patience                  time.Duration
	in                        io.Reader
	out, progress             io.Writer
	pause                     func(context.Context, time.Duration) error
}

// every is the pause before names are asked for again.
const every = 10 * time.Second

func newProvision() *cobra.Command {
	p := provisioning{pause: sleep}
	cmd := &cobra.Command{
		Use:   "provision",
		Short: "Give servers the addresses, DNS records and entries that they lack, or remove those above the pool's size",
		Long:  provisionHelp,
		Args:  cobra.NoArgs,
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
	flags.BoolVar(&p.yes, "yes", false, "do not ask")
	flags.BoolVar(&p.dryRun, "dry-run", false, "show what would be done, and do nothing")
	flags.StringVar(&p.zone, "zone", "", "zone to reserve addresses in; the first of DIVIMS_ZONES if it is not given")
	flags.DurationVar(&p.patience, "patience", 30*time.Minute, "how long to wait for each name")
	return cmd
}

// sleep waits, unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// provisioned is the answer as JSON.
type provisioned struct {
	Plan     provision.Plan      `json:"plan"`
	Outcomes []provision.Outcome `json:"outcomes,omitempty"`
}

func (p provisioning) run(ctx context.Context, settings config.Settings) error {
	outside, err := handler.Connect(settings)
	if err != nil {
		return err
	}
	zone, err := dnsZone(settings, outside)
	if err != nil {
		return err
	}
	services := provision.Services{
		Hoster: outside.Scaleway, LoadBalancer: outside.Scalelite, Names: outside.Names, Zone: zone,
		BBB: outside.BBB, BBBSecret: settings.Evaluation.BBBSecret,
	}
	if p.zone == "" {
		p.zone = settings.Scaleway.Zones[0]
	}
	if !slices.Contains(settings.Scaleway.Zones, p.zone) {
		return fmt.Errorf("--zone %s: it is not among DIVIMS_ZONES", p.zone)
	}
	wanted := provisionConfig(settings, outside, p.zone)
	plan, err := p.plan(ctx, services, wanted, outside)
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
	run := provision.Run{
		Services: services, Config: wanted, Parallel: settings.Evaluation.ActParallel,
		Every: every, Patience: max(1, int(p.patience/every)), Pause: p.pause,
		Tell: func(o provision.Outcome) { fmt.Fprintln(p.progress, o) },
	}
	return p.conclude(plan, run.Do(ctx, plan))
}

// dnsZone is the zone that provision writes into; nil if there is none.
func dnsZone(settings config.Settings, outside handler.Outside) (provision.Zone, error) {
	switch settings.DNS.Provider {
	case "scaleway":
		return outside.Scaleway.DNS(settings.DNS.Zone), nil
	case "ovh":
		return ovh.New(ovh.Config{
			Endpoint: settings.OVH.Endpoint, ApplicationKey: settings.OVH.ApplicationKey, ApplicationSecret: settings.OVH.ApplicationSecret,
			ConsumerKey: settings.OVH.ConsumerKey, Zone: settings.DNS.Zone, Timeout: max(settings.Evaluation.CallTimeout, 30*time.Second),
		}, outside.HTTP)
	}
	return nil, nil
}

func provisionConfig(settings config.Settings, outside handler.Outside, zone string) provision.Config {
	wanted := provision.Config{
		Servers: outside.Servers, HostnameTemplate: settings.Pool.HostnameTemplate, DomainTemplate: settings.Pool.DomainTemplate,
		Tag: settings.Scaleway.Tag, Zone: zone, Families: []pool.Family{pool.IPv4},
		WritesDNS: settings.DNS.Provider != "none", Registers: settings.Evaluation.BBBSecret.IsSet(),
	}
	if settings.DNS.IPv6 {
		wanted.Families = append(wanted.Families, pool.IPv6)
	}
	if settings.DNS.CNAME {
		wanted.MachineName = settings.DNS.MachineName
	}
	return wanted
}

func (p provisioning) plan(ctx context.Context, services provision.Services, wanted provision.Config, outside handler.Outside) (provision.Plan, error) {
	if !p.remove {
		seen, err := services.Look(ctx, wanted)
		return provision.Setup(wanted, seen), err
	}
	if err := refuseEvaluated(ctx, outside); err != nil {
		return nil, err
	}
	seen, err := services.LookAbove(ctx, wanted)
	return provision.Removal(wanted, seen), err
}

// refuseEvaluated refuses to remove servers that the deployed function evaluates:
// it would enable them, or make machines for them, at the same time.
func refuseEvaluated(ctx context.Context, outside handler.Outside) error {
	state, err := outside.Storage.State(ctx)
	if err != nil {
		return fmt.Errorf("read the pool's state: %w", err)
	}
	last, err := cycle.LastRecord(state)
	if last == nil || err != nil {
		return err
	}
	if len(last.Servers) > len(outside.Servers) {
		return fmt.Errorf("the evaluation of %s was of %d servers, and DIVIMS_POOL_SIZE is %d: deploy the new size first, and let it evaluate once",
			last.At.UTC().Format("2006-01-02 15:04 UTC"), len(last.Servers), len(outside.Servers))
	}
	return nil
}

// show writes the plan for people.
func (p provisioning) show(plan provision.Plan) error {
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

var errNotConfirmed = errors.New("not confirmed, and nothing was done; --yes goes on without asking")

// ask waits for a yes, but not for longer than the context.
func (p provisioning) ask(ctx context.Context, steps int) error {
	fmt.Fprintf(p.progress, "%s. Go on? [y/N] ", pool.Count(steps, "step"))
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

// conclude writes the JSON, and gives an error unless all is in place.
func (p provisioning) conclude(plan provision.Plan, outcomes []provision.Outcome) error {
	if p.json {
		if plan == nil {
			plan = provision.Plan{}
		}
		if err := json.NewEncoder(p.out).Encode(provisioned{plan, outcomes}); err != nil {
			return err
		}
	}
	unfinished := map[int]bool{}
	for _, o := range outcomes {
		if o.Result != provision.Done {
			unfinished[o.Server.Number] = true
		}
	}
	switch {
	case len(unfinished) > 0:
		return fmt.Errorf("%d servers are not finished: mend what is said above, and run this again", len(unfinished)+plan.Problems())
	case plan.Problems() > 0:
		return fmt.Errorf("nothing is done for %d servers: the plan says why", plan.Problems())
	}
	return nil
}
