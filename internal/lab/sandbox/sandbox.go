// Package sandbox is all that a pool is surrounded by, on this machine: Scaleway's API, Scalelite, the BBB servers
// with their stats endpoints, object storage, a calendar. In go a world and its demand; out come HTTP services on
// free loopback ports, as faithful as is known of the real ones, and the settings that lead to them.
package sandbox

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// Domain is above the domains of all servers of a sandbox. RFC 2606 keeps .test
// for tests.
const Domain = "sandbox.test"

// Names of a sandbox's servers; {n} is the number.
const (
	HostnameTemplate = "bbb-w{n}"
	DomainTemplate   = HostnameTemplate + "." + Domain
)

// poolName is the pool's name in the settings.
const poolName = "sandbox"

// Config says what happens in a sandbox.
type Config struct {
	// World is what the services are faces of. Its Servers are those that
	// pool.Servers makes of the templates above. Of its images those are used
	// whose name begins with "bbb-". Tags and Secret have defaults of the sandbox's own.
	World world.Config
	// Quotas limits how many machines there can be of a commercial type.
	Quotas map[string]int
	// Unprovisioned servers have neither address nor name nor entry yet. Of the
	// World's only bare metal can run then.
	Unprovisioned bool
	// Calendar is an iCalendar document that is served; nil for none.
	Calendar []byte
	// Objects are what the pool has in object storage from the start, by name.
	Objects map[string][]byte
	// Faults are what goes wrong from the start. Its RacePercent, if any, stands for
	// the world's CordonRace.
	Faults faults.Plan
	// Around, if set, goes around the handler of each service, which it is told by
	// name: scalelite, servers, scaleway, storage or clock.
	Around func(service string, handler http.Handler) http.Handler
	// HTTP2 is offered by the servers' web servers, beside HTTP/1.1. Faults that
	// break connections do not work over it.
	HTTP2 bool
}

// settle fills in what the settings of a sandbox have to repeat.
func (c *Config) complete() error {
	servers := pool.Servers(len(c.World.Servers), c.bareMetal(), HostnameTemplate, DomainTemplate)
	if !slices.Equal(c.World.Servers, servers) {
		return fmt.Errorf("the servers have to be named %s and %s, bare metal first", HostnameTemplate, DomainTemplate)
	}
	if len(c.World.Tags) == 0 {
		c.World.Tags = []string{"divims-" + poolName}
	}
	if !c.World.Secret.IsSet() {
		c.World.Secret = pool.NewSecret(token(c.World.Seed, "BBB"))
	}
	if c.Unprovisioned {
		c.World.Addresses = []pool.Address{}
	}
	if c.Faults.RacePercent != 0 {
		c.World.CordonRace = c.Faults.RacePercent / 100
	}
	return nil
}

func (c *Config) bareMetal() int {
	count := 0
	for _, server := range c.World.Servers {
		if server.BareMetal {
			count++
		}
	}
	return count
}

// Sandbox is a world with its services. It is safe for concurrent use.
type Sandbox struct {
	config      Config
	credentials credentials
	locked      *lockedWorld
	callNamer   *callNamer
	faults      *faults.Injector
	services    services
	authority   *certificateAuthority
	webServer   *webServer
	dns         *dnsServer
	at          addresses
	// caFile holds the certificate of the authority behind the servers.
	caFile string
}

// addresses are where the services listen, as host:port.
type addresses struct{ scalelite, servers, scaleway, storage, clock, dns string }

// Start opens a sandbox. Its time stands still until AdvanceTo. Close it.
func Start(config Config) (*Sandbox, error) {
	if err := config.complete(); err != nil {
		return nil, fmt.Errorf("start a sandbox: %w", err)
	}
	w, err := world.New(config.World)
	if err != nil {
		return nil, fmt.Errorf("start a sandbox: %w", err)
	}
	if config.Unprovisioned {
		for _, entry := range w.Entries() {
			if err := w.Remove(entry.ID); err != nil {
				return nil, fmt.Errorf("start a sandbox: %w", err)
			}
		}
	}
	m := &lockedWorld{world: w}
	layer, err := faults.New(config.Faults)
	if err != nil {
		return nil, fmt.Errorf("start a sandbox: %w", err)
	}
	s := &Sandbox{
		config: config, credentials: newCredentials(config.World.Seed), locked: m, faults: layer,
		callNamer: newCallNamer(m, config.World.Servers), services: services{connected: layer.Connected},
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a sandbox: %w", err), s.Close())
	}
	return s, nil
}

// open starts all services.
func (s *Sandbox) open() error {
	var err error
	if s.authority, err = newCertificateAuthority(s.config.World.Start); err != nil {
		return err
	}
	if err := s.writeCAFile(s.authority.pem()); err != nil {
		return err
	}
	storage, err := newStorage(s.locked, s.credentials, s.config.Objects)
	if err != nil {
		return err
	}
	api := s.scaleway()
	if s.dns, err = startDNSServer(api); err != nil {
		return err
	}
	s.webServer = newWebServer(s, s.authority)
	s.at = addresses{
		scalelite: s.serve("scalelite", s.faults.Wrap(s.callNamer.scalelite, newScalelite(s.locked, s.credentials.scaleliteSecret)), nil),
		servers:   s.serve("servers", s.webServer, s.webServer.tls()),
		scaleway:  s.serve("scaleway", s.faults.Wrap(s.callNamer.scaleway, api), nil),
		storage:   s.serve("storage", s.faults.Wrap(s.callNamer.storage, storage), nil),
		clock:     s.serve("clock", s.clock(), nil),
		dns:       s.dns.socket.LocalAddr().String(),
	}
	return s.services.err
}

func (s *Sandbox) serve(name string, handler http.Handler, config *tls.Config) string {
	if s.config.Around != nil {
		handler = s.config.Around(name, handler)
	}
	return s.services.serve(handler, config)
}

// writeCAFile writes the authority's certificate to a file, which goes with
// the sandbox: settings hold one line, and a certificate has many.
func (s *Sandbox) writeCAFile(certificate []byte) error {
	file, err := os.CreateTemp("", "divims-sandbox-*.pem")
	if err != nil {
		return fmt.Errorf("keep the authority's certificate: %w", err)
	}
	s.caFile = file.Name()
	_, err = file.Write(certificate)
	return errors.Join(err, file.Close())
}

func (s *Sandbox) scaleway() *scalewayapi.API {
	config := scalewayapi.Config{
		World:     s.locked.world,
		Lock:      &s.locked.lock,
		Project:   s.credentials.project,
		SecretKey: s.credentials.secretKey,
		Domains:   []string{Domain},
		Quotas:    s.config.Quotas,
	}
	if !s.config.Unprovisioned {
		config.Named = s.config.World.Servers
	}
	return scalewayapi.New(config)
}

// Faults makes the services fail: all but the clock.
func (s *Sandbox) Faults() *faults.Injector { return s.faults }

// LetExpire gives a server a certificate that expires at a time, which should be
// later than the present by the wall clock, too, and that is not renewed; the zero
// time has it renewed.
func (s *Sandbox) LetExpire(domain string, at time.Time) error {
	s.webServer.rotateTicketKeys()
	return s.authority.setExpiry(domain, s.Now(), at)
}

// Now is the sandbox's virtual time, in UTC.
func (s *Sandbox) Now() time.Time { return s.locked.now() }

// Traffic is what has gone over the connections of all services so far.
func (s *Sandbox) Traffic() Traffic { return s.services.traffic.sum() }

// AdvanceTo lets everything happen that happens in the world until t.
func (s *Sandbox) AdvanceTo(t time.Time) {
	s.With(func(w *world.World) { w.AdvanceTo(t) })
}

// With lets do look at the world, or meddle with it. The services wait
// meanwhile: do must not call them, nor the Sandbox.
func (s *Sandbox) With(do func(*world.World)) { s.locked.with(do) }

// HangUp ends the connections on which nobody waits for an answer, as all of them
// do to those that keep quiet between two evaluations.
func (s *Sandbox) HangUp() { s.services.closeIdleConnections() }

// Close ends all services, calls under way included, and waits for their end.
func (s *Sandbox) Close() error {
	err := s.services.close()
	if s.dns != nil {
		err = errors.Join(err, s.dns.close())
	}
	if s.caFile != "" {
		err = errors.Join(err, os.Remove(s.caFile))
	}
	return err
}
