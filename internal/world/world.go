// Package world is a model of a pool in virtual time.
// In go a configuration, the demand (meetings) and what is done to the pool: orders to the hoster, to Scalelite and to BBB.
// Out comes what each of them would answer at that moment, and a tally of what it meant for people and cost.
package world

import (
	"errors"
	"time"

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
	Meetings []Meeting
	// Secret is the BBB secret of every server, as machines made of one image
	// share it. Unset, it is derived from the seed; the entries tell it.
	Secret pool.Secret

	// Poll is Scalelite's POLL_INTERVAL, default 60 s.
	Poll time.Duration
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

// What the world answers to what it cannot do. The text around them names what
// was asked for.
var (
	// ErrNotFound: nothing bears this id.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the order makes no sense, whatever the moment.
	ErrInvalid = errors.New("invalid")
	// ErrState: not in the present state of the thing.
	ErrState = errors.New("not possible in the present state")
	// ErrOutOfStock: no machine of this type in this zone now.
	ErrOutOfStock = errors.New("out of stock")
	// ErrUnreachable: nothing answers under the server's domain.
	ErrUnreachable = errors.New("unreachable")
)

// World is a pool in virtual time. It is not safe for concurrent use.
type World struct {
	config Config
	now    time.Time
}

// New makes a world at its start. It refuses a Config that contradicts itself.
func New(config Config) (*World, error) {
	return &World{config: config, now: config.Start.UTC()}, nil
}

// Now is the world's present, in UTC.
func (w *World) Now() time.Time { return w.now }

// AdvanceTo lets everything happen that happens until t, t included. A time
// before Now changes nothing.
func (w *World) AdvanceTo(t time.Time) {
	if t.After(w.now) {
		w.now = t.UTC()
	}
}
