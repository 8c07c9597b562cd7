package scaleway

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// preparingTag marks a machine from its creation until it has all that it needs before its
// first start.
const preparingTag = "divims-preparing"

// Machines lists every machine of the pool in the pool's zones and in others. If not all
// zones can be listed completely, it returns the machines of those that can, with a
// *pool.PartialError. A machine with the pool's tag is listed whatever its name, one
// without the tag only if Adopt allows it. Elastic Metal hosts are listed if they are in
// the project and have exactly the host name of a bare metal server of the pool.
func (c *Client) Machines(ctx context.Context, others []string) ([]pool.Machine, error) {
	zones := c.zonesAnd(others)
	answers, failures := make([][]pool.Machine, len(zones)), make([]error, len(zones))
	var all sync.WaitGroup
	for i, zone := range zones {
		all.Go(func() { answers[i], failures[i] = c.allMachinesIn(ctx, zone) })
	}
	all.Wait()
	unread := map[string]string{}
	for i, zone := range zones {
		if failures[i] != nil {
			answers[i], unread[string(zone)] = nil, reason(failures[i])
		}
	}
	switch len(unread) {
	case 0:
		return slices.Concat(answers...), nil
	case len(zones):
		return nil, failures[0]
	}
	return slices.Concat(answers...), &pool.PartialError{Unread: unread}
}

// allMachinesIn lists the pool's Instances and Elastic Metal hosts in a zone.
func (c *Client) allMachinesIn(ctx context.Context, zone scw.Zone) ([]pool.Machine, error) {
	machines, err := c.machinesIn(ctx, zone)
	if err != nil || len(c.metalOnly) == 0 || !slices.Contains(c.metal.Zones(), zone) {
		return machines, err
	}
	hosts, err := c.hostsIn(ctx, zone)
	if err != nil {
		return nil, err
	}
	return append(machines, hosts...), nil
}

func (c *Client) machinesIn(ctx context.Context, zone scw.Zone) ([]pool.Machine, error) {
	request := instance.ListServersRequest{Zone: zone}
	if !c.adopt {
		request.Tags = []string{c.tag}
	}
	found, err := c.list(ctx, request)
	if err != nil {
		return nil, explain(err, "list the machines in %s", zone)
	}
	var machines []pool.Machine
	for _, server := range found {
		if !c.owns(server) {
			continue
		}
		machine, err := toMachine(zone, server)
		if err != nil {
			return nil, explain(err, "list the machines in %s", zone)
		}
		machines = append(machines, machine)
	}
	c.addPrices(ctx, zone, machines)
	return machines, nil
}

// list reads all Instances of the project that match the request.
func (c *Client) list(ctx context.Context, request instance.ListServersRequest) ([]*instance.Server, error) {
	request.Project = &c.project
	request.PerPage = size()
	return readAll(
		func(server *instance.Server) string { return server.ID },
		func(page *int32) ([]*instance.Server, uint64, error) {
			request.Page = page
			answer, err := c.instances.ListServers(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Servers, uint64(answer.TotalCount), nil
		})
}

// owns reports whether an Instance belongs to the pool: it is in the pool's project and
// has the pool's tag or, with Adopt, exactly the host name of a server.
func (c *Client) owns(server *instance.Server) bool {
	return server.Project == c.project &&
		(slices.Contains(server.Tags, c.tag) || c.adopt && c.names[server.Name])
}

// ownInstance reads an Instance again right before it is changed. It fails if the Instance does
// not belong to the pool.
func (c *Client) ownInstance(ctx context.Context, machine pool.Machine) (*instance.Server, error) {
	answer, err := c.instances.GetServer(&instance.GetServerRequest{
		Zone:     scw.Zone(machine.Zone),
		ServerID: machine.ID,
	}, scw.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if answer.Server == nil || answer.Server.ID != machine.ID {
		return nil, fmt.Errorf("the answer is not about %s", machine.ID)
	}
	if !c.owns(answer.Server) {
		return nil, fmt.Errorf("%s does not belong to the pool: it is not in project %s with the tag %q", machine.ID, c.project, c.tag)
	}
	return answer.Server, nil
}

// toMachine translates an Instance. It fails without the dates, because decisions about
// a machine depend on how long it has been in its state.
func toMachine(zone scw.Zone, server *instance.Server) (pool.Machine, error) {
	if server.CreationDate == nil || server.ModificationDate == nil {
		return pool.Machine{}, fmt.Errorf("%s has no dates", server.ID)
	}
	machine := pool.Machine{
		ID:      server.ID,
		Zone:    string(zone),
		Name:    server.Name,
		State:   pool.MachineState(server.State), // the API uses the same words
		Detail:  server.StateDetail,
		Since:   *server.ModificationDate,
		Created: *server.CreationDate,
		Type:    server.CommercialType,
		Tags:    server.Tags,
	}
	if slices.Contains(server.Tags, preparingTag) {
		machine.Detail = pool.Preparing
	}
	if server.Image != nil {
		machine.ImageID = server.Image.ID
	}
	for _, address := range server.PublicIPs {
		if address == nil {
			continue
		}
		machine.Addresses = append(machine.Addresses, pool.Address{
			ID:        address.ID,
			Zone:      string(zone),
			IP:        toIP(address.Address),
			Tags:      address.Tags,
			MachineID: server.ID,
		})
	}
	addNetworks(&machine, server)
	for _, slot := range slices.Sorted(maps.Keys(server.Volumes)) {
		if volume := server.Volumes[slot]; volume != nil {
			machine.Volumes = append(machine.Volumes, toVolume(zone, volume))
		}
	}
	for _, maintenance := range server.Maintenances {
		if maintenance != nil && maintenance.StartDate != nil {
			machine.Maintenances = append(machine.Maintenances, pool.PlannedMaintenance{
				Reason: maintenance.Reason,
				Start:  *maintenance.StartDate,
			})
		}
	}
	return machine, nil
}

// addNetworks adds the security group and the private networks of an Instance.
func addNetworks(machine *pool.Machine, server *instance.Server) {
	if server.SecurityGroup != nil {
		machine.SecurityGroup = server.SecurityGroup.ID
	}
	for _, nic := range server.PrivateNics {
		if nic != nil {
			machine.Networks = append(machine.Networks, nic.PrivateNetworkID)
		}
	}
}

// toVolume translates a machine's volume.
func toVolume(zone scw.Zone, volume *instance.VolumeServer) pool.Volume {
	name := ""
	if volume.Name != nil {
		name = *volume.Name
	}
	return pool.Volume{ID: volume.ID, Zone: string(zone), Kind: kindOf(volume), Name: name, Attached: true}
}

// kindOf returns the kind of a machine's volume. An sbs_volume belongs to the Block
// Storage service, all other types to the Instances service.
func kindOf(volume *instance.VolumeServer) pool.VolumeKind {
	if volume.VolumeType == instance.VolumeServerVolumeTypeSbsVolume {
		return pool.BlockVolume
	}
	return pool.LocalVolume
}

// toIP converts an address. It returns the zero Addr if there is none.
func toIP(bytes []byte) netip.Addr {
	ip, _ := netip.AddrFromSlice(bytes)
	return ip.Unmap()
}
