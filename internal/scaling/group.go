package scaling

import (
	"slices"
	"strings"

	"divims/internal/pool"
)

// Group is the servers of a pool with the same Scalelite tag, or those without a tag.
// Scalelite never places a meeting without a tag on a server with one, and a meeting
// that requires a tag goes to servers with that tag only. So each group must be large
// enough by itself.
type Group struct {
	Tag  string `json:"tag"`
	Load Load   `json:"load"`
	// Required is how many of the group's servers must be enabled.
	Required Required `json:"required"`
}

// group is a Group with what the decision needs to know of it.
type group struct {
	Group
	// d is the decision that the group belongs to.
	d *decision
	// config is the pool's Config with the size, capacity and minimum of the group.
	config  Config
	members servers
	// enabled is the enabled capacity before the plan's actions, and size the capacity
	// of all members. Both are in servers, rounded up.
	enabled, size int
	// replaced is the server that stays enabled until its replacement is online, or
	// nil. Its capacity does not count.
	replaced *server
}

// formGroups divides the servers into those without a tag and those of each tag, and
// measures the load of each group.
func (d *decision) formGroups() {
	byTag := map[string]*group{}
	for _, s := range d.servers {
		g := byTag[s.tag()]
		if g == nil {
			g = &group{d: d, config: d.config, Group: Group{Tag: s.tag()}}
			byTag[g.Tag] = g
			d.groups = append(d.groups, g)
		}
		g.members = append(g.members, s)
	}
	slices.SortFunc(d.groups, func(a, b *group) int { return strings.Compare(a.Tag, b.Tag) })
	if byTag[""] == nil {
		nothing := pool.Seen(0.) // every server has a tag
		d.plan.Required = Required{Servers: pool.Seen(0), Capacity: nothing, ServingCapacity: nothing, Size: nothing}
	}
	for _, g := range d.groups {
		g.Load = d.measureLoad(g.members)
		if len(d.groups) > 1 {
			g.shrinkConfig()
		}
		if g.Tag == "" {
			d.plan.Load = g.Load
		}
	}
}

// shrinkConfig reduces the pool's Config to the group's servers. History and calendar
// are about the servers without a tag, so a group with a tag uses the load policy only.
func (g *group) shrinkConfig() {
	c := &g.config
	c.Capacity = c.Capacity * len(g.members) / c.Size
	c.Size = len(g.members)
	c.BareMetal = 0
	for _, s := range g.members {
		if s.Server.BareMetal {
			c.BareMetal++
		}
	}
	if g.Tag != "" {
		c.Policies = []Policy{PolicyLoad}
		c.tagMinimum = min(c.minimumOf(g.Tag), len(g.members))
	}
}

// past returns the group's load at an earlier evaluation, or nil.
func (g *group) past(state pool.State) *pool.PastLoad {
	if g.Tag == "" {
		return state.Load
	}
	if past, known := state.TagLoads[g.Tag]; known {
		return &past
	}
	return nil
}

// tag returns the tag of the server's entry, or "" without one.
func (s *server) tag() string {
	if s.entry == nil {
		return ""
	}
	return s.entry.Tag
}

// capacity returns how many servers the server counts as. Scalelite places half as many
// people on a server with a load multiplier of 2, so it counts as half a server.
func (s *server) capacity() float64 {
	if s.entry == nil || s.entry.LoadMultiplier <= 0 {
		return 1
	}
	return min(1/s.entry.LoadMultiplier, maxServerCapacity)
}

// maxServerCapacity is the most servers that one server counts as. A server with a
// multiplier of 0.001 attracts people, but it does not replace 1000 servers.
const maxServerCapacity = 10
