package pool

import (
	"fmt"
	"net/netip"
	"strings"
)

// Contradictions compares what answered at the servers' domains with their machines, and
// returns, by the index in servers, why another machine than the server's must have
// answered. from has the address that answered for each server; invalid if unknown. It is
// a contradiction if
//
//   - the stats have the id of another machine than the server's,
//   - the stats have the host name of another server of the pool, unless the id is right,
//   - the address that answered is the address of another listed machine.
//
// What is missing contradicts nothing: no id, no host name, an address of no machine. Nor
// does a host name that several machines give, as clones of an image do that has a fixed
// host name.
func Contradictions(servers []ServerObservation, from []netip.Addr, machines []Machine) map[int]string {
	e := evidence{servers: map[string]Server{}, addresses: map[netip.Addr][]*Machine{}, named: map[string]map[string]bool{}}
	e.read(servers, from, machines)
	found := map[int]string{}
	for i, s := range servers {
		if machine, _ := s.Machine.Get(); machine != nil {
			if why := e.against(s, *machine, from[i]); why != "" {
				found[i] = s.Server.Domain + " leads to another machine than " + s.Server.Hostname + ": " + why
			}
		}
	}
	return found
}

// evidence is what identifies the machines of a pool.
type evidence struct {
	// servers has the servers by their host names and domains.
	servers map[string]Server
	// addresses has the machines by their addresses.
	addresses map[netip.Addr][]*Machine
	// named has, for each host name in the stats, the machines that gave it.
	named map[string]map[string]bool
}

func (e evidence) read(servers []ServerObservation, from []netip.Addr, machines []Machine) {
	for i := range machines {
		for _, address := range machines[i].Addresses {
			e.addresses[address.IP] = append(e.addresses[address.IP], &machines[i])
			if address.Family() == IPv6 { // the machine has the first address of the network
				e.addresses[address.IP.Next()] = append(e.addresses[address.IP.Next()], &machines[i])
			}
		}
	}
	for i, s := range servers {
		e.servers[strings.ToLower(s.Server.Hostname)] = s.Server
		e.servers[strings.ToLower(s.Server.Domain)] = s.Server
		stats, _ := s.Stats.Get()
		if name, known := stats.Nodename.Get(); known {
			name = strings.ToLower(name)
			if e.named[name] == nil {
				e.named[name] = map[string]bool{}
			}
			e.named[name][e.giver(s, stats, from[i])] = true
		}
	}
}

// giver returns the machine that gave a host name, as far as it is known: its id, or the
// domain at which it answered.
func (e evidence) giver(s ServerObservation, stats Stats, from netip.Addr) string {
	if id, known := stats.MachineID.Get(); known {
		return id
	}
	if at := e.addresses[from]; len(at) == 1 {
		return at[0].ID
	}
	return s.Server.Domain
}

// against returns why another machine than the server's answered, or "".
func (e evidence) against(s ServerObservation, machine Machine, from netip.Addr) string {
	stats, _ := s.Stats.Get()
	id, hasID := stats.MachineID.Get()
	if hasID && !strings.EqualFold(id, machine.ID) {
		return fmt.Sprintf("its stats are those of machine %.100q, not of %s", id, machine.ID)
	}
	if at := e.addresses[from]; len(at) == 1 && at[0].ID != machine.ID {
		return fmt.Sprintf("%s answers there, the address of machine %s (%s)", from, at[0].ID, at[0].Name)
	}
	name, _ := stats.Nodename.Get()
	other, found := e.servers[strings.ToLower(name)]
	if !hasID && found && other.Number != s.Server.Number && len(e.named[strings.ToLower(name)]) == 1 {
		return fmt.Sprintf("it says that its host name is %.100q, which is server %d", name, other.Number)
	}
	return ""
}
