package handler

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"divims/internal/client/cloudinit"
	"divims/internal/client/httpclient"
	"divims/internal/client/notify"
	"divims/internal/client/storage"
	"divims/internal/config"
	"divims/internal/cycle"
	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/report"
	"divims/internal/scaling"
)

// FromEnvironment creates the function's handler from environment variables, as
// os.Environ returns them. It logs JSON lines to out.
func FromEnvironment(environ []string, out io.Writer) *Handler {
	settings, problems := config.Load(environ)
	log := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: settings.Function.LogLevel, ReplaceAttr: fact.CleanAttribute}))
	h := New(func() (*Pool, error) {
		if problems != nil {
			return nil, problems
		}
		return Open(settings, log)
	}, log)
	h.token = settings.Function.Token
	if problems != nil {
		settings = config.Salvage(environ)
	}
	h.failures = newFailureNotifier(settings, log)
	return h
}

// Open creates a pool with its services. It connects to nothing, but reads the files
// that the settings name.
func Open(settings config.Settings, log *slog.Logger) (*Pool, error) {
	log = log.With("pool", settings.Pool.Name)
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
	if len(settings.Notify.URLs) > 0 {
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

// about returns the settings that the report shows or calculates with.
func about(settings config.Settings) report.About {
	return report.About{
		Pool: settings.Pool.Name, Size: settings.Decision.Size, ServerParticipants: settings.Decision.ServerParticipants,
		Interval: settings.Decision.Interval, Zone: settings.Decision.Timezone.Location, DryRun: settings.Evaluation.DryRun,
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
		Addresses: settings.Notify.URLs, Client: httpclient.New(c), Dial: httpclient.Dialer(c), Roots: c.CACertificates,
	})
}

// userData returns a function that reads the operator's own document from a file or the
// bucket. Its result, a cycle.UserData, writes the document of each server.
func userData(settings config.Settings, store *storage.Store) func(context.Context) (cycle.UserData, error) {
	source := settings.CloudInit.Source
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

// UserData returns the cloud-init document that a server's next machine gets.
func (p *Pool) UserData(ctx context.Context, server pool.Server) ([]byte, error) {
	write, err := p.cycle.Services.UserData(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the pool's own user data: %w", err)
	}
	return write(server)
}

// document joins the operator's own document and ours. Without DIVIMS_SERVER_SETUP it
// is the operator's alone.
func document(settings config.Settings, own []byte, server pool.Server) ([]byte, error) {
	if !settings.CloudInit.Setup {
		return own, nil
	}
	ours, err := cloudinit.Render(cloudinit.Config{
		StatsPath: settings.StatsPath(), User: settings.Stats.User, Password: settings.Stats.Password,
		Shipped: settings.Decision.Recordings == scaling.RecordingsShipped,
	}, server)
	if err != nil || len(own) == 0 {
		return ours, err
	}
	return cloudinit.Join(own, ours)
}

// cycleConfig collects the settings that an evaluation uses.
func cycleConfig(settings config.Settings, servers []pool.Server) cycle.Config {
	return cycle.Config{
		Settings: settings.Evaluation, Scaling: settings.Decision,
		Pool: settings.Pool.Name, Servers: servers, Zones: settings.Scaleway.Zones,
		Redirected: len(settings.Network.ConnectTo) > 0,
	}
}
