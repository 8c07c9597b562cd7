package world

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"divims/internal/lab/demand"
	"divims/internal/pool"
)

// Config describes a world. The same Config and the same calls at the same
// times give the same world, to the last id.
type Config struct {
	// Start is the world's first moment.
	Start time.Time
	// Seed settles everything that is left to chance.
	Seed uint64
	// Servers are the pool's places. Each has an entry from the start, disabled
	// but for the first Running ones. Bare metal servers have their machine from
	// the start, too.
	Servers []pool.Server
	// Meetings is the demand, sorted by start.
	Meetings []demand.Meeting
	// Secret is the BBB secret of every server, as machines made of one image
	// share it. Unset, it is derived from the seed; the entries tell it.
	Secret pool.Secret

	// Poll is Scalelite's POLL_INTERVAL, default 60 s.
	Poll time.Duration
	// CordonRace is the probability, 0 to 1, that a cordon or disable lands while
	// Scalelite's poller saves the server: see race.go.
	CordonRace float64
	// Beyond either of these a server is overloaded, defaults 250 and 15.
	ServerParticipants, ServerMeetings int

	// RecordingWork is how long a recorded meeting occupies its server after its
	// end, as a multiple of the meeting's length. 0: there are no recordings.
	RecordingWork float64
	// Shipped tells that published recordings leave the server at the end of
	// their work (Scalelite's transfer with delete_recording). Otherwise they
	// stay, and are no work.
	Shipped bool

	// BBB answers BootMin to BootMax after its machine was powered on, defaults
	// 3 and 7 minutes.
	BootMin, BootMax time.Duration
	// Types default to three of Scaleway's, one of them with a local volume.
	Types []Type
	// Zones default to fr-par-1.
	Zones []string
	// Images default to one in each zone.
	Images []pool.Image
	// Tags are the pool's; the defaults for addresses, and the machines that run
	// from the start, bear them.
	Tags []string
	// Addresses default to one for each server that is not bare metal, in the
	// first zone. A server's address is the first that bears AddressTag(number).
	Addresses []pool.Address
	// Running is how many servers start enabled, online and with a running machine.
	Running int

	// EachMinute, if set, is told every full minute. It must not call the world.
	EachMinute func(Minute)
}

// settle fills in the defaults and looks for contradictions.
func (c *Config) settle() error {
	if c.Start.IsZero() {
		return errors.New("world has no start")
	}
	c.Start = c.Start.UTC()
	c.Poll = cmp.Or(c.Poll, time.Minute)
	c.ServerParticipants = cmp.Or(c.ServerParticipants, 250)
	c.ServerMeetings = cmp.Or(c.ServerMeetings, 15)
	c.BootMin = cmp.Or(c.BootMin, 3*time.Minute)
	c.BootMax = cmp.Or(c.BootMax, 7*time.Minute)
	if !c.Secret.IsSet() {
		c.Secret = pool.NewSecret(fmt.Sprintf("bbb-secret-%016x", c.Seed))
	}
	c.settleHoster()
	return c.check()
}

// settleHoster fills in what the hoster offers.
func (c *Config) settleHoster() {
	if len(c.Zones) == 0 {
		c.Zones = []string{"fr-par-1"}
	}
	if len(c.Types) == 0 {
		c.Types = defaultTypes()
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
		c.Addresses = defaultAddresses(c.Servers, c.Zones[0], c.Tags)
	}
}

// check looks for what no world can be made of.
func (c *Config) check() error {
	switch {
	case c.Poll < time.Second:
		return fmt.Errorf("world polls every %s, must be 1s or more", c.Poll)
	case !(c.CordonRace >= 0 && c.CordonRace <= 1):
		return fmt.Errorf("world's cordons race with the poller with probability %g, must be 0 to 1", c.CordonRace)
	case c.BootMin < 0 || c.BootMax < c.BootMin:
		return fmt.Errorf("world's machines boot in %s to %s", c.BootMin, c.BootMax)
	case c.ServerParticipants < 1 || c.ServerMeetings < 1:
		return fmt.Errorf("world's servers take %d participants and %d meetings", c.ServerParticipants, c.ServerMeetings)
	case !(c.RecordingWork >= 0 && c.RecordingWork <= maximumRecordingWork):
		return fmt.Errorf("world's recordings take %g times their length, must be 0 to %d", c.RecordingWork, maximumRecordingWork)
	case c.Running < 0 || c.Running > len(c.Servers):
		return fmt.Errorf("%d of the world's %d servers are to run", c.Running, len(c.Servers))
	}
	return demand.Check(c.Meetings)
}

// maximumRecordingWork keeps times within what a time.Duration holds.
const maximumRecordingWork = 100
