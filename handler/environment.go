package handler

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"divims/internal/client/cloudinit"
	"divims/internal/client/httpclient"
	"divims/internal/client/notify"
	"divims/internal/client/scaleway"
	"divims/internal/client/storage"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// FromEnvironment is the function over the settings of an environment, as
// os.Environ gives it. It logs JSON lines to out.
func FromEnvironment(environ []string, out io.Writer) *Handler {
	settings, problems := config.Load(environ)
	log := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: settings.LogLevel}))
	h := New(func() (*Pool, error) {
		if problems != nil {
			return nil, problems
		}
		return Open(settings, log)
	}, log)
	h.token = settings.Token
	if problems != nil {
		settings = config.Salvage(environ)
	}
	h.distress = newDistress(settings, log)
	return h
}

// Open wires a pool up to the services that its settings name. It touches
// nothing outside but the files that the settings name.
func Open(settings config.Settings, log *slog.Logger) (*Pool, error) {
	log = log.With("pool", settings.Pool)
	outside, err := Connect(settings)
	if err != nil {
		return nil, err
	}
	services := cycle.Services{
		LoadBalancer: outside.Scalelite,
		Meetings:     outside.BBB,
		Hoster:       outside.Scaleway,
		Store:        outside.Storage,
		UserData:     outside.UserData,
	}
	if outside.Stats != nil {
		services.Stats = outside.Stats
	}
	if outside.Calendar != nil {
		services.Calendar = outside.Calendar
	}
	if len(settings.NotifyURLs) > 0 {
		if services.Notifier, err = newNotifier(settings); err != nil {
			return nil, err
		}
	}
	return &Pool{
		about: about(settings),
		cycle: &cycle.Cycle{Config: cycleConfig(settings, outside.Servers), Services: services, Log: log},
		store: outside.Storage, clock: outside.Clock, log: log,
	}, nil
}

// about is what the report needs to know of the pool.
func about(settings config.Settings) report.About {
	return report.About{
		Pool: settings.Pool, Size: settings.PoolSize, ServerParticipants: settings.ServerParticipants,
		Interval: settings.Interval, Zone: settings.Timezone.Location, DryRun: settings.DryRun,
	}
}

// newNotifier creates the client of the notification services, which are reached
// like all other services: with the same authorities and the same ConnectTo.
func newNotifier(settings config.Settings) (*notify.Sender, error) {
	c, err := httpConfig(settings)
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Config{
		Addresses: settings.NotifyURLs, Client: httpclient.New(c), Dial: httpclient.Dialer(c), Roots: c.CACertificates,
	})
}

func newHoster(settings config.Settings, outside Outside, client *http.Client) (*scaleway.Client, error) {
	return scaleway.New(scaleway.Config{
		URL: settings.ScalewayURL, ProjectID: settings.ScalewayProjectID,
		AccessKey: settings.ScalewayAccessKey, SecretKey: settings.ScalewaySecretKey,
		Zones: settings.Zones, Tag: settings.Tag, Adopt: settings.Adopt,
		Servers: outside.Servers, ImageName: settings.ImageName, Resolver: outside.Names,
	}, client)
}

// userData reads the operator's own document from a file or the bucket, and writes
// ours for each server, unless the image does without.
func userData(settings config.Settings, store *storage.Store) func(context.Context) (cycle.UserData, error) {
	source := settings.UserData
	return func(ctx context.Context) (write cycle.UserData, err error) {
		var own []byte
		switch {
		case source.Object != "":
			own, err = store.Object(ctx, source.Object)
		case source.File != "":
			own, err = source.Read()
		}
		if err != nil {
			return nil, err
		}
		return func(server pool.Server) ([]byte, error) { return document(settings, own, server) }, nil
	}
}

// UserData is the cloud-init document that a server's next machine gets.
func (p *Pool) UserData(ctx context.Context, server pool.Server) ([]byte, error) {
	write, err := p.cycle.Services.UserData(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the pool's own user data: %w", err)
	}
	return write(server)
}

// document joins the operator's own document and ours.
func document(settings config.Settings, own []byte, server pool.Server) ([]byte, error) {
	if !settings.ServerSetup {
		return own, nil
	}
	ours, err := cloudinit.Render(cloudinit.Config{
		StatsPath: settings.StatsPath(), User: settings.StatsUser, Password: settings.StatsPassword,
		Shipped: settings.Recordings == string(scaling.RecordingsShipped),
	}, server)
	if err != nil || len(own) == 0 {
		return ours, err
	}
	return cloudinit.Join(own, ours)
}

func cycleConfig(settings config.Settings, servers []pool.Server) cycle.Config {
	return cycle.Config{
		Scaling: ScalingConfig(settings), Servers: servers,
		Zones: settings.Zones, Types: settings.CommercialTypes, BBBSecret: settings.BBBSecret,
		ObserveParallel: settings.ObserveParallel, ActParallel: settings.ActParallel,
		CallTimeout: settings.CallTimeout, Timeout: settings.Timeout,
		Pool: settings.Pool, DryRun: settings.DryRun,
		Every: cycle.Every{Warning: settings.NotifyEveryWarning, Error: settings.NotifyEveryError, Critical: settings.NotifyEveryCritical},
	}
}

// ScalingConfig is what the decision needs of the settings.
func ScalingConfig(settings config.Settings) scaling.Config {
	policies := make([]scaling.Policy, len(settings.Policies))
	for i, name := range settings.Policies {
		policies[i] = scaling.Policy(name)
	}
	return scaling.Config{
		Size: settings.PoolSize, Capacity: settings.PoolCapacity, BareMetal: settings.BareMetalCount,
		Policies: policies, Interval: settings.Interval, BootTime: settings.BootTime,
		ServerParticipants: settings.ServerParticipants, ServerMeetings: settings.ServerMeetings,
		MinimumMillionths: int(settings.MinimumRatio), TagMinimums: settings.TagMinimums,
		SteadyFactor: scaling.Pair(settings.LoadFactorSteady), GrowingFactor: scaling.Pair(settings.LoadFactorGrowing),
		GrowthThreshold:     scaling.Pair(settings.LoadGrowthThreshold),
		ScheduleMode:        scaling.ScheduleMode(settings.CalendarMode),
		ForecastMargin:      scaling.Margin(settings.ForecastMargin),
		ForecastUncertainty: scaling.Pair(settings.ForecastUncertainty), ForecastUnevenness: scaling.Pair(settings.ForecastUnevenness),
		MeetingMaxDuration: settings.MeetingMaxDuration, RecordingMaxProcessing: settings.RecordingMaxProcessing,
		Recordings: scaling.RecordingsPolicy(settings.Recordings), RecycleAfter: settings.RecycleAfter,
		Zone:         settings.Timezone.Location,
		RollOutHours: scaling.Hours(settings.RollOutHours), RollOutParallel: settings.RollOutParallel, Grace: settings.Grace,
		CertificateWarning: settings.CertificateWarning, CertificateAlert: settings.CertificateAlert,
		UnresponsiveMillionths:  int(settings.UnresponsiveShare),
		UnresponsiveDeleteAfter: settings.UnresponsiveDeleteAfter, UnresponsiveRebootAfter: settings.UnresponsiveRebootAfter,
		MaxCreations: settings.MaxCreations, MaxDeletions: settings.MaxDeletions,
		MaxCordons: settings.MaxCordons, MaxEnds: settings.MaxEnds,
		RegisterEntries: settings.RegisterEntries,
	}
}
