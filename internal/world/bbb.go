package world

import "divims/internal/pool"

// Meetings is BBB's list on the server with this domain, oldest first:
// ErrUnreachable while no BBB answers there.
func (w *World) Meetings(domain string) ([]pool.Meeting, error) { return nil, ErrUnreachable }

// Recordings lists the server's recordings that are processing, processed or
// published; before, no API shows them: ErrUnreachable.
func (w *World) Recordings(domain string) ([]pool.Recording, error) { return nil, ErrUnreachable }

// EndMeeting ends a meeting a few seconds later: ErrUnreachable, ErrNotFound.
func (w *World) EndMeeting(domain, meetingID string) error { return ErrUnreachable }

// Stats is what the server's stats endpoint says. It answers from the moment the
// machine's system is up, about 30 s before BBB: ErrUnreachable.
func (w *World) Stats(domain string) (pool.Stats, error) { return pool.Stats{}, ErrUnreachable }

// SetBBB lets the BBB of a server answer or not, whatever machine it has. Those
// who are in a meeting stay: ErrNotFound for an unknown domain.
func (w *World) SetBBB(domain string, up bool) error { return ErrNotFound }
