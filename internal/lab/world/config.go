package world

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// Config describes a world. The same Config and the same calls at the same times give
// exactly the same world, ids included.
type Config struct {
	// Start is the time at which the world begins.
	Start time.Time
	// Seed determines everything random.
	Seed uint64
	// Servers are the pool's servers. Each has an entry from the start. The entries of
	// the first Running servers are enabled, the others disabled. Bare metal servers
	// have their machine from the start.
	Servers []pool.Server
	// Meetings are the meetings that people want to hold, sorted by start.
	Meetings []demand.Meeting
	// Secret is the BBB secret of all servers and their entries: machines made from one
	// image share it. If unset, it is derived from the seed.
	Secret pool.Secret

	// Poller has the settings of Scalelite's poller. They have defaults.
	Poller Poller
	// CordonRace is the probability, 0 to 1, that a cordon or disable happens while
	// Scalelite's poller saves the server. The type race describes the effect.
	CordonRace float64
	// FirstJoinMin and FirstJoinMax bound the time from the creation of a meeting until
	// the first person is in it, default 0.
	FirstJoinMin, FirstJoinMax time.Duration
	// MeetingMaxDuration is the length above which DiViMS may end a meeting; 0 for none.
	MeetingMaxDuration time.Duration
	// ServerParticipants and ServerMeetings are the capacity of a server, defaults 250
	// and 15. A server with more of either is overloaded.
	ServerParticipants, ServerMeetings int

	// RecordingWork is how long the server processes a recording after the meeting's
	// end, as a multiple of the meeting's length. 0 means that there are no recordings.
	RecordingWork float64
	// Shipped adds a last stage to the work, in which a published recording is moved
	// from the server to Scalelite (its transfer with delete_recording). Otherwise
	// published recordings are finished and stay on the server.
	Shipped bool

	// BootMin and BootMax bound the time from power-on until BBB answers, defaults 3 and
	// 7 minutes.
	BootMin, BootMax time.Duration
	// Types default to three types of Scaleway, one with a local volume.
	Types []Type
	// Zones default to fr-par-1.
	Zones []string
	// Images default to one in each zone.
	Images []pool.Image
	// Tags are the pool's tags. The default addresses and the machines that run from the
	// start have them.
	Tags []string
	// Addresses default to one for each server that is not bare metal; servers take turns
	// with the zones. A server's address is the first with the tag AddressTag(number).
	Addresses []pool.Address
	// Running is how many servers are enabled and online, with a running machine, from
	// the start.
	Running int

	// EachMinute, if set, is called every full minute. It must not call the world.
	EachMinute func(Minute)
}

// setDefaults fills in the defaults and then checks the Config.
func (c *Config) setDefaults() error {
	if c.Start.IsZero() {
		return errors.New("world has no start")
	}
	c.Start = c.Start.UTC()
	c.Poller.setDefaults(len(c.Servers))
	c.ServerParticipants = cmp.Or(c.ServerParticipants, 250)
	c.ServerMeetings = cmp.Or(c.ServerMeetings, 15)
	c.BootMin = cmp.Or(c.BootMin, 3*time.Minute)
	c.BootMax = cmp.Or(c.BootMax, 7*time.Minute)
	if !c.Secret.IsSet() {
		c.Secret = pool.NewSecret(fmt.Sprintf("bbb-secret-%016x", c.Seed))
	}
	c.setHosterDefaults()
	return c.check()
}

// setHosterDefaults fills in the defaults of what the hoster offers.
func (c *Config) setHosterDefaults() {
	if len(c.Zones) == 0 {
		c.Zones = []string{"fr-par-1"}
	}
	if len(c.Types) == 0 {
		c.Types = DefaultTypes()
	}
	if len(c.Images) == 0 {
		for i, zone := range c.Zones {
			c.Images = append(c.Images, pool.Image{
				ID:      fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1),
				Zone:    zone,
				Name:    "bbb-image",
				Created: c.Start.AddDate(0, -1, 0),
			})
		}
	}
	if c.Addresses == nil {
		c.Addresses = defaultAddresses(c.Servers, c.Zones, c.Tags)
	}
}

// check returns an error if a value is out of bounds.
func (c *Config) check() error {
	if err := c.Poller.check(); err != nil {
		return err
	}
	switch {
	case !(c.CordonRace >= 0 && c.CordonRace <= 1):
		return fmt.Errorf("the world's CordonRace is %g, must be 0 to 1", c.CordonRace)
	case c.BootMin < 0 || c.BootMax < c.BootMin:
		return fmt.Errorf("the world's machines boot in %s to %s, must be 0 or more and not decreasing", c.BootMin, c.BootMax)
	case c.FirstJoinMin < 0 || c.FirstJoinMax < c.FirstJoinMin:
		return fmt.Errorf("the world's meetings open in %s to %s, must be 0 or more and not decreasing", c.FirstJoinMin, c.FirstJoinMax)
	case c.ServerParticipants < 1 || c.ServerMeetings < 1:
		return fmt.Errorf("the world's servers take %d participants and %d meetings, must be 1 or more", c.ServerParticipants, c.ServerMeetings)
	case !(c.RecordingWork >= 0 && c.RecordingWork <= maxRecordingWork):
		return fmt.Errorf("the world's RecordingWork is %g, must be 0 to %d", c.RecordingWork, maxRecordingWork)
	case c.Running < 0 || c.Running > len(c.Servers):
		return fmt.Errorf("the world's Running is %d, must be 0 to the number of servers, %d", c.Running, len(c.Servers))
	}
	return demand.Check(c.Meetings)
}

// maxRecordingWork keeps a time.Duration from overflowing.
const maxRecordingWork = 100
