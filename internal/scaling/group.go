package scaling

import (
	"slices"
	"strings"

	"divims/internal/pool"
)

// Group is the servers of a pool that bear the same Scalelite tag. A meeting that
// asks for no tag is never placed on them, and one that insists on the tag nowhere
// else: so each group has to be large enough by itself.
type Group struct {
	Tag string `json:"tag"`
	// Load is that of the group's servers, Required how many of them must be enabled.
	Load     Load     `json:"load"`
	Required Required `json:"required"`
}

// group is a Group as the decision weighs it.
type group struct {
	Group
	// d is the decision that the group is a part of.
	d *decision
	// config is the pool's, cut to the group's size.
	config  Config
	members servers
	// enabled is what the enabled ones count as at the beginning, and size what all
	// of them do, both rounded up.
	enabled, size int
	// replaced is the server that is being replaced but still enabled; its
	// capacity does not count. nil: none.
	replaced *server
}

// formGroups finds the groups: the servers without a tag, and those of each tag.
// History and calendar are the pool's, which is to say those without a tag; a
// group with a tag goes by its load alone.
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
		nothing := pool.Seen(0.) // every server bears a tag
		d.plan.Required = Required{Servers: pool.Seen(0), Capacity: nothing, Size: nothing}
	}
	for _, g := range d.groups {
		g.Load = measureLoad(d.now, d.config, g.members)
		if len(d.groups) > 1 {
			g.cut()
		}
		if g.Tag == "" {
			d.plan.Load = g.Load
		}
	}
}

// cut makes the pool's Config that of a group of its servers.
func (g *group) cut() {
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

// subject is the subject of an alert that is about the group.
func (g *group) subject(of string) string {
	if g.Tag == "" {
		return of
	}
	return of + " of tag " + g.Tag
}

// past is the load that the group's is compared with.
func (g *group) past(state pool.State) *pool.PastLoad {
	if g.Tag == "" {
		return state.Load
	}
	if past, known := state.TagLoads[g.Tag]; known {
		return &past
	}
	return nil
}

// tag is the entry's; a server without an entry has none.
func (s *server) tag() string {
	if s.entry == nil {
		return ""
	}
	return s.entry.Tag
}

// capacity is how much of a server it is: one with a load multiplier of 2 is given
// half as many people by Scalelite, and counts as half a server.
func (s *server) capacity() float64 {
	if s.entry == nil || s.entry.LoadMultiplier <= 0 {
		return 1
	}
	return min(1/s.entry.LoadMultiplier, mostCapacity)
}

// mostCapacity is what a server counts as at most: a multiplier of 0.001 draws
// people to it, but does not make it the whole pool.
const mostCapacity = 10
