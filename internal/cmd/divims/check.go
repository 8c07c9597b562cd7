package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"divims/handler"
	"divims/internal/config"
	"divims/internal/pool"
	"divims/internal/setup"
)

const checkHelp = `Look whether everything is in place that the pool needs: the API key and what it may
do, the bucket and its conditional writes, Scalelite's secret, each server's domain,
addresses, entry, certificate and figures, images, commercial types, quotas, clocks.

Nothing is changed but an object of its own in the bucket, and the tags of one address,
which are written as they are. The exit status is 1 if there is an error.

--format exports prints the clients for /etc/exports on Scalelite's host, and --format
firewall the commands that let them through its firewall.`

// checking is the command's flags.
type checking struct {
	format, directory, zone string
	json                    bool
	out                     io.Writer
}

func newCheck() *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look whether everything is in place that the pool needs, and say what would mend it",
		Long:  checkHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.json, c.out = asJSON(cmd), cmd.OutOrStdout()
			do, known := map[string]func(context.Context, config.Settings) error{
				"findings": c.findings, "exports": c.exports, "firewall": c.firewall,
			}[c.format]
			if !known {
				return fmt.Errorf("--format %q: findings, exports or firewall", c.format)
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
	flags.StringVar(&c.format, "format", "findings", "findings, exports or firewall")
	flags.StringVar(&c.directory, "directory", "/mnt/scalelite-recordings/var/bigbluebutton/spool", "what the servers mount, for exports")
	flags.StringVar(&c.zone, "firewall-zone", "private", "zone of firewalld that they become sources of")
	return cmd
}

func (c checking) findings(ctx context.Context, settings config.Settings) error {
	outside, err := handler.Connect(settings)
	if err != nil {
		return err
	}
	services, err := checkServices(settings, outside)
	if err != nil {
		return err
	}
	now, _, err := outside.Clock(ctx)
	if err != nil {
		return err
	}
	report := setup.Run(ctx, now, checkConfig(settings, outside), services)
	if c.json {
		err = json.NewEncoder(c.out).Encode(report)
	} else {
		err = report.Text(c.out)
	}
	if found := report.Count(setup.Error); err == nil && found > 0 {
		return fmt.Errorf("%d errors were found", found)
	}
	return err
}

func checkConfig(settings config.Settings, outside handler.Outside) setup.Config {
	return setup.Config{
		Servers: outside.Servers, Tag: settings.Scaleway.Tag, Zones: settings.Scaleway.Zones, Types: settings.Evaluation.Types,
		Registers: settings.Decision.RegisterEntries, BBBSecret: settings.Evaluation.BBBSecret, Records: settings.Decision.Recordings != "none",
		CertificateWarning: settings.Decision.CertificateWarning, CertificateAlert: settings.Decision.CertificateAlert,
		Interval: settings.Decision.Interval, CallTimeout: settings.Evaluation.CallTimeout, Parallel: settings.Evaluation.ObserveParallel,
	}
}

func checkServices(settings config.Settings, outside handler.Outside) (setup.Services, error) {
	scalelite := strings.TrimSuffix(strings.TrimRight(settings.Scalelite.URL, "/"), "/scalelite/api")
	services := setup.Services{
		Hoster: outside.Scaleway, LoadBalancer: outside.Scalelite, Meetings: outside.BBB, Storage: outside.Storage, Names: outside.Names,
		UserData: func(ctx context.Context, server pool.Server) ([]byte, error) {
			write, err := outside.UserData(ctx)
			if err != nil {
				return nil, err
			}
			return write(server)
		},
		Clocks: map[string]func(context.Context) (time.Duration, error){},
		Health: func(ctx context.Context) (string, error) {
			answer, err := get(ctx, outside.HTTP, scalelite+"/health_check")
			return answer.text, err
		},
	}
	for name, address := range map[string]string{"Scaleway": settings.Scaleway.URL, "Scalelite": scalelite + "/health_check", "object storage": settings.Storage.URL} {
		services.Clocks[name] = func(ctx context.Context) (time.Duration, error) {
			answer, err := get(ctx, outside.HTTP, address)
			return answer.ahead, err
		}
	}
	if outside.Stats != nil {
		services.Stats = outside.Stats
	}
	if outside.Calendar != nil {
		services.Calendar = outside.Calendar
	}
	zone, err := dnsZone(settings, outside)
	if zone != nil {
		services.Zone = zone
	}
	return services, err
}

// plainAnswer is what any web server says, whatever the status.
type plainAnswer struct {
	text string
	// ahead is how far the server's clock is ahead of ours.
	ahead time.Duration
}

// longestText is of an answer's text as much as is read, in bytes.
const longestText = 1000

// get asks without any key, so it may be refused: the answer's date is what counts.
func get(ctx context.Context, client *http.Client, address string) (plainAnswer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return plainAnswer{}, err
	}
	begun := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return plainAnswer{}, err
	}
	defer response.Body.Close()
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return plainAnswer{}, errors.New("the answer has no date")
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, longestText))
	return plainAnswer{strings.TrimSpace(string(text)), date.Sub(begun.Add(time.Since(begun) / 2))}, err
}

func (c checking) exports(ctx context.Context, settings config.Settings) error {
	return c.clients(ctx, settings, func(clients []setup.Client) string { return setup.Exports(c.directory, clients) })
}

func (c checking) firewall(ctx context.Context, settings config.Settings) error {
	return c.clients(ctx, settings, func(clients []setup.Client) string { return setup.Firewall(c.zone, clients) })
}

// clients writes what is made of the servers' addresses, and fails if one has none.
func (c checking) clients(ctx context.Context, settings config.Settings, format func([]setup.Client) string) error {
	outside, err := handler.Connect(settings)
	if err != nil {
		return err
	}
	addresses, err := outside.Scaleway.Addresses(ctx)
	if err != nil {
		return err
	}
	machines, err := outside.Scaleway.Machines(ctx)
	if err != nil {
		return err
	}
	clients := setup.Clients(outside.Servers, settings.Scaleway.Tag, addresses, machines)
	text := format(clients)
	if c.json {
		err = json.NewEncoder(c.out).Encode(map[string]string{c.format: text})
	} else {
		_, err = io.WriteString(c.out, text)
	}
	if missing := setup.Without(clients); err == nil && len(missing) > 0 {
		return fmt.Errorf("no address is kept for %s: run provision", strings.Join(missing, ", "))
	}
	return err
}
