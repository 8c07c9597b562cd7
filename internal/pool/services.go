package pool

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// LoadBalancer is Scalelite's management API.
type LoadBalancer interface {
	// Entries returns all entries. An empty list is not an error.
	Entries(ctx context.Context) ([]Entry, error)
	// SetState enables, cordons or disables an entry.
	SetState(ctx context.Context, entryID string, state EntryState) error
	// Register adds an entry in state disabled.
	Register(ctx context.Context, url string, secret Secret) (Entry, error)
	// Unregister deletes an entry, even if it has meetings. The error is ErrGone if there is
	// no such entry.
	Unregister(ctx context.Context, entryID string) error
}

// Endpoint is the address and the secret of one server's BBB API.
type Endpoint struct {
	// URL is the address of the API, as in Entry.URL.
	URL    string
	Secret Secret
}

// MeetingService is the BBB API of the servers.
type MeetingService interface {
	// Meetings lists a server's meetings. On an error the Conference has the Date and the
	// Address if the server answered. An error of a machine that is alive wraps an
	// *AnsweredError.
	Meetings(ctx context.Context, at Endpoint) (Conference, error)
	// Recordings returns all recordings in the given states.
	Recordings(ctx context.Context, at Endpoint, states ...RecordingState) ([]Recording, error)
	// End asks BBB to end a meeting, which takes BBB some time. The error is ErrGone if
	// there is no such meeting.
	End(ctx context.Context, at Endpoint, meeting Meeting) error
}

// StatsService reads the stats endpoints of a server. On an error the Stats have the
// values of the endpoints that answered. clock returns the time of the server's clock, as
// far as it is known; the age of the values counts from it. It is called after the
// endpoints have answered.
type StatsService interface {
	Stats(ctx context.Context, server Server, clock func() time.Time) (Stats, error)
}

// Hoster is the Scaleway API, limited to the pool's own project and tag.
type Hoster interface {
	// Machines returns every machine of the pool in the configured zones and in others. If
	// only some zones could be listed completely, it returns their machines and a
	// *PartialError.
	Machines(ctx context.Context, others []string) ([]Machine, error)
	// Images returns the pool's newest image of each zone that has one. No image at all
	// is an error.
	Images(ctx context.Context) ([]Image, error)
	// Leftovers returns the volumes with the mark of a deletion, which names the machine.
	// If that machine is gone, they are no longer needed. It lists the configured zones and
	// others.
	Leftovers(ctx context.Context, others []string) ([]Volume, error)
	// Create creates a machine, attaches its address and starts it, without waiting for
	// the start. The error wraps a *RefusalError if the hoster refused to create one. After
	// an unclear refusal, and after any other error, a machine may exist: list before
	// trying again.
	Create(ctx context.Context, order MachineOrder) (Machine, error)
	PowerOn(ctx context.Context, machine Machine) error
	Reboot(ctx context.Context, machine Machine) error
	// PrepareDelete does everything for the deletion of a machine but the call that deletes
	// it. The error is ErrGone if there is no such machine.
	PrepareDelete(ctx context.Context, machine Machine) (Deletion, error)
	// DeleteVolume deletes a detached volume, if its mark names a machine that no longer
	// exists. It is no error if the volume does not exist.
	DeleteVolume(ctx context.Context, volume Volume) error
	// UnmarkVolume takes the mark off a volume. It does nothing if the machine that the
	// mark names is gone or being deleted.
	UnmarkVolume(ctx context.Context, volume Volume) error
}

// Deletion is a prepared deletion of a machine: its volumes that stay are marked for
// Leftovers, and the call that deletes the machine is next.
type Deletion struct {
	// Delete deletes the machine by a single call, without waiting for its end. The error
	// is ErrGone if there is no such machine.
	Delete func(context.Context) error
	// Cancel takes the marks of the volumes off again, because the machine stays. After a
	// Delete without a clear answer it leaves them: a later evaluation sees whether the
	// machine stays.
	Cancel func(context.Context) error
}

// CalendarService reads the calendar.
type CalendarService interface {
	// Events returns the occurrences that overlap the time from `from` to `to`. stored is
	// the last good copy, nil for none. It is used if the feed fails or is malformed;
	// calendar.Source then says why. keep is the new copy to store, nil if the stored one
	// is still right.
	Events(ctx context.Context, from, to time.Time, stored []byte) (calendar Calendar, keep []byte, err error)
}

// Message is a message to operators, in plain text.
type Message struct {
	// Title is one line.
	Title string
	Text  string
}

// ErrGone is returned if what was to be changed no longer exists.
var ErrGone = errors.New("does not exist")

// ErrUnresolved is returned if a reverse name is refused because the name does not
// resolve to the address, or not yet.
var ErrUnresolved = errors.New("the name does not resolve to the address yet")

// PartialError is returned if the machines of some zones, but not of all, could not be
// listed.
type PartialError struct {
	// Unread has the reason for each zone that could not be listed.
	Unread map[string]string
}

// Error names the zones with the reasons.
func (e *PartialError) Error() string {
	var parts []string
	for _, zone := range slices.Sorted(maps.Keys(e.Unread)) {
		parts = append(parts, zone+": "+e.Unread[zone])
	}
	return "zones not listed: " + strings.Join(parts, "; ")
}

// RefusalError is returned if the hoster refused to create a machine: each type in each
// zone by a definite answer, or by an unclear one that ended the creation.
type RefusalError struct {
	// Refusals has one item for each type and zone. Until is unset if they were tried
	// by this call, and kept if they were skipped because of an earlier refusal.
	Refusals []Refusal
}

// Error names the types and zones with their reasons.
func (e *RefusalError) Error() string {
	text := "no machine is available"
	for _, r := range e.Refusals {
		what := "zone " + r.Zone
		if r.Type != "" {
			what = r.Type + " in " + r.Zone
		}
		text += "; " + what + ": " + r.Reason
	}
	return text
}
