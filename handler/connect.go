package handler

import (
	"context"
	"fmt"
	"net/http"

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

// Outside is all that surrounds a pool, by the clients that its settings name.
type Outside struct {
	Servers   []pool.Server
	Scalelite *scalelite.Client
	BBB       *bbb.Client
	Scaleway  *scaleway.Client
	Storage   *storage.Store
	// Stats is nil without stats endpoints, Calendar without a calendar.
	Stats    *exporter.Client
	Calendar *calendar.Client
	Names    resolver.Resolver
	Clock    Clock
	// UserData makes the cloud-init documents of new machines.
	UserData func(context.Context) (cycle.UserData, error)
	// HTTP is what all of them connect with.
	HTTP *http.Client
}

// Connect makes the clients. It touches nothing outside but the files that the
// settings name.
func Connect(settings config.Settings) (Outside, error) {
	c, err := httpConfig(settings)
	if err != nil {
		return Outside{}, err
	}
	client := httpclient.New(c)
	retrying := httpclient.AddRetries(client, settings.CallTimeout)
	outside := Outside{
		Servers:   pool.Servers(settings.PoolSize, settings.BareMetalCount, settings.HostnameTemplate, settings.DomainTemplate),
		Scalelite: scalelite.New(settings.ScaleliteURL, settings.ScaleliteSecret, settings.ScaleliteChecksum, retrying),
		BBB:       bbb.New(settings.BBBChecksum, retrying),
		Storage: storage.New(storage.Config{
			URL: settings.StorageURL, Region: settings.StorageRegion, Bucket: settings.StorageBucket,
			Prefix: settings.StoragePrefix, Pool: settings.Pool, PathStyle: settings.StoragePathStyle,
			AccessKey: settings.StorageAccessKey, SecretKey: settings.StorageSecretKey,
		}, client),
		Names: resolver.New(settings.DNSServer),
		Clock: WallClock,
		HTTP:  client,
	}
	if len(settings.StatsURLs) > 0 {
		outside.Stats = exporter.New(exporter.Config{
			URLs: settings.StatsURLs, User: settings.StatsUser, Password: settings.StatsPassword,
			Bearer: settings.StatsToken, MaxAge: settings.StatsMaxAge,
		}, retrying)
	}
	if settings.CalendarURL.IsSet() {
		outside.Calendar = calendar.New(settings.CalendarURL.Reveal(), settings.Timezone.Location, client)
	}
	if settings.ClockURL != "" {
		outside.Clock = sandboxClock(settings.ClockURL, client)
	}
	outside.UserData = userData(settings, outside.Storage)
	outside.Scaleway, err = newHoster(settings, outside, retrying)
	if err != nil {
		return Outside{}, fmt.Errorf("set up the client of Scaleway: %w", err)
	}
	return outside, nil
}

// httpConfig returns what the HTTP clients need of the settings.
func httpConfig(settings config.Settings) (httpclient.Config, error) {
	authorities, err := settings.CACertificates.Pool()
	if err != nil {
		return httpclient.Config{}, err
	}
	return httpclient.Config{
		CallTimeout: settings.CallTimeout, Interval: settings.Interval,
		PoolSize: settings.PoolSize, ObserveParallel: settings.ObserveParallel,
		CertificateWarning: settings.CertificateWarning,
		CACertificates:     authorities, ConnectTo: settings.ConnectTo.Address,
	}, nil
}
