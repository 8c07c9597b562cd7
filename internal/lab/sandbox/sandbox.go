// Package sandbox runs everything around a pool in this process: Scaleway's API, Scalelite,
// the BBB servers with their stats endpoints, object storage, DNS, a calendar and an inbox
// for notifications. It takes the configuration of a world and serves that world over HTTP
// as the real services do, on free loopback ports or in a network in memory. Environment
// returns the settings for it.
package sandbox

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"divims/internal/lab/sandbox/faults"
	"divims/internal/lab/sandbox/memnet"
	"divims/internal/lab/sandbox/scalewayapi"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// Domain is the parent of the domains of a sandbox's servers. RFC 2606 reserves .test
// for testing.
const Domain = "sandbox.test"

// HostnameTemplate and DomainTemplate name a sandbox's servers; {n} is the number.
const (
	HostnameTemplate = "bbb-w{n}"
	DomainTemplate   = HostnameTemplate + "." + Domain
)

// minFirstJoin and maxFirstJoin bound the time from the creation of a meeting until the
// first person's browser has joined it, unless the world sets its own.
const minFirstJoin, maxFirstJoin = 2 * time.Second, 8 * time.Second

// poolName is the sandbox's POOL setting.
const poolName = "sandbox"

// Config describes a sandbox.
type Config struct {
	// World is the world that the services serve. Its Servers must be those that
	// pool.Servers returns for the templates above. DiViMS uses only images whose name
	// begins with "bbb-". Tags and Secret have defaults.
	World world.Config
	// Quotas limits the number of machines of a commercial type. A type that is not
	// listed has no limit.
	Quotas map[string]int
	// Unprovisioned makes a sandbox whose servers have no IP address, no DNS name and
	// no entry yet. Only bare metal can run at its start.
	Unprovisioned bool
	// Calendar is the iCalendar document to serve; nil for none.
	Calendar []byte
	// Inbox makes a service that accepts notifications. Environment then points to it.
	Inbox bool
	// Objects are the pool's objects in object storage at the start, by name.
	Objects map[string][]byte
	// Faults are the faults in force from the start. A RacePercent other than 0
	// replaces the world's CordonRace.
	Faults faults.Plan
	// Middleware, if set, wraps the handler of each service. The name of the service is
	// scalelite, servers, scaleway, storage, clock or inbox.
	Middleware func(service string, handler http.Handler) http.Handler
	// Moving makes the world's time the time of this process. It is for InVirtualTime,
	// with a start that is the world's. The services listen in a network in memory, where
	// only Callers reach them, and each call takes drawn time.
	Moving bool
	// Drops makes packets to servers without a reachable machine get lost, so that a client
	// waits in real time. Otherwise such connections are reset. A moving world always
	// drops the packets.
	Drops bool
	// HTTP2 makes the servers' web servers offer HTTP/2 beside HTTP/1.1. Faults that
	// break connections do not work over HTTP/2.
	HTTP2 bool
}

// complete checks the servers and sets the defaults.
func (c *Config) complete() error {
	servers := pool.Servers(len(c.World.Servers), c.bareMetal(), HostnameTemplate, DomainTemplate)
	if !slices.Equal(c.World.Servers, servers) {
		return fmt.Errorf("the servers must be named %s and %s, bare metal first", HostnameTemplate, DomainTemplate)
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
	if c.World.FirstJoinMax == 0 {
		c.World.FirstJoinMin, c.World.FirstJoinMax = minFirstJoin, maxFirstJoin
	}
	if c.Faults.RacePercent != 0 {
		c.World.CordonRace = c.Faults.RacePercent / 100
	}
	return nil
}

// bareMetal returns the number of bare metal servers.
func (c *Config) bareMetal() int {
	count := 0
	for _, server := range c.World.Servers {
		if server.BareMetal {
			count++
		}
	}
	return count
}

// Sandbox is a world with the services that serve it. It is safe for concurrent use.
type Sandbox struct {
	config      Config
	credentials credentials
	locked      *lockedWorld
	callNamer   *callNamer
	faults      *faults.Injector
	services    services
	dispatcher  *dispatcher // nil in a still world
	callers     callers
	authority   *certificateAuthority
	webServer   *webServer
	storage     *objectStorage
	inbox       *inbox
	outages     outages
	answers     answers
	skew        clockSkew
	dns         *dnsServer
	hoster      *scalewayapi.API
	at          addresses
	// caFile has the certificate of the authority that signs the servers' certificates.
	caFile string
}

// addresses are the listen addresses of the services, as host:port.
type addresses struct{ scalelite, servers, scaleway, storage, clock, inbox, dns string }

// Start starts a sandbox. Unless it is moving, virtual time does not pass until AdvanceTo
// is called. The caller must Close the sandbox.
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
	locked := &lockedWorld{world: w, moving: config.Moving}
	injector, err := faults.New(config.Faults)
	if err != nil {
		return nil, fmt.Errorf("start a sandbox: %w", err)
	}
	s := &Sandbox{
		config: config, credentials: newCredentials(config.World.Seed), locked: locked, faults: injector,
		callNamer: newCallNamer(locked, config.World.Servers), services: services{connContext: injector.ConnContext}, inbox: &inbox{now: locked.now},
	}
	if config.Moving {
		s.services.network = &memnet.Network{}
		s.dispatcher = newDispatcher(config.World.Seed)
	}
	injector.TakeTurns(s.takeTurn)
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
	if s.storage, err = newStorage(s.locked, s.credentials, s.config.Objects); err != nil {
		return err
	}
	s.hoster = s.scaleway()
	if s.dns, err = startDNSServer(s.hoster, s.locked, s.services.network); err != nil {
		return err
	}
	s.webServer = newWebServer(s, s.authority)
	s.at = addresses{
		scalelite: s.serve("scalelite", s.scalelite(), nil),
		servers:   s.serve("servers", s.webServer, s.webServer.tls()),
		scaleway:  s.serve("scaleway", s.answers.watchScaleway(s.faults.Wrap(s.callNamer.scaleway, s.hoster)), nil),
		storage:   s.serve("storage", s.faults.Wrap(s.callNamer.storage, s.outages.wrap(StorageService, s.storage)), nil),
		clock:     s.serve("clock", s.clock(), nil),
		dns:       s.dns.address(),
	}
	if s.config.Inbox {
		s.at.inbox = s.serve("inbox", s.faults.Wrap(s.callNamer.notify, s.outages.wrap(NotifyService, s.inbox)), nil)
	}
	return s.services.err
}

func (s *Sandbox) serve(name string, handler http.Handler, config *tls.Config) string {
	if s.config.Middleware != nil {
		handler = s.config.Middleware(name, handler)
	}
	return s.services.serve(handler, config)
}

// writeCAFile writes the authority's certificate to a file, because a setting cannot
// have several lines. Close removes the file.
func (s *Sandbox) writeCAFile(certificate []byte) error {
	file, err := os.CreateTemp("", "divims-sandbox-*.pem")
	if err != nil {
		return fmt.Errorf("write the certificate of the authority: %w", err)
	}
	s.caFile = file.Name()
	_, err = file.Write(certificate)
	return errors.Join(err, file.Close())
}

func (s *Sandbox) scalelite() http.Handler {
	changes := &changes{locked: s.locked}
	api := newScalelite(s.locked, changes, s.credentials.scaleliteSecret)
	return s.answers.watchScalelite(changes.watch(s.faults.Wrap(s.callNamer.scalelite, api)))
}

func (s *Sandbox) scaleway() *scalewayapi.API {
	config := scalewayapi.Config{
		World:     s.locked.world,
		Lock:      s.locked,
		Project:   s.credentials.project,
		SecretKey: s.credentials.secretKey,
		Domains:   []string{Domain},
		Quotas:    s.config.Quotas,

		SecurityGroups:  []string{securityGroup},
		PrivateNetworks: []scalewayapi.PrivateNetwork{{ID: s.credentials.network, Name: "bbb", Region: region}},
	}
	if !s.config.Unprovisioned {
		config.Named = s.config.World.Servers
	}
	return scalewayapi.New(config)
}

// Faults injects faults into all services but the clock.
func (s *Sandbox) Faults() *faults.Injector { return s.faults }

// Listen listens on a free port where the services are: a loopback port or, in a moving
// world, one of the network in memory.
func (s *Sandbox) Listen() (net.Listener, error) { return s.services.listen() }

// SpoilCertificate gives a server a certificate with a fault until renew is called.
func (s *Sandbox) SpoilCertificate(server int, fault world.CertificateFault) (renew func(), err error) {
	return s.changeCertificates(func(w *world.World) (func(), error) { return w.SpoilCertificate(server, fault) })
}

// Mislead makes the domain of a server lead to the machine of another server until correct
// is called. That machine shows its own certificate.
func (s *Sandbox) Mislead(server, to int) (correct func(), err error) {
	return s.changeCertificates(func(w *world.World) (func(), error) { return w.Mislead(server, to) })
}

// changeCertificates changes the certificates that clients see, until undo is called.
func (s *Sandbox) changeCertificates(change func(*world.World) (func(), error)) (undo func(), err error) {
	var end func()
	s.With(func(w *world.World) { end, err = change(w) })
	if err != nil {
		return nil, err
	}
	s.webServer.certificatesChanged()
	return func() {
		s.With(func(*world.World) { end() })
		s.webServer.certificatesChanged()
	}, nil
}

// Now returns the virtual time, in UTC.
func (s *Sandbox) Now() time.Time { return s.locked.now() }

// Traffic returns the traffic of all services so far.
func (s *Sandbox) Traffic() Traffic { return s.services.traffic.sum() }

// AdvanceTo advances virtual time to t, with all events of the world until then. In a
// moving world it waits until then.
func (s *Sandbox) AdvanceTo(t time.Time) {
	if s.config.Moving {
		time.Sleep(time.Until(t))
	}
	s.With(func(w *world.World) { w.AdvanceTo(t) })
}

// With runs do with exclusive access to the world. The services wait meanwhile, so do
// must not call them, and must not call the Sandbox.
func (s *Sandbox) With(do func(*world.World)) { s.locked.with(do) }

// CloseIdleConnections closes connections without a request in progress. Real servers do
// so between two evaluations.
func (s *Sandbox) CloseIdleConnections() { s.services.closeIdleConnections() }

// Close stops all services and aborts calls in progress. It returns when all have ended.
func (s *Sandbox) Close() error {
	if s.dispatcher != nil {
		s.dispatcher.close()
	}
	err := s.services.close()
	if s.dns != nil {
		err = errors.Join(err, s.dns.close())
	}
	if s.caFile != "" {
		err = errors.Join(err, os.Remove(s.caFile))
	}
	return err
}
