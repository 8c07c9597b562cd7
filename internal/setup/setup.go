// Package setup implements the commands check and provision. Look asks the outside
// services that a pool depends on, and returns a Sight. Check turns a Sight into
// findings. PlanSetup and PlanRemoval turn it into steps, which Run carries out.
package setup

import (
	"context"
	"net/netip"
	"time"

	"divims/internal/pool"
)

// Config holds what the pool's settings say.
type Config struct {
	// Servers are the pool's servers, by number. A server with a higher number is
	// above the pool's size.
	Servers []pool.Server
	// HostnameTemplate and DomainTemplate name the servers, also those above the size.
	HostnameTemplate, DomainTemplate string
	// Tag is the pool's tag at Scaleway.
	Tag string
	// Zones and Types are availability zones and commercial types, preferred ones first.
	Zones, Types []string
	// BBBSecret is the secret of new entries. Without it none can be registered.
	BBBSecret pool.Secret

	// AddressZone is the availability zone in which addresses are reserved.
	AddressZone string
	// Families are the IP versions for which each server has an address.
	Families []pool.Family
	// MachineName returns the name that has a server's addresses if the domain is
	// its alias (CNAME). It is nil if the domain itself has the addresses.
	MachineName func(hostname string) string
	// WritesDNS is set if there is a zone to write records into. Otherwise the
	// operator writes them.
	WritesDNS bool

	// RegistersEntries is set if evaluations register missing entries.
	RegistersEntries bool
	// HasRecordings, HasStats and HasCalendar say what the pool uses.
	HasRecordings, HasStats, HasCalendar bool
	// FollowsCalendar is set if schedule is among the policies.
	FollowsCalendar bool
	// A certificate that ends within CertificateWarning is a warning, within
	// CertificateAlert an error.
	CertificateWarning, CertificateAlert time.Duration
	// Interval is the time between two evaluations. Each creates at most MaxCreations
	// machines.
	Interval     time.Duration
	MaxCreations int
	// Minimum is the number of servers that are always enabled.
	Minimum int
	// ScalelitePoll is Scalelite's POLL_INTERVAL.
	ScalelitePoll time.Duration

	// CallTimeout is the deadline of each outside call.
	CallTimeout time.Duration
	// AnswerTimeout is how long the domain of a server above the size is asked whether a
	// BBB answers there. It must be shorter than CallTimeout.
	AnswerTimeout time.Duration
	// LookParallel is how many servers are looked at in parallel.
	LookParallel int
}

// Services are the outside services of a pool.
type Services struct {
	Hoster       Hoster
	LoadBalancer LoadBalancer
	BBB          BBB
	Storage      Storage
	Names        Names
	// Zone is nil if the operator writes the DNS records.
	Zone Zone
	// Stats is nil without stats endpoints, Calendar without a calendar.
	Stats    pool.StatsService
	Calendar pool.CalendarService
	// UserData returns the cloud-init document of a server's next machine.
	UserData func(ctx context.Context, server pool.Server) ([]byte, error)
	// Clocks return how far the clocks of outside services, by name, are ahead of ours; nil
	// for a service whose answers have no date, as those of puma, Scalelite's web server.
	Clocks map[string]func(ctx context.Context) (*time.Duration, error)
	// Health returns Scalelite's answer to a health check.
	Health func(ctx context.Context) (string, error)
}

// Hoster is Scaleway.
type Hoster interface {
	// Machines returns the pool's machines in its zones and in others, Addresses all
	// addresses of the project. A list is complete, or there is an error.
	Machines(ctx context.Context, others []string) ([]pool.Machine, error)
	Addresses(ctx context.Context) ([]pool.Address, error)
	// Leftovers returns the volumes that are marked as left by a deleted machine.
	Leftovers(ctx context.Context, others []string) ([]pool.Volume, error)
	// ImageIn returns the newest image of the pool in an availability zone.
	ImageIn(ctx context.Context, zone string) (pool.Image, error)
	// Equipment returns what the settings give new machines in an availability zone. The
	// error names each setting with which none can be created there.
	Equipment(ctx context.Context, zone string) ([]string, error)
	// Lacking returns what the settings give new machines and these do not have, by ID.
	Lacking(ctx context.Context, machines []pool.Machine) (map[string][]string, error)
	// Offers returns Scaleway's word for the stock of each commercial type in a zone.
	Offers(ctx context.Context, zone string) (map[string]string, error)
	// Types returns what Scaleway says about each commercial type in a zone.
	Types(ctx context.Context, zone string) (map[string]pool.MachineType, error)
	// Quotas returns how many machines of each type the organization may have. A
	// type without a limit is missing.
	Quotas(ctx context.Context, types []string, zone string) (map[string]int, error)
	// Reserve reserves an address and tags it for the server.
	Reserve(ctx context.Context, server pool.Server, zone string, family pool.Family) (pool.Address, error)
	// Keep tags an address for the server. It may have these tags already.
	Keep(ctx context.Context, address pool.Address, server pool.Server) error
	// SetReverse sets an address's reverse name, or removes it if the name is empty.
	// The error wraps pool.ErrUnresolved while the name does not resolve to the address.
	SetReverse(ctx context.Context, address pool.Address, name string) error
	// Release gives a reserved address back.
	Release(ctx context.Context, address pool.Address) error
}

// LoadBalancer is Scalelite.
type LoadBalancer interface {
	Entries(ctx context.Context) ([]pool.Entry, error)
	Register(ctx context.Context, url string, secret pool.Secret) (pool.Entry, error)
	SetState(ctx context.Context, entryID string, state pool.EntryState) error
	Unregister(ctx context.Context, entryID string) error
}

// BBB is the BBB API of any server.
type BBB interface {
	Meetings(ctx context.Context, at pool.Endpoint) (pool.Conference, error)
	// Version needs no secret. It succeeds if a BBB answers at all.
	Version(ctx context.Context, at pool.Endpoint) (string, error)
}

// Storage is the pool's bucket.
type Storage interface {
	// Try makes conditional writes to an object of its own, and deletes it.
	Try(ctx context.Context) error
	State(ctx context.Context) (pool.State, error)
}

// Names are the name servers.
type Names interface {
	// Resolve returns the addresses of a domain, an empty list if it has none.
	Resolve(ctx context.Context, domain string) ([]netip.Addr, error)
}

// Zone is a DNS zone. Writing a record that exists, or deleting one that does not,
// is no error.
type Zone interface {
	Records(ctx context.Context, names []string) ([]pool.DNSRecord, error)
	Write(ctx context.Context, record pool.DNSRecord) error
	Delete(ctx context.Context, record pool.DNSRecord) error
}
