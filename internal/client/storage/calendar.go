package storage

import (
	"bytes"
	"context"
)

const calendarName = "calendar.ics"

// LoadCalendar returns the last good calendar, or nil if none was ever saved.
func (s *Store) LoadCalendar(ctx context.Context) ([]byte, error) {
	o, err := s.recall(ctx, calendarName)
	return o.body, err
}

// SaveCalendar stores a calendar as the last good one. It writes nothing if that
// calendar is stored already.
func (s *Store) SaveCalendar(ctx context.Context, calendar []byte) error {
	return s.update(ctx, calendarName, func(old []byte) ([]byte, error) {
		if bytes.Equal(old, calendar) {
			return nil, nil
		}
		return calendar, nil
	})
}
