package scalewayapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"divims/internal/pool"
)

// bareMetalServer is an Elastic Metal server. Its fields are taken from Scaleway's SDK,
// because no traffic of Elastic Metal was recorded.
type bareMetalServer struct {
	ID             string             `json:"id"`
	OrganizationID string             `json:"organization_id"`
	ProjectID      string             `json:"project_id"`
	Name           string             `json:"name"`
	Description    string             `json:"description"`
	UpdatedAt      blockTime          `json:"updated_at"`
	CreatedAt      blockTime          `json:"created_at"`
	Status         string             `json:"status"`
	OfferID        string             `json:"offer_id"`
	OfferName      string             `json:"offer_name"`
	Tags           []string           `json:"tags"`
	IPs            []bareMetalAddress `json:"ips"`
	Domain         string             `json:"domain"`
	BootType       string             `json:"boot_type"`
	Zone           string             `json:"zone"`
	Install        *string            `json:"install"`
	PingStatus     string             `json:"ping_status"`
	Options        []string           `json:"options"`
	RescueServer   *string            `json:"rescue_server"`
	Protected      bool               `json:"protected"`
	UserData       *string            `json:"user_data"`
}

type bareMetalAddress struct {
	ID                   string     `json:"id"`
	Address              netip.Addr `json:"address"`
	Reverse              string     `json:"reverse"`
	Version              string     `json:"version"`
	ReverseStatus        string     `json:"reverse_status"`
	ReverseStatusMessage string     `json:"reverse_status_message"`
}

// bareMetalStatuses are Elastic Metal's names for the states of a machine.
var bareMetalStatuses = map[pool.MachineState]string{
	pool.Running: "ready", pool.Starting: "starting", pool.Stopping: "stopping",
	pool.Stopped: "stopped", pool.StoppedInPlace: "stopped",
}

// bareMetalStatus returns the name of a state. One that an event of the world reports may
// have no other name.
func bareMetalStatus(state pool.MachineState) string {
	if status, known := bareMetalStatuses[state]; known {
		return status
	}
	return string(state)
}

func (a *api) newBareMetalServer(machine pool.Machine) bareMetalServer {
	view := bareMetalServer{
		ID: machine.ID, Name: machine.Name, Zone: machine.Zone, OrganizationID: a.Project, ProjectID: a.Project,
		CreatedAt: blockTime(machine.Created), UpdatedAt: blockTime(machine.Since),
		Status: bareMetalStatus(a.World.ReportedState(machine)), PingStatus: "ping_status_down", BootType: "normal",
		OfferID: derivedID("offer", machine.Type), OfferName: machine.Type, Tags: notNil(machine.Tags),
		IPs: []bareMetalAddress{{
			ID: derivedID("address", machine.ID), Address: derivedIP(machine.ID), Version: "IPv4", ReverseStatus: "active",
		}}, Domain: machine.ID + ".fr-par-2.baremetal.scw.cloud", Options: []string{},
	}
	if machine.State == pool.Running {
		view.PingStatus = "ping_status_up"
	}
	return view
}

// bareMetalMachines returns the bare metal machines in the zone.
func (a *api) bareMetalMachines(zone string) []pool.Machine {
	return slices.DeleteFunc(a.World.Machines(), func(m pool.Machine) bool { return !m.BareMetal || m.Zone != zone })
}

// bareMetalMachine returns the bare metal machine that a call is about.
func (a *api) bareMetalMachine(r *http.Request) (pool.Machine, error) {
	id := r.PathValue("id")
	for _, machine := range a.bareMetalMachines(r.PathValue("zone")) {
		if machine.ID == id {
			return machine, nil
		}
	}
	return pool.Machine{}, notFound("server", id)
}

func (a *api) listBareMetalServers(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	hosts := []bareMetalServer{}
	for _, machine := range a.bareMetalMachines(r.PathValue("zone")) {
		view := a.newBareMetalServer(machine)
		if hasAll(view.Tags, query["tags"]) && matchesAny(view.Status, query["status"]) &&
			strings.Contains(view.Name, query.Get("name")) {
			hosts = append(hosts, view)
		}
	}
	return listWithTotal(r, "servers", hosts)
}

func (a *api) getBareMetalServer(r *http.Request, _ []byte) (response, error) {
	machine, err := a.bareMetalMachine(r)
	if err != nil {
		return response{}, err
	}
	return ok(a.newBareMetalServer(machine))
}

func (a *api) startBareMetalServer(r *http.Request, _ []byte) (response, error) {
	return a.actOnBareMetalServer(r, pool.Stopped, a.World.PowerOn)
}

func (a *api) rebootBareMetalServer(r *http.Request, _ []byte) (response, error) {
	return a.actOnBareMetalServer(r, pool.Running, a.World.Reboot)
}

// actOnBareMetalServer performs an action if the server is in the state from.
func (a *api) actOnBareMetalServer(r *http.Request, from pool.MachineState, perform func(id string) error) (response, error) {
	machine, err := a.bareMetalMachine(r)
	if err != nil {
		return response{}, err
	}
	if machine.State != from {
		return response{}, transientState("server", machine.ID, bareMetalStatuses[machine.State])
	}
	if err := perform(machine.ID); err != nil {
		return response{}, err
	}
	return a.getBareMetalServer(r, nil)
}
