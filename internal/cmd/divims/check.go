package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/pool"
	"divims/internal/setup"
)

const checkHelp = `Check everything that the pool needs: the API key and its permissions, images,
commercial types and quotas, the bucket and its conditional writes, Scalelite and its
secret, each server's domain, addresses, entry, certificate and stats, and the clocks.

It changes nothing but an object of its own in the bucket. It also writes the tags of
one address as they are, to see whether the key may write. The exit status is 1 if
there is an error.

Servers without a running machine are not asked for meetings and stats. Run check
again while the pool is large.

--format exports prints a line for /etc/exports on Scalelite's host that lets the
servers send their recordings by NFS, --format firewall the commands that let them
through its firewall (firewalld).`

const checkExample = `  divims check
  divims check --format exports --directory /srv/spool`

// checking is the command with its flags.
type checking struct {
	format, directory, firewallZone string
	json                            bool
	out                             io.Writer
}

func newCheck() *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check the whole setup of the pool, and say how to fix what is wrong",
		Long:    checkHelp,
		Example: checkExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.json, c.out = asJSON(cmd), cmd.OutOrStdout()
			do, known := map[string]func(context.Context, config.Settings) error{
				"findings": c.findings, "exports": c.exports, "firewall": c.firewall,
			}[c.format]
			if !known {
				return fmt.Errorf("--format %q: must be findings, exports or firewall", c.format)
			}
			settings, err := config.Load(os.Environ())
			if err != nil {
				return err
			}
			if err := do(cmd.Context(), settings); err != nil {
				return runError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.format, "format", "findings", "what to print: findings, exports or firewall")
	flags.StringVar(&c.directory, "directory", "/mnt/scalelite-recordings/var/bigbluebutton/spool", "directory that the servers mount, for exports")
	flags.StringVar(&c.firewallZone, "firewall-zone", "private", "firewalld zone of the servers, for firewall")
	return cmd
}

func (c checking) findings(ctx context.Context, settings config.Settings) error {
	wanted, seen, err := c.look(ctx, settings, setup.ForCheck)
	if err != nil {
		return err
	}
	report := setup.Check(wanted, seen)
	if c.json {
		err = json.NewEncoder(c.out).Encode(report)
	} else {
		err = report.Text(c.out)
	}
	if count := report.Count(setup.Error); err == nil && count > 0 {
		return fmt.Errorf("%s found", pool.Count(count, "error"))
	}
	return err
}

func (c checking) look(ctx context.Context, settings config.Settings, parts setup.Parts) (setup.Config, setup.Sight, error) {
	outside, err := handler.Connect(settings)
	if err != nil {
		return setup.Config{}, setup.Sight{}, err
	}
	services, err := setupServices(settings, outside)
	if err != nil {
		return setup.Config{}, setup.Sight{}, err
	}
	now, _, err := outside.Clock(ctx)
	if err != nil {
		return setup.Config{}, setup.Sight{}, err
	}
	wanted := setupConfig(settings, outside)
	return wanted, setup.Look(ctx, now, wanted, services, parts), nil
}

func (c checking) exports(ctx context.Context, settings config.Settings) error {
	return c.clients(ctx, settings, func(clients []setup.Client) string { return setup.Exports(c.directory, clients) })
}

func (c checking) firewall(ctx context.Context, settings config.Settings) error {
	return c.clients(ctx, settings, func(clients []setup.Client) string { return setup.Firewall(c.firewallZone, clients) })
}

// clients writes the servers' addresses in a format. It returns an error if a server
// has none.
func (c checking) clients(ctx context.Context, settings config.Settings, format func([]setup.Client) string) error {
	wanted, seen, err := c.look(ctx, settings, setup.ForClients)
	if err != nil {
		return err
	}
	clients, err := setup.Clients(wanted, seen)
	if err != nil {
		return err
	}
	text := format(clients)
	if c.json {
		err = json.NewEncoder(c.out).Encode(map[string]string{c.format: text})
	} else {
		_, err = io.WriteString(c.out, text)
	}
	if missing := setup.WithoutAddress(clients); err == nil && len(missing) > 0 {
		return fmt.Errorf("no address is reserved for %s: run provision", strings.Join(missing, ", "))
	}
	return err
}
