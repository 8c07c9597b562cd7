package scalewayapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"divims/internal/pool"
)

// host is an Elastic Metal server. No traffic of Elastic Metal was recorded; the
// fields are those of Scaleway's SDK.
type host struct {
	ID             string        `json:"id"`
	OrganizationID string        `json:"organization_id"`
	ProjectID      string        `json:"project_id"`
	Name           string        `json:"name"`
	Description    string        `json:"description"`
	UpdatedAt      blockTime     `json:"updated_at"`
	CreatedAt      blockTime     `json:"created_at"`
	Status         string        `json:"status"`
	OfferID        string        `json:"offer_id"`
	OfferName      string        `json:"offer_name"`
	Tags           []string      `json:"tags"`
	IPs            []hostAddress `json:"ips"`
	Domain         string        `json:"domain"`
	BootType       string        `json:"boot_type"`
	Zone           string        `json:"zone"`
	Install        *string       `json:"install"`
	PingStatus     string        `json:"ping_status"`
	Options        []string      `json:"options"`
	RescueServer   *string       `json:"rescue_server"`
	Protected      bool          `json:"protected"`
	UserData       *string       `json:"user_data"`
}

type hostAddress struct {
	ID                   string     `json:"id"`
	Address              netip.Addr `json:"address"`
	Reverse              string     `json:"reverse"`
	Version              string     `json:"version"`
	ReverseStatus        string     `json:"reverse_status"`
	ReverseStatusMessage string     `json:"reverse_status_message"`
}

// hostStatuses are Elastic Metal's words for the states of a machine.
var hostStatuses = map[pool.MachineState]string{
	pool.Running: "ready", pool.Starting: "starting", pool.Stopping: "stopping",
	pool.Stopped: "stopped", pool.StoppedInPlace: "stopped",
}

func (a *api) newHost(machine pool.Machine) host {
	view := host{
		ID: machine.ID, Name: machine.Name, Zone: machine.Zone, OrganizationID: a.Project, ProjectID: a.Project,
		CreatedAt: blockTime(machine.Created), UpdatedAt: blockTime(machine.Since),
		Status: hostStatuses[machine.State], PingStatus: "ping_status_down", BootType: "normal",
		OfferID: derivedID("offer", machine.Type), OfferName: machine.Type, Tags: notNil(machine.Tags),
		IPs: []hostAddress{{
			ID: derivedID("address", machine.ID), Address: derivedIP(machine.ID), Version: "IPv4", ReverseStatus: "active",
		}}, Domain: machine.ID + ".fr-par-2.baremetal.scw.cloud", Options: []string{},
	}
	if machine.State == pool.Running {
		view.PingStatus = "ping_status_up"
	}
	return view
}

// hosts are the bare metal machines in the zone.
func (a *api) hosts(zone string) []pool.Machine {
	return slices.DeleteFunc(a.World.Machines(), func(m pool.Machine) bool { return !m.BareMetal || m.Zone != zone })
}

// host finds the bare metal machine that a call is about.
func (a *api) host(r *http.Request) (pool.Machine, error) {
	id := r.PathValue("id")
	for _, machine := range a.hosts(r.PathValue("zone")) {
		if machine.ID == id {
			return machine, nil
		}
	}
	return pool.Machine{}, notFound("server", id)
}

func (a *api) listHosts(r *http.Request, _ []byte) (answer, error) {
	query := r.URL.Query()
	hosts := []host{}
	for _, machine := range a.hosts(r.PathValue("zone")) {
		view := a.newHost(machine)
		if hasAll(view.Tags, query["tags"]) && isOneOf(view.Status, query["status"]) &&
			strings.Contains(view.Name, query.Get("name")) {
			hosts = append(hosts, view)
		}
	}
	return countedList(r, "servers", hosts)
}

func (a *api) getHost(r *http.Request, _ []byte) (answer, error) {
	machine, err := a.host(r)
	if err != nil {
		return answer{}, err
	}
	return ok(a.newHost(machine))
}

func (a *api) startHost(r *http.Request, _ []byte) (answer, error) {
	return a.actOnHost(r, pool.Stopped, a.World.PowerOn)
}

func (a *api) rebootHost(r *http.Request, _ []byte) (answer, error) {
	return a.actOnHost(r, pool.Running, a.World.Reboot)
}

// actOnHost has the world do it, if the host is in the one state that allows it.
func (a *api) actOnHost(r *http.Request, from pool.MachineState, perform func(id string) error) (answer, error) {
	machine, err := a.host(r)
	if err != nil {
		return answer{}, err
	}
	if machine.State != from {
		return answer{}, transientState("server", machine.ID, hostStatuses[machine.State])
	}
	if err := perform(machine.ID); err != nil {
		return answer{}, err
	}
	return a.getHost(r, nil)
}
