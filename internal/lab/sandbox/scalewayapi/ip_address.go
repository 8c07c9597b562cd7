package scalewayapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"divims/internal/pool"
)

// address is a public IP address. The fields and their order are as recorded.
type address struct {
	ID           string        `json:"id"`
	Address      *netip.Addr   `json:"address"`
	Prefix       *string       `json:"prefix"`
	Reverse      *string       `json:"reverse"`
	Server       *resourceName `json:"server"`
	Organization string        `json:"organization"`
	Project      string        `json:"project"`
	Zone         string        `json:"zone"`
	Type         string        `json:"type"`
	State        string        `json:"state"`
	Tags         []string      `json:"tags"`
	IPAMID       string        `json:"ipam_id"`
}

// families are the types of addresses that can be reserved. The default is IPv4.
var families = map[string]pool.Family{"": pool.IPv4, "routed_ipv4": pool.IPv4, "routed_ipv6": pool.IPv6}

func addressType(known pool.Address) string {
	if known.Family() == pool.IPv4 {
		return "routed_ipv4"
	}
	return "routed_ipv6"
}

// networkBits is the length of the prefix of an IPv6 address.
const networkBits = 64

func (a *api) newAddress(known pool.Address) address {
	view := address{
		ID: known.ID, Zone: known.Zone, Organization: a.Project, Project: a.Project, Type: addressType(known), State: "detached", Tags: notNil(known.Tags), IPAMID: known.ID,
	}
	if known.Family() == pool.IPv4 {
		view.Address = &known.IP
	} else {
		prefix := netip.PrefixFrom(known.IP, networkBits).String()
		view.Prefix = &prefix
	}
	if known.Reverse != "" {
		view.Reverse = &known.Reverse
	}
	for _, machine := range a.World.Machines() {
		if machine.ID == known.MachineID {
			view.Server, view.State = &resourceName{machine.ID, machine.Name}, "attached"
		}
	}
	return view
}

// addressByID returns an address of the zone, by its id or by the IP address itself.
func (a *api) addressByID(zone, id string) (pool.Address, error) {
	ip, _ := netip.ParseAddr(id)
	for _, known := range a.metadata.allAddresses(a.World) {
		if known.Zone == zone && (known.ID == id || known.IP == ip) {
			return known, nil
		}
	}
	if ip.IsValid() {
		id += "/32"
	}
	return pool.Address{}, notFound("instance_ip", id)
}

// address returns the address that a call is about.
func (a *api) address(r *http.Request) (pool.Address, error) {
	return a.addressByID(r.PathValue("zone"), r.PathValue("id"))
}

func (a *api) listAddresses(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	addresses := []address{}
	for _, known := range a.metadata.allAddresses(a.World) {
		if known.Zone == r.PathValue("zone") && hasAll(known.Tags, commaSeparated(query.Get("tags"))) &&
			strings.Contains(known.IP.String(), query.Get("name")) && matchesFilter(addressType(known), query.Get("type")) {
			addresses = append(addresses, a.newAddress(known))
		}
	}
	return list(r, "ips", addresses)
}

func (a *api) getAddress(r *http.Request, _ []byte) (response, error) {
	known, err := a.address(r)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"ip": a.newAddress(known)})
}

type addressOrder struct {
	Project      string   `json:"project"`
	Organization string   `json:"organization"`
	Tags         []string `json:"tags"`
	Server       string   `json:"server"`
	Type         string   `json:"type"`
}

func (a *api) createAddress(r *http.Request, body []byte) (response, error) {
	order, err := decodeStrictly[addressOrder](body)
	if err != nil {
		return response{}, err
	}
	if err := a.checkOwner("write", order.Project, order.Organization); err != nil {
		return response{}, err
	}
	if families[order.Type] == "" {
		return response{}, invalidArguments(argument{"type", "constraint", "must be routed_ipv4 or routed_ipv6"})
	}
	if order.Server != "" {
		if _, err := a.instanceByID(r.PathValue("zone"), order.Server); err != nil {
			return response{}, err
		}
	}
	known := a.World.Reserve(r.PathValue("zone"), families[order.Type], order.Tags)
	if order.Server != "" {
		if err := a.World.Attach(known.ID, order.Server); err != nil {
			return response{}, err
		}
		known.MachineID = order.Server
	}
	return created(r, known.ID, map[string]any{"ip": a.newAddress(known)})
}

// addressUpdate changes an address. A missing field changes nothing, null unsets it.
type addressUpdate struct {
	Reverse json.RawMessage `json:"reverse"`
	Tags    *[]string       `json:"tags"`
	Server  json.RawMessage `json:"server"`
}

func (a *api) updateAddress(r *http.Request, body []byte) (response, error) {
	known, err := a.address(r)
	if err != nil {
		return response{}, err
	}
	update, err := decodeStrictly[addressUpdate](body)
	if err != nil {
		return response{}, err
	}
	if err := a.attach(known, update.Server); err != nil {
		return response{}, err
	}
	if err := a.setReverse(known, update.Reverse); err != nil {
		return response{}, err
	}
	if update.Tags != nil {
		if err := a.World.Retag(known.ID, notNil(*update.Tags)); err != nil {
			return response{}, err
		}
	}
	return a.getAddress(r, nil)
}

// attach attaches an address to a machine, or detaches it.
func (a *api) attach(known pool.Address, server json.RawMessage) error {
	machineID, change, err := decodeNullable("server", server)
	if err != nil || !change || machineID == known.MachineID {
		return err
	}
	if machineID != "" {
		if _, err := a.instanceByID(known.Zone, machineID); err != nil {
			return err
		}
	}
	return a.World.Attach(known.ID, machineID)
}

// setReverse sets the reverse name. As recorded, the name must resolve to the address.
func (a *api) setReverse(known pool.Address, reverse json.RawMessage) error {
	name, change, err := decodeNullable("reverse", reverse)
	if err != nil || !change {
		return err
	}
	if name != "" && !a.resolves(name, known) {
		return invalidArguments(argument{"reverse", "constraint", fmt.Sprintf(
			"Your reverse must resolve. Ensure the command 'dig +short %s' matches your IP address '%s'. If it does, please contact our support.",
			name, known.IP)})
	}
	a.metadata.ofAddress(known.ID).reverse = &name
	return nil
}

// decodeNullable decodes a string that may be missing (no change) or null ("").
func decodeNullable(name string, raw json.RawMessage) (value string, change bool, err error) {
	if len(raw) == 0 {
		return "", false, nil
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", false, invalidArguments(argument{name, "format", "must be a string or null"})
	}
	return value, true, nil
}

// deleteAddress releases an address, even an attached one, as recorded.
func (a *api) deleteAddress(r *http.Request, _ []byte) (response, error) {
	known, err := a.address(r)
	if err != nil {
		return response{}, err
	}
	if err := a.World.Release(known.ID); err != nil {
		return response{}, err
	}
	return noContent()
}
