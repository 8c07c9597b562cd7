package scalewayapi

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"divims/internal/pool"
)

// securityGroup is a security group. The fields and their order are as recorded.
type securityGroup struct {
	ID                    string         `json:"id"`
	CreationDate          instanceTime   `json:"creation_date"`
	ModificationDate      instanceTime   `json:"modification_date"`
	Name                  string         `json:"name"`
	Description           *string        `json:"description"`
	Organization          string         `json:"organization"`
	Project               string         `json:"project"`
	Servers               []resourceName `json:"servers"`
	Stateful              bool           `json:"stateful"`
	InboundDefaultPolicy  string         `json:"inbound_default_policy"`
	OutboundDefaultPolicy string         `json:"outbound_default_policy"`
	OrganizationDefault   bool           `json:"organization_default"`
	ProjectDefault        bool           `json:"project_default"`
	EnableDefaultSecurity bool           `json:"enable_default_security"`
	State                 string         `json:"state"`
	Tags                  []string       `json:"tags"`
	Zone                  string         `json:"zone"`
}

// defaultGroup is the name of the group that the project has in every zone.
const defaultGroup = "Default security group"

// SecurityGroupID returns the ID of a group of Config.SecurityGroups in a zone.
func SecurityGroupID(project, zone, name string) string {
	return derivedID("security group "+name, project+" in "+zone)
}

// groupsIn returns the security groups of a zone, the default one first.
func (a *api) groupsIn(zone string) []securityGroup {
	var groups []securityGroup
	for _, name := range append([]string{defaultGroup}, a.SecurityGroups...) {
		groups = append(groups, securityGroup{
			ID: SecurityGroupID(a.Project, zone, name), Name: name, Organization: a.Project, Project: a.Project, Zone: zone,
			CreationDate: instanceTime(a.started), ModificationDate: instanceTime(a.started),
			Servers: []resourceName{}, Stateful: true, InboundDefaultPolicy: "accept", OutboundDefaultPolicy: "accept",
			ProjectDefault: name == defaultGroup, EnableDefaultSecurity: true, State: "available", Tags: []string{},
		})
	}
	return groups
}

// securityGroupOf returns the machine's security group: the default one unless another was
// set.
func (a *api) securityGroupOf(machine pool.Machine) resourceName {
	groups := a.groupsIn(machine.Zone)
	i := slices.IndexFunc(groups, func(g securityGroup) bool { return g.ID == a.metadata.machines[machine.ID].securityGroup })
	group := groups[max(i, 0)]
	return resourceName{group.ID, group.Name}
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// checkGroup refuses a security group that the zone does not have. No recording has that; a
// placement group that does not exist was refused like this.
func (a *api) checkGroup(zone, id string) error {
	if !uuidForm.MatchString(id) {
		return invalidArguments(argument{"security_group", "constraint", "not a valid value"})
	}
	if !slices.ContainsFunc(a.groupsIn(zone), func(g securityGroup) bool { return g.ID == id }) {
		return notFound("instance_security_group", id)
	}
	return nil
}

func (a *api) listSecurityGroups(r *http.Request, _ []byte) (response, error) {
	query := r.URL.Query()
	groups := slices.DeleteFunc(a.groupsIn(r.PathValue("zone")), func(g securityGroup) bool {
		return !strings.Contains(g.Name, query.Get("name")) || query.Get("project_default") == "true" && !g.ProjectDefault
	})
	return listConverted(r, "security_groups", groups, a.withServers)
}

// withServers returns a group with its machines.
func (a *api) withServers(group securityGroup) securityGroup {
	for _, machine := range a.instances(group.Zone) {
		if a.securityGroupOf(machine).ID == group.ID {
			group.Servers = append(group.Servers, resourceName{machine.ID, machine.Name})
		}
	}
	return group
}

func (a *api) getSecurityGroup(r *http.Request, _ []byte) (response, error) {
	zone, id := r.PathValue("zone"), r.PathValue("id")
	for _, group := range a.groupsIn(zone) {
		if group.ID == id {
			return ok(map[string]any{"security_group": a.withServers(group)})
		}
	}
	return response{}, notFound("instance_security_group", id)
}
