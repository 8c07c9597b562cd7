package main

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"divims/handler"
	"divims/internal/client/ovh"
	"divims/internal/config"
	"divims/internal/pool"
	"divims/internal/scaling"
	"divims/internal/setup"
)

// setupConfig returns the part of the settings that check and provision need.
func setupConfig(settings config.Settings, outside handler.Outside) setup.Config {
	c := setup.Config{
		Servers: outside.Servers, HostnameTemplate: settings.Pool.HostnameTemplate, DomainTemplate: settings.Pool.DomainTemplate,
		Tag: settings.Scaleway.Tag, Zones: settings.Scaleway.Zones, Types: settings.Evaluation.Types, BBBSecret: settings.Evaluation.BBBSecret,
		AddressZone: settings.Scaleway.Zones[0], Families: []pool.Family{pool.IPv4}, WritesDNS: settings.DNS.Provider != "none",
		RegistersEntries: settings.Decision.RegisterEntries, HasRecordings: settings.Decision.Recordings != "none",
		HasStats: outside.Stats != nil, HasCalendar: outside.Calendar != nil,
		FollowsCalendar:    slices.Contains(settings.Decision.Policies, scaling.PolicySchedule),
		CertificateWarning: settings.Decision.CertificateWarning, CertificateAlert: settings.Decision.CertificateAlert,
		Interval: settings.Decision.Interval, MaxCreations: settings.Decision.MaxCreations, Minimum: settings.Decision.Minimum(), ScalelitePoll: settings.Decision.ScalelitePoll,
		CallTimeout: settings.Evaluation.CallTimeout, LookParallel: settings.Evaluation.ObserveParallel,
	}
	if settings.DNS.IPv6 {
		c.Families = append(c.Families, pool.IPv6)
	}
	if settings.DNS.CNAME {
		c.MachineName = settings.DNS.MachineName
	}
	return c
}

func setupServices(settings config.Settings, outside handler.Outside) (setup.Services, error) {
	scalelite := strings.TrimSuffix(strings.TrimRight(settings.Scalelite.URL, "/"), "/scalelite/api")
	services := setup.Services{
		Hoster: outside.Scaleway, LoadBalancer: outside.Scalelite, BBB: outside.BBB, Storage: outside.Storage, Names: outside.Names,
		UserData: func(ctx context.Context, server pool.Server) ([]byte, error) {
			write, err := outside.UserData(ctx)
			if err != nil {
				return nil, err
			}
			return write(server)
		},
		Clocks: map[string]func(context.Context) (*time.Duration, error){},
		Health: func(ctx context.Context) (string, error) {
			answer, err := get(ctx, outside.HTTP, scalelite+"/health_check")
			return answer.text, err
		},
	}
	for name, address := range map[string]string{"Scaleway": settings.Scaleway.URL, "Scalelite": scalelite + "/health_check", "object storage": settings.Storage.URL} {
		services.Clocks[name] = func(ctx context.Context) (*time.Duration, error) {
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
	services.Zone = zone
	return services, err
}

// dnsZone returns the zone that provision writes to, nil if the operator writes the
// records.
func dnsZone(settings config.Settings, outside handler.Outside) (setup.Zone, error) {
	switch settings.DNS.Provider {
	case "scaleway":
		return outside.Scaleway.DNS(settings.DNS.Zone), nil
	case "ovh":
		zone, err := ovh.New(ovh.Config{
			Endpoint: settings.OVH.Endpoint, ApplicationKey: settings.OVH.ApplicationKey, ApplicationSecret: settings.OVH.ApplicationSecret,
			ConsumerKey: settings.OVH.ConsumerKey, Zone: settings.DNS.Zone, Timeout: max(settings.Evaluation.CallTimeout, provisionCallTimeout),
		}, outside.HTTP)
		if err != nil {
			return nil, err
		}
		return zone, nil
	}
	return nil, nil
}

// plainAnswer is the answer of a web server, with any HTTP status.
type plainAnswer struct {
	text string
	// ahead is how far the server's clock is ahead of ours. It is nil if the answer has no
	// date.
	ahead *time.Duration
}

// maxText is how much of an answer's text is read, in bytes.
const maxText = 1000

// get sends a request without credentials. Any HTTP status is accepted.
func get(ctx context.Context, client *http.Client, address string) (plainAnswer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return plainAnswer{}, err
	}
	start := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return plainAnswer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer plainAnswer
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		answer.ahead = new(date.Sub(start.Add(time.Since(start) / 2)))
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxText))
	answer.text = strings.TrimSpace(string(text))
	return answer, err
}
