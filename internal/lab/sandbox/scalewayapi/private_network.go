package scalewayapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"divims/internal/pool"
)

// PrivateNetwork is a network of the project in a region.
type PrivateNetwork struct{ ID, Name, Region string }

// privateNetwork is a private network. The fields and their order are as recorded, without
// the subnets.
type privateNetwork struct {
	ID             string     `json:"id"`
	Name           string     `json:"name"`
	Tags           []string   `json:"tags"`
	OrganizationID string     `json:"organization_id"`
	CreatedAt      blockTime  `json:"created_at"`
	UpdatedAt      blockTime  `json:"updated_at"`
	ProjectID      string     `json:"project_id"`
	Subnets        []struct{} `json:"subnets"`
	VPCID          string     `json:"vpc_id"`
	DHCPEnabled    bool       `json:"dhcp_enabled"`
	Region         string     `json:"region"`
}

// networksIn returns the private networks of a region.
func (a *api) networksIn(region string) []privateNetwork {
	networks := []privateNetwork{}
	for _, n := range a.PrivateNetworks {
		if n.Region == region {
			networks = append(networks, privateNetwork{
				ID: n.ID, Name: n.Name, Tags: []string{}, OrganizationID: a.Project, ProjectID: a.Project, Subnets: []struct{}{},
				CreatedAt: blockTime(a.started), UpdatedAt: blockTime(a.started), VPCID: derivedID("VPC", region), DHCPEnabled: true, Region: region,
			})
		}
	}
	return networks
}

func (a *api) listPrivateNetworks(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	networks := slices.DeleteFunc(a.networksIn(r.PathValue("region")), func(n privateNetwork) bool {
		return !strings.Contains(n.Name, query.Get("name"))
	})
	return listWithTotal(r, "private_networks", networks)
}

func (a *api) getPrivateNetwork(r *http.Request, _ []byte) (response, error) {
	id := r.PathValue("id")
	for _, network := range a.networksIn(r.PathValue("region")) {
		if network.ID == id {
			return ok(network)
		}
	}
	return response{}, notFound("private_network", id)
}

// privateNIC is a machine's interface in a private network. The fields and their order are
// as recorded.
type privateNIC struct {
	ID               string       `json:"id"`
	PrivateNetworkID string       `json:"private_network_id"`
	ServerID         string       `json:"server_id"`
	MACAddress       string       `json:"mac_address"`
	State            string       `json:"state"`
	CreationDate     instanceTime `json:"creation_date"`
	ModificationDate instanceTime `json:"modification_date"`
	Zone             string       `json:"zone"`
	Tags             []string     `json:"tags"`
	IPAMIDs          []string     `json:"ipam_ip_ids"`
}

// nicMetadata is an interface that was created. It is gone with its machine.
type nicMetadata struct {
	network   string
	tags      []string
	created   time.Time
	available time.Time // when it can be used
}

// syncing is how long the interface of a running machine is prepared. That of a stopped
// machine is available at once. Both are as recorded.
const syncing = 32 * time.Second

// nicsOf returns a machine's interfaces, in the order of their creation.
func (a *api) nicsOf(machine pool.Machine) []privateNIC {
	nics := []privateNIC{}
	for _, note := range a.metadata.machines[machine.ID].nics {
		nic := privateNIC{
			ID: derivedID("interface in "+note.network, machine.ID), PrivateNetworkID: note.network, ServerID: machine.ID, Zone: machine.Zone,
			MACAddress: "02" + macAddress(machine.ID)[2:], State: "available", Tags: notNil(note.tags),
			CreationDate: instanceTime(note.created), ModificationDate: instanceTime(note.available),
			IPAMIDs: []string{derivedID("IPv4 address in "+note.network, machine.ID), derivedID("IPv6 address in "+note.network, machine.ID)},
		}
		if a.World.Now().Before(note.available) {
			nic.State, nic.ModificationDate = "syncing", instanceTime(note.created)
		}
		nics = append(nics, nic)
	}
	return nics
}

func (a *api) listPrivateNICs(r *http.Request, _ []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	return list(r, "private_nics", a.nicsOf(machine))
}

// createPrivateNIC connects a machine with a network in the region of its zone, at most
// once.
func (a *api) createPrivateNIC(r *http.Request, body []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	order, err := decodeStrictly[struct {
		PrivateNetworkID string   `json:"private_network_id"`
		Tags             []string `json:"tags"`
	}](body)
	if err != nil {
		return response{}, err
	}
	note := a.metadata.machines[machine.ID]
	region := machine.Zone[:strings.LastIndex(machine.Zone, "-")]
	switch {
	case order.PrivateNetworkID == "":
		return response{}, invalidArguments(missingArgument("private_network_id"))
	case !slices.ContainsFunc(a.networksIn(region), func(n privateNetwork) bool { return n.ID == order.PrivateNetworkID }):
		return response{}, notFound("private_network", order.PrivateNetworkID)
	case slices.ContainsFunc(note.nics, func(n nicMetadata) bool { return n.network == order.PrivateNetworkID }):
		return response{}, preconditionFailed(http.StatusBadRequest, "resource_already_exists", "private nic already exists")
	}
	nic := nicMetadata{order.PrivateNetworkID, order.Tags, a.World.Now(), a.World.Now()}
	if machine.State != pool.Stopped {
		nic.available = nic.created.Add(syncing)
	}
	note.nics = append(note.nics, nic)
	nics := a.nicsOf(machine)
	return created(r, nics[len(nics)-1].ID, map[string]any{"private_nic": nics[len(nics)-1]})
}
