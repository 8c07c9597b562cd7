package pool

import (
	"context"
	"errors"
	"time"
)

// LoadBalancer is Scalelite's management API.
type LoadBalancer interface {
	// Entries lists all entries; an empty list is an answer, not an error.
	Entries(ctx context.Context) ([]Entry, error)
	// SetState enables, cordons or disables an entry.
	SetState(ctx context.Context, entryID string, state EntryState) error
	// Register adds an entry, in state disabled.
	Register(ctx context.Context, url string, secret Secret) (Entry, error)
	// Panic makes Scalelite forget the entry's meetings and END them on the
	// server, and disables the entry. Only for servers without meetings.
	Panic(ctx context.Context, entryID string) error
}

// Endpoint is where and how one server's BBB API is reached.
type Endpoint struct {
	// URL is the entry's.
	URL    string
	Secret Secret
}

// MeetingService is the BBB API of any server.
type MeetingService interface {
	Meetings(ctx context.Context, at Endpoint) (Conference, error)
	// Recordings lists the recordings in the given states, all pages of them.
	Recordings(ctx context.Context, at Endpoint, states ...RecordingState) ([]Recording, error)
	// End asks BBB to end a meeting; it ends a while later.
	End(ctx context.Context, at Endpoint, meeting Meeting) error
}

// StatsService reads the stats endpoints of a server. The Stats are as complete
// as the endpoints that answered; the error tells of those that did not.
type StatsService interface {
	Stats(ctx context.Context, server Server) (Stats, error)
}

// Hoster is the Scaleway API, limited to the pool's own project and tag.
type Hoster interface {
	// Machines lists every machine of the pool, in all zones, complete or an error.
	Machines(ctx context.Context) ([]Machine, error)
	// Images lists the newest image of the pool in each zone that has one, and at
	// least one.
	Images(ctx context.Context) ([]Image, error)
	// Leftovers lists detached volumes that bear the pool's tag. A volume gets
	// the tag when its machine is deleted, so such a volume is rubbish for sure.
	Leftovers(ctx context.Context) ([]Volume, error)
	// Create makes a machine, gives it its address and starts it, without
	// waiting for it. A *ShortageError tells which types and zones had none.
	// With any other error a machine may have been made: list before repeating.
	Create(ctx context.Context, order MachineOrder) (Machine, error)
	PowerOn(ctx context.Context, machine Machine) error
	Reboot(ctx context.Context, machine Machine) error
	// Delete terminates a machine, without waiting for its end. Block volumes
	// stay behind, tagged for Leftovers. ErrGone if there is no such machine.
	Delete(ctx context.Context, machine Machine) error
	// DeleteVolume deletes a detached volume; one that is gone already is no error.
	DeleteVolume(ctx context.Context, volume Volume) error
}

// CalendarService reads the schedule.
type CalendarService interface {
	// Events gives the occurrences that overlap the time from `from` to `to`.
	// stored is the last good copy, nil for none; it is used when the feed fails
	// or is malformed, and calendar.Source then says why. keep is the copy to
	// store from now on, nil when that is stored still.
	Events(ctx context.Context, from, to time.Time, stored []byte) (calendar Calendar, keep []byte, err error)
}

// Message is what operators are told, as plain text.
type Message struct {
	// Title is one line.
	Title string
	Text  string
}

// ErrGone says that what was to be changed does not exist any more.
var ErrGone = errors.New("does not exist")

// ErrUnresolved says that an address is refused a reverse name because the name
// does not lead to it, or not yet.
var ErrUnresolved = errors.New("the name does not lead to the address yet")

// ShortageError says that no machine could be had: out of stock or over quota.
type ShortageError struct {
	// Shortages has one row for each type and zone that was tried, with Until
	// unset, or that was refused lately, with Until as it was.
	Shortages []Shortage
}

// Error names what was tried.
func (e *ShortageError) Error() string {
	text := "no machine to be had"
	for _, s := range e.Shortages {
		text += "; " + s.Type + " in " + s.Zone + ": " + s.Reason
	}
	return text
}
