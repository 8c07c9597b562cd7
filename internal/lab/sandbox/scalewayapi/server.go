package scalewayapi

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"divims/internal/lab/world"
	"divims/internal/pool"
)

// server is an Instance. The fields and their order are as recorded.
type server struct {
	ID                string               `json:"id"`
	Name              string               `json:"name"`
	Arch              string               `json:"arch"`
	CommercialType    string               `json:"commercial_type"`
	BootType          string               `json:"boot_type"`
	Organization      string               `json:"organization"`
	Project           string               `json:"project"`
	Hostname          string               `json:"hostname"`
	Image             *image               `json:"image"`
	Volumes           map[string]any       `json:"volumes"`
	Tags              []string             `json:"tags"`
	State             pool.MachineState    `json:"state"`
	Protected         bool                 `json:"protected"`
	StateDetail       string               `json:"state_detail"`
	PublicIP          *serverAddress       `json:"public_ip"`
	PublicIPs         []serverAddress      `json:"public_ips"`
	MACAddress        string               `json:"mac_address"`
	RoutedIPEnabled   bool                 `json:"routed_ip_enabled"`
	IPv6              *string              `json:"ipv6"`
	ExtraNetworks     []string             `json:"extra_networks"`
	DynamicIPRequired bool                 `json:"dynamic_ip_required"`
	EnableIPv6        bool                 `json:"enable_ipv6"`
	PrivateIP         *string              `json:"private_ip"`
	CreationDate      instanceTime         `json:"creation_date"`
	ModificationDate  instanceTime         `json:"modification_date"`
	Bootscript        *string              `json:"bootscript"`
	SecurityGroup     resourceName         `json:"security_group"`
	Location          *location            `json:"location"`
	Maintenances      []plannedMaintenance `json:"maintenances"`
	AllowedActions    []string             `json:"allowed_actions"`
	PlacementGroup    *resourceName        `json:"placement_group"`
	PrivateNICs       []privateNIC         `json:"private_nics"`
	Zone              string               `json:"zone"`
	Filesystems       []string             `json:"filesystems"`
	EndOfService      bool                 `json:"end_of_service"`
	DNS               string               `json:"dns"`
}

// listedServer is a server in a list, which has one more field.
type listedServer struct {
	server
	AdminPasswordKey *string `json:"admin_password_encryption_ssh_key_id"`
}

// serverAddress is an address in a server's response.
type serverAddress struct {
	ID               string     `json:"id"`
	Address          netip.Addr `json:"address"`
	Dynamic          bool       `json:"dynamic"`
	Gateway          string     `json:"gateway"`
	Netmask          string     `json:"netmask"`
	Family           string     `json:"family"`
	ProvisioningMode string     `json:"provisioning_mode"`
	Tags             []string   `json:"tags"`
	State            string     `json:"state"`
	IPAMID           string     `json:"ipam_id"`
}

type resourceName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type location struct {
	ZoneID       string `json:"zone_id"`
	PlatformID   string `json:"platform_id"`
	ClusterID    string `json:"cluster_id"`
	HypervisorID string `json:"hypervisor_id"`
	NodeID       string `json:"node_id"`
}

type plannedMaintenance struct {
	Reason    string       `json:"reason"`
	StartDate instanceTime `json:"start_date"`
}

// instanceTime is a time in the format of Instances: 2025-11-04T10:12:13.706596+00:00.
type instanceTime time.Time

// MarshalJSON writes the time in UTC.
func (t instanceTime) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(time.Time(t).UTC().Format("2006-01-02T15:04:05.000000-07:00"))), nil
}

func (a *api) serverOf(machine pool.Machine) server {
	addresses := a.addressesOf(machine)
	s := server{
		ID: machine.ID, Name: machine.Name, Hostname: machine.Name, Zone: machine.Zone,
		Arch: "x86_64", BootType: "local", CommercialType: machine.Type,
		Organization: a.Project, Project: a.Project,
		Image: a.imageOf(machine), Volumes: a.volumesOf(machine), Tags: notNil(machine.Tags),
		State: a.World.ReportedState(machine), StateDetail: machine.Detail, AllowedActions: allowedActions[machine.State],
		PublicIPs: addresses, MACAddress: macAddress(machine.ID), RoutedIPEnabled: true,
		DynamicIPRequired: a.metadata.machines[machine.ID].dynamicAddress,
		CreationDate:      instanceTime(machine.Created), ModificationDate: instanceTime(machine.Since),
		SecurityGroup: a.securityGroupOf(machine), PlacementGroup: a.placementGroupOf(machine),
		Location: locationOf(machine), Maintenances: []plannedMaintenance{},
		ExtraNetworks: []string{}, PrivateNICs: a.nicsOf(machine), Filesystems: []string{},
		DNS: machine.ID + ".pub.instances.scw.cloud",
	}
	if len(addresses) > 0 {
		s.PublicIP = &addresses[0]
	}
	for _, m := range machine.Maintenances {
		s.Maintenances = append(s.Maintenances, plannedMaintenance{m.Reason, instanceTime(m.Start)})
	}
	return s
}

// placementGroupOf returns the machine's placement group, or nil.
func (a *api) placementGroupOf(machine pool.Machine) *resourceName {
	if id := a.metadata.machines[machine.ID].placementGroup; id != "" {
		return &resourceName{id, "placement group"}
	}
	return nil
}

// locationOf returns the machine's hypervisor, or nil if it has none.
func locationOf(machine pool.Machine) *location {
	if machine.State == pool.Stopped || machine.State == pool.Starting {
		return nil
	}
	return &location{ZoneID: machine.Zone, PlatformID: "14", ClusterID: "32", HypervisorID: "101", NodeID: "17"}
}

// addressesOf returns the addresses of a machine. One with dynamicAddress that holds
// no reserved address has a dynamic one while it runs or stops.
func (a *api) addressesOf(machine pool.Machine) []serverAddress {
	held := []serverAddress{}
	for _, address := range a.metadata.allAddresses(a.World) {
		if address.MachineID == machine.ID {
			held = append(held, newServerAddress(address, machine.ID, false))
		}
	}
	on := machine.State == pool.Running || machine.State == pool.Stopping
	if len(held) == 0 && on && a.metadata.machines[machine.ID].dynamicAddress {
		dynamic := pool.Address{ID: derivedID("dynamic address", machine.ID), IP: derivedIP(machine.ID)}
		held = append(held, newServerAddress(dynamic, machine.ID, true))
	}
	return held
}

func newServerAddress(address pool.Address, machineID string, dynamic bool) serverAddress {
	if address.Family() == pool.IPv6 {
		return serverAddress{
			ID: address.ID, Address: world.SLAAC(address.IP, machineID), Gateway: "fe80::1", Netmask: strconv.Itoa(networkBits),
			Family: "inet6", ProvisioningMode: "slaac", Tags: notNil(address.Tags), State: "attached", IPAMID: address.ID,
		}
	}
	return serverAddress{
		ID: address.ID, Address: address.IP, Dynamic: dynamic, Gateway: "62.210.0.1", Netmask: "32",
		Family: "inet", ProvisioningMode: "dhcp", Tags: notNil(address.Tags), State: "attached",
		IPAMID: address.ID,
	}
}

// instances returns the machines in the zone that are not bare metal.
func (a *api) instances(zone string) []pool.Machine {
	return slices.DeleteFunc(a.World.Machines(), func(m pool.Machine) bool { return m.BareMetal || m.Zone != zone })
}

// instance returns the machine that a call is about.
func (a *api) instance(r *http.Request) (pool.Machine, error) {
	return a.instanceByID(r.PathValue("zone"), r.PathValue("id"))
}

func (a *api) instanceByID(zone, id string) (pool.Machine, error) {
	for _, machine := range a.instances(zone) {
		if machine.ID == id {
			return machine, nil
		}
	}
	return pool.Machine{}, notFound("instance_server", id)
}

func (a *api) listServers(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	machines := slices.DeleteFunc(a.instances(r.PathValue("zone")), func(m pool.Machine) bool {
		// Names match by substring. All wanted tags must be there.
		return !strings.Contains(m.Name, query.Get("name")) ||
			!hasAll(m.Tags, commaSeparated(query.Get("tags"))) ||
			!matchesAny(m.ID, commaSeparated(query.Get("servers"))) ||
			!matchesFilter(string(a.World.ReportedState(m)), query.Get("state")) ||
			!matchesFilter(m.Type, query.Get("commercial_type"))
	})
	if err := orderServers(machines, query.Get("order")); err != nil {
		return response{}, err
	}
	return listConverted(r, "servers", machines, func(m pool.Machine) listedServer { return listedServer{server: a.serverOf(m)} })
}

// orderServers sorts machines as the query requests. By default, the newest is first.
func orderServers(machines []pool.Machine, by string) error {
	byTime := map[string]func(a, b pool.Machine) int{
		"":                       func(a, b pool.Machine) int { return b.Created.Compare(a.Created) },
		"creation_date_desc":     func(a, b pool.Machine) int { return b.Created.Compare(a.Created) },
		"creation_date_asc":      func(a, b pool.Machine) int { return a.Created.Compare(b.Created) },
		"modification_date_desc": func(a, b pool.Machine) int { return b.Since.Compare(a.Since) },
		"modification_date_asc":  func(a, b pool.Machine) int { return a.Since.Compare(b.Since) },
	}[by]
	if byTime == nil {
		return invalidArguments(argument{"order", "constraint", "unknown order"})
	}
	slices.SortStableFunc(machines, byTime)
	return nil
}

func (a *api) getServer(r *http.Request, _ []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"server": a.serverOf(machine)})
}

// serverUpdate has the supported fields of UpdateServer's request. A missing field changes
// nothing; null unsets the placement group.
type serverUpdate struct {
	Name           *string         `json:"name"`
	Tags           *[]string       `json:"tags"`
	SecurityGroup  *resourceName   `json:"security_group"`
	PlacementGroup json.RawMessage `json:"placement_group"`
}

// updateServer changes a server. Its modification date moves unless nothing changes.
func (a *api) updateServer(r *http.Request, body []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	update, err := decodeStrictly[serverUpdate](body)
	if err != nil {
		return response{}, err
	}
	if update.Name != nil {
		err = a.World.RenameMachine(machine.ID, *update.Name)
	}
	if err == nil && update.Tags != nil {
		err = a.World.RetagMachine(machine.ID, *update.Tags)
	}
	if err == nil {
		err = a.setGroups(machine, update)
	}
	if err != nil {
		return response{}, err
	}
	return a.getServer(r, nil)
}

// setGroups moves a machine to other groups.
func (a *api) setGroups(machine pool.Machine, update serverUpdate) error {
	note := a.metadata.machines[machine.ID]
	security, placement := note.securityGroup, note.placementGroup
	if update.SecurityGroup != nil && update.SecurityGroup.ID != a.securityGroupOf(machine).ID {
		if err := a.checkGroup(machine.Zone, update.SecurityGroup.ID); err != nil {
			return err
		}
		security = update.SecurityGroup.ID
	}
	group, change, err := decodeNullable("placement_group", update.PlacementGroup)
	if err != nil {
		return err
	}
	if change {
		placement = group
	}
	if security == note.securityGroup && placement == note.placementGroup {
		return nil
	}
	note.securityGroup, note.placementGroup = security, placement
	return a.World.TouchMachine(machine.ID)
}

// deleteServer deletes a stopped server and leaves all its volumes. A running server
// must be terminated instead.
func (a *api) deleteServer(r *http.Request, _ []byte) (response, error) {
	machine, err := a.instance(r)
	if err != nil {
		return response{}, err
	}
	if machine.State != pool.Stopped {
		return response{}, preconditionFailed(http.StatusBadRequest, "resource_still_in_use", "server should be stopped")
	}
	if err := a.World.Delete(machine.ID); err != nil {
		return response{}, actionError(machine, err)
	}
	return noContent()
}
