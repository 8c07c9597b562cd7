package scaling

import (
	"slices"

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
	// config is the pool's, cut to the group's size.
	config Config
	// replaced is the number of the server that is being replaced but still
	// enabled; its capacity does not count. 0: none.
	replaced int
}

// formGroups finds the groups: the servers without a tag, and those of each tag.
// History and calendar are the pool's, which is to say those without a tag; a
// group with a tag goes by its load alone.
func (d *decision) formGroups() {
	members := map[string][]server{}
	for _, s := range d.servers {
		members[s.tag()] = append(members[s.tag()], s)
	}
	if len(members[""]) == 0 {
		d.plan.Required.Servers = pool.Seen(0) // every server bears a tag
	}
	tags := make([]string, 0, len(members))
	for tag := range members {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	for _, tag := range tags {
		g := &group{config: d.config}
		g.Tag, g.Load = tag, measureLoad(d.now, d.config, members[tag])
		if len(tags) > 1 {
			g.config.cut(tag, members[tag])
		}
		if tag == "" {
			d.plan.Load = g.Load
		}
		d.groups = append(d.groups, g)
	}
}

// cut makes a pool's Config that of a group of its servers.
func (c *Config) cut(tag string, members []server) {
	c.Capacity = c.Capacity * len(members) / c.Size
	c.Size = len(members)
	c.BareMetal = 0
	for _, s := range members {
		if s.Server.BareMetal {
			c.BareMetal++
		}
	}
	if tag != "" {
		c.Policies = []Policy{PolicyLoad}
		c.tagMinimum = min(c.minimumOf(tag), len(members))
	}
}

// inEachGroup decides on one group after the other.
func (d *decision) inEachGroup(decide func()) {
	for _, d.group = range d.groups {
		decide()
	}
	d.group = nil
}

// members are the servers of the group that is being decided on.
func (d *decision) members() []*server {
	var list []*server
	for i := range d.servers {
		if d.concerns(&d.servers[i]) {
			list = append(list, &d.servers[i])
		}
	}
	return list
}

// concerns tells whether a server is of the group that is being decided on.
func (d *decision) concerns(s *server) bool { return d.group == nil || s.tag() == d.group.Tag }

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
func (s server) tag() string {
	if s.entry == nil {
		return ""
	}
	return s.entry.Tag
}

// capacity is how much of a server it is: one with a load multiplier of 2 is given
// half as many people by Scalelite, and counts as half a server.
func (s server) capacity() float64 {
	if s.entry == nil || s.entry.LoadMultiplier <= 0 {
		return 1
	}
	return 1 / s.entry.LoadMultiplier
}

// capacity is the sum of those servers, of the group if one is being decided on,
// that satisfy a condition.
func (d *decision) capacity(condition func(server) bool) float64 {
	sum := 0.0
	for i := range d.servers {
		if d.concerns(&d.servers[i]) && condition(d.servers[i]) {
			sum += d.servers[i].capacity()
		}
	}
	return sum
}
