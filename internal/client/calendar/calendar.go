// Package calendar reads the schedule from an iCalendar feed (RFC 5545).
// In go the feed's address and the time that matters; out come the occurrences
// of that time, recurrences expanded, from the feed or from its last good copy.
package calendar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"divims/internal/pool"
)

// Client reads one feed. It may be used by several goroutines.
type Client struct {
	// Pauses are waited between the tries to fetch the feed, one fewer than
	// there are tries. Nothing else waits.
	Pauses []time.Duration

	address string
	host    string
	zone    *time.Location
	http    *http.Client

	mutex sync.Mutex
	last  download
}

var _ pool.CalendarService = (*Client)(nil)

// New makes a client of the feed at address, which may hold credentials: they
// appear in no error. Floating and all-day times of a calendar that names no
// zone of its own are in the given zone.
func New(address string, zone *time.Location, client *http.Client) *Client {
	c := &Client{
		Pauses:  []time.Duration{200 * time.Millisecond, 800 * time.Millisecond},
		address: address,
		host:    "an unreadable address",
		zone:    zone,
		http:    client,
	}
	// What calendar programs hand out for subscriptions is https by another name.
	if rest, ok := strings.CutPrefix(c.address, "webcal://"); ok {
		c.address = "https://" + rest
	}
	if u, err := url.Parse(c.address); err == nil && u.Host != "" {
		c.host = u.Host
	}
	return c
}

// Read gives the occurrences of a calendar's text that overlap the time from
// `from` to `to`. Times that name no zone, in a calendar without one of its own,
// are in the given one.
func Read(text []byte, from, to time.Time, zone *time.Location) ([]pool.Event, error) {
	return read(text, from, to, zone)
}

// Events gives the occurrences that overlap the time from `from` to `to`, in
// the feed as it is now. If the feed cannot be had or read, stored is used, the
// last good copy (nil for none), and Source says so and why. keep is the copy to
// store from now on: nil as long as stored is to stay as it is.
//
// A calendar is read as a whole or not at all: one malformed event is an error.
func (c *Client) Events(ctx context.Context, from, to time.Time, stored []byte) (calendar pool.Calendar, keep []byte, err error) {
	body, err := c.fetch(ctx)
	if err == nil {
		calendar.Events, err = read(body, from, to, c.zone)
	}
	if err == nil {
		calendar.Source = "feed of " + c.host
		if !bytes.Equal(body, stored) {
			keep = body
		}
		return calendar, keep, nil
	}

	err = fmt.Errorf("calendar of %s: %w", c.host, err)
	if stored == nil {
		return pool.Calendar{}, nil, err
	}
	events, storedErr := read(stored, from, to, c.zone)
	if storedErr != nil {
		return pool.Calendar{}, nil, errors.Join(err, fmt.Errorf("stored copy of the calendar: %w", storedErr))
	}
	return pool.Calendar{Events: events, Source: "stored copy, because of " + err.Error(), Stored: true}, nil, nil
}
