package world

import "divims/internal/pool"

// Entries lists Scalelite's entries in the order of their registration. They
// behave as Scalelite's facts say: see poll and place.
func (w *World) Entries() []pool.Entry { return nil }

// SetState enables, cordons or disables an entry: ErrNotFound, ErrInvalid.
func (w *World) SetState(id string, state pool.EntryState) error { return ErrNotFound }

// Register adds an entry in state disabled. Like Scalelite it looks at nothing
// and takes duplicates.
func (w *World) Register(url string, secret pool.Secret) (pool.Entry, error) {
	return pool.Entry{}, ErrInvalid
}

// Remove deletes an entry, whatever meetings it has: ErrNotFound.
func (w *World) Remove(id string) error { return ErrNotFound }

// Panic drops the entry's meetings from Scalelite's map one by one, ends each on
// the server, and then disables the entry. It stops at the first that cannot be
// ended, which is dropped all the same: ErrUnreachable or ErrNotFound.
func (w *World) Panic(id string) error { return ErrNotFound }
