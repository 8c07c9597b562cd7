package setup

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"divims/internal/pool"
)

// Sight is what a look saw of a pool. Parts that were not asked for are unknown.
type Sight struct {
	// At is the pool's time of the look.
	At time.Time

	Entries  pool.Reading[[]pool.Entry]
	Machines pool.Reading[[]pool.Machine]
	// Addresses are all addresses of the project, not only the pool's.
	Addresses pool.Reading[[]pool.Address]
	// Records are the DNS records of the names that were asked for.
	Records pool.Reading[[]pool.DNSRecord]
	// Resolved holds, by domain, the addresses that name servers return. The list is
	// empty if the domain has no address.
	Resolved map[string]pool.Reading[[]netip.Addr]
	// Versions holds, by domain, the BBB versions of servers above the pool's size. A
	// version is known if BBB answers there.
	Versions map[string]pool.Reading[string]
	// Servers are the pool's servers with their entries and machines.
	Servers []ServerSight

	// Health is Scalelite's answer to a health check.
	Health    pool.Reading[string]
	Leftovers pool.Reading[[]pool.Volume]
	// Images holds the newest image by availability zone. Offers holds the stock by
	// availability zone and commercial type, Types what the zone's commercial types have.
	// Quotas holds, by commercial type, how many machines are allowed.
	Images map[string]pool.Reading[pool.Image]
	Offers map[string]pool.Reading[map[string]string]
	Types  map[string]pool.Reading[map[string]pool.MachineType]
	// Equipment is what the settings give new machines, by availability zone. Lacking is
	// what the pool's machines lack of it, by ID.
	Equipment map[string]pool.Reading[[]string]
	Lacking   pool.Reading[map[string][]string]
	Quotas    pool.Reading[map[string]int]
	// TagsWritten is known if an address's tags could be written. It is nil if the
	// pool has no address to try it with.
	TagsWritten *pool.Reading[bool]
	// ConditionalWrites is known if the bucket accepts conditional writes, and refuses
	// those whose condition does not hold.
	ConditionalWrites pool.Reading[bool]
	State             pool.Reading[pool.State]
	Calendar          pool.Reading[pool.Calendar]
	// UserData is the length of a new machine's cloud-init document, in bytes.
	UserData pool.Reading[int]
	// Clocks are how far the clocks of outside services, by name, are ahead of ours; nil if
	// the service does not say.
	Clocks map[string]pool.Reading[*time.Duration]
}

// ServerSight is what was seen of one server. Its BBB and its stats are asked only
// while its machine runs.
type ServerSight struct {
	pool.ServerObservation
	Asked bool
	// Took is how long its BBB took to answer.
	Took time.Duration
	// StatsError says which stats endpoints failed. The figures of the other endpoints
	// are known.
	StatsError error
}

// lists are the lists that a plan is made from.
type lists struct {
	entries   []pool.Entry
	machines  []pool.Machine
	addresses []pool.Address
	records   []pool.DNSRecord // empty if provision writes no records
}

// complete returns the lists, or an error if one of them is unknown.
func (s Sight) complete(writesDNS bool) (lists, error) {
	var l lists
	var err error
	l.entries, err = known(s.Entries, "list the entries of Scalelite", err)
	l.machines, err = known(s.Machines, "list the machines", err)
	l.addresses, err = known(s.Addresses, "list the addresses", err)
	if writesDNS {
		l.records, err = known(s.Records, "read the DNS zone", err)
	}
	return l, err
}

// known returns a reading's value. If it is unknown, the reason is joined to err.
func known[T any](reading pool.Reading[T], what string, err error) (T, error) {
	value, ok := reading.Get()
	if !ok {
		err = errors.Join(err, fmt.Errorf("%s: %s", what, reading.Reason()))
	}
	return value, err
}
