package scaleway

import (
	"context"
	"fmt"

	"github.com/scaleway/scaleway-sdk-go/api/baremetal/v1"
	"github.com/scaleway/scaleway-sdk-go/scw"

	"divims/internal/pool"
)

// hostStates maps Elastic Metal statuses to the states of an Instance. Any other status
// becomes an unknown state, so that the host is left alone.
var hostStates = map[baremetal.ServerStatus]pool.MachineState{
	baremetal.ServerStatusReady:    pool.Running,
	baremetal.ServerStatusStarting: pool.Starting,
	baremetal.ServerStatusStopping: pool.Stopping,
	baremetal.ServerStatusStopped:  pool.Stopped,
	baremetal.ServerStatusLocked:   pool.Locked,
}

func (c *Client) hostsIn(ctx context.Context, zone scw.Zone) ([]pool.Machine, error) {
	request := baremetal.ListServersRequest{Zone: zone, ProjectID: &c.project, PageSize: size()}
	found, err := readAll(
		func(host *baremetal.Server) string { return host.ID },
		func(page *int32) ([]*baremetal.Server, uint64, error) {
			request.Page = page
			answer, err := c.metal.ListServers(&request, scw.WithContext(ctx))
			if err != nil {
				return nil, 0, err
			}
			return answer.Servers, uint64(answer.TotalCount), nil
		})
	if err != nil {
		return nil, explain(err, "list the Elastic Metal hosts in %s", zone)
	}
	var machines []pool.Machine
	for _, host := range found {
		if !c.ownsHost(host) {
			continue
		}
		machine, err := fromHost(zone, host)
		if err != nil {
			return nil, explain(err, "list the Elastic Metal hosts in %s", zone)
		}
		machines = append(machines, machine)
	}
	return machines, nil
}

// ownsHost reports whether a host belongs to the pool: by project and host name. The
// operator rents and names the hosts, so no tag is required.
func (c *Client) ownsHost(host *baremetal.Server) bool {
	return host.ProjectID == c.project && c.metalOnly[host.Name]
}

// ownHost reads a host again right before it is changed. It fails if the host does not
// belong to the pool.
func (c *Client) ownHost(ctx context.Context, machine pool.Machine) error {
	host, err := c.metal.GetServer(&baremetal.GetServerRequest{
		Zone:     scw.Zone(machine.Zone),
		ServerID: machine.ID,
	}, scw.WithContext(ctx))
	if err != nil {
		return err
	}
	if host.ID != machine.ID || !c.ownsHost(host) {
		return fmt.Errorf("%s does not belong to the pool: it is not in project %s with the name of a bare metal server", machine.ID, c.project)
	}
	return nil
}

func fromHost(zone scw.Zone, host *baremetal.Server) (pool.Machine, error) {
	if host.CreatedAt == nil || host.UpdatedAt == nil {
		return pool.Machine{}, fmt.Errorf("%s has no dates", host.ID)
	}
	state, ok := hostStates[host.Status]
	if !ok {
		state = pool.MachineState(host.Status)
	}
	machine := pool.Machine{
		ID:          host.ID,
		Zone:        string(zone),
		Name:        host.Name,
		BareMetal:   true,
		State:       state,
		Detail:      string(host.Status),
		Since:       *host.UpdatedAt,
		Created:     *host.CreatedAt,
		Type:        host.OfferName,
		Tags:        host.Tags,
		HourlyPrice: pool.Unknown[float64]("the price of Elastic Metal hosts is not looked up"),
	}
	for _, address := range host.IPs {
		if address == nil {
			continue
		}
		machine.Addresses = append(machine.Addresses, pool.Address{
			ID:        address.ID,
			Zone:      string(zone),
			IP:        toIP(address.Address),
			MachineID: host.ID,
			Reverse:   address.Reverse,
		})
	}
	return machine, nil
}

func (c *Client) startHost(ctx context.Context, machine pool.Machine) error {
	if err := c.ownHost(ctx, machine); err != nil {
		return err
	}
	_, err := c.metal.StartServer(&baremetal.StartServerRequest{
		Zone: scw.Zone(machine.Zone), ServerID: machine.ID, BootType: baremetal.ServerBootTypeNormal,
	}, scw.WithContext(ctx))
	return err
}

func (c *Client) rebootHost(ctx context.Context, machine pool.Machine) error {
	if err := c.ownHost(ctx, machine); err != nil {
		return err
	}
	_, err := c.metal.RebootServer(&baremetal.RebootServerRequest{
		Zone: scw.Zone(machine.Zone), ServerID: machine.ID, BootType: baremetal.ServerBootTypeNormal,
	}, scw.WithContext(ctx))
	return err
}
