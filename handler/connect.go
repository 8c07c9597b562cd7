package handler

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"divims/internal/client/bbb"
	"divims/internal/client/calendar"
	"divims/internal/client/exporter"
	"divims/internal/client/httpclient"
	"divims/internal/client/resolver"
	"divims/internal/client/scalelite"
	"divims/internal/client/scaleway"
	"divims/internal/client/storage"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/pool"
)

// Outside has the clients of all services around a pool.
type Outside struct {
	Servers   []pool.Server
	Scalelite *scalelite.Client
	BBB       *bbb.Client
	Scaleway  *scaleway.Client
	Storage   *storage.Store
	// Stats is nil without stats endpoints in the settings, Calendar without a calendar.
	Stats    *exporter.Client
	Calendar *calendar.Client
	Names    resolver.Resolver
	Clock    Clock
	// UserData prepares the cloud-init documents of new machines.
	UserData func(context.Context) (cycle.UserData, error)
	// HTTP is the client without retries.
	HTTP *http.Client
}

// Connect creates the clients. It connects to nothing, but reads the files that the
// settings name.
func Connect(settings config.Settings) (Outside, error) {
	c, err := httpConfig(settings)
	if err != nil {
		return Outside{}, err
	}
	client := httpclient.New(c)
	retrying := httpclient.AddRetries(client, settings.Evaluation.CallTimeout)
	outside := Outside{
		Servers:   pool.Servers(settings.Decision.Size, settings.Decision.BareMetal, settings.Pool.HostnameTemplate, settings.Pool.DomainTemplate),
		Scalelite: scalelite.New(settings.Scalelite, retrying),
		BBB:       bbb.New(settings.BBB.Hash, retrying),
		Storage:   storage.New(storageConfig(settings), client),
		Names:     resolver.New(settings.DNS.Server, settings.Network.Dial),
		Clock:     WallClock,
		HTTP:      client,
	}
	if len(settings.Stats.URLs) > 0 {
		outside.Stats = exporter.New(settings.Stats, retrying)
	}
	if settings.Calendar.URL.IsSet() {
		outside.Calendar = calendar.New(settings.Calendar, settings.Decision.Timezone.Location, client)
	}
	if settings.Function.ClockURL != "" {
		outside.Clock = sandboxClock(settings.Function.ClockURL, client)
	}
	outside.UserData = userData(settings, outside.Storage)
	outside.Scaleway, err = scaleway.New(scaleway.Config{Settings: settings.Scaleway, Servers: outside.Servers, Resolver: outside.Names}, retrying)
	if err != nil {
		return Outside{}, fmt.Errorf("set up the Scaleway client: %w", err)
	}
	return outside, nil
}

// storageConfig says where the pool's objects are and who they belong to.
func storageConfig(settings config.Settings) storage.Config {
	return storage.Config{
		Settings: settings.Storage, Pool: settings.Pool.Name, Interval: settings.Decision.Interval,
		Owner: pool.Owner{Scalelite: strings.TrimRight(settings.Scalelite.URL, "/"), Project: settings.Scaleway.ProjectID},
	}
}

// httpConfig returns the configuration of the HTTP clients.
func httpConfig(settings config.Settings) (httpclient.Config, error) {
	authorities, err := settings.Network.CACertificates.Pool()
	if err != nil {
		return httpclient.Config{}, err
	}
	return httpclient.Config{
		CallTimeout: settings.Evaluation.CallTimeout, Interval: settings.Decision.Interval,
		PoolSize: settings.Decision.Size, ObserveParallel: settings.Evaluation.ObserveParallel,
		CertificateWarning: settings.Decision.CertificateWarning,
		CACertificates:     authorities, ConnectTo: settings.Network.ConnectTo.Address, Dial: settings.Network.Dial,
	}, nil
}
