package storage

import (
	"bytes"
	"context"
)

const calendarName = "calendar.ics"

// LoadCalendar gives the last good calendar, nil if none was ever saved.
func (s *Store) LoadCalendar(ctx context.Context) ([]byte, error) {
	o, err := s.recall(ctx, calendarName)
	return o.body, err
}

// SaveCalendar keeps a calendar as the last good one. One that is kept already
// is not written again.
func (s *Store) SaveCalendar(ctx context.Context, calendar []byte) error {
	return s.update(ctx, calendarName, func(old []byte) ([]byte, error) {
		if bytes.Equal(old, calendar) {
			return nil, nil
		}
		return calendar, nil
	})
}
