// Package calendar reads the schedule from an iCalendar feed (RFC 5545). It takes the
// feed's URL and a time window, expands recurring events, and returns the occurrences
// in that window. If the feed cannot be used, it reads a stored copy.
//
// The recurrence rules are our own code because feeds are not under our control and
// rrule-go (v1.8.2) does not limit its work: it does not end for
// FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1, and it goes through all occurrences since the
// first. A daily event since 1970 takes it 10 ms or more; here it takes 0.01 ms, and a
// budget limits the work for a whole calendar. TestRulesAgreeWithLibrary compares the
// results of both. To measure this again, run
//
//	go test -run '^$' -bench DailyRule ./internal/client/calendar
package calendar

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"divims/internal/pool"
)

// Client reads one feed. It is safe for concurrent use.
type Client struct {
	// Pauses are the waiting times before the second and later attempts to fetch the
	// feed. There is one attempt more than pauses.
	Pauses []time.Duration

	url       string
	host      string
	userAgent string
	zone      *time.Location
	http      *http.Client

	mutex sync.Mutex
	last  download
}

var _ pool.CalendarService = (*Client)(nil)

// New returns a Client of a feed. Its URL may contain credentials; errors never show them.
// zone applies to floating and all-day times of a calendar that does not name a time zone.
func New(settings Settings, zone *time.Location, client *http.Client) *Client {
	own := *client
	own.CheckRedirect = checkRedirect
	c := &Client{
		Pauses:    []time.Duration{200 * time.Millisecond, 800 * time.Millisecond},
		url:       settings.URL.Reveal(),
		host:      "an invalid URL",
		userAgent: settings.UserAgent,
		zone:      zone,
		http:      &own,
	}
	u, err := url.Parse(c.url)
	if err != nil {
		return c
	}
	// Calendar programs publish subscriptions as webcal URLs, which are fetched by HTTPS.
	if u.Scheme == "webcal" || u.Scheme == "webcals" {
		u.Scheme = "https"
		c.url = u.String()
	}
	if u.Host != "" {
		c.host = u.Host
	}
	return c
}

// Events fetches the feed and returns the occurrences that overlap the window. If the
// feed cannot be fetched or read, Events uses stored, the last good copy of the feed
// (nil for none), and Source gives the reason. keep is the text to store as the new copy,
// or nil to leave the stored copy as it is.
//
// A malformed event is left out, as Read says.
func (c *Client) Events(ctx context.Context, from, to time.Time, stored []byte) (calendar pool.Calendar, keep []byte, err error) {
	body, err := c.fetch(ctx)
	if err == nil {
		calendar, err = Read(body, from, to, c.zone)
	}
	if err == nil {
		calendar.Source = "feed of " + c.host
		if !bytes.Equal(body, stored) {
			keep = body
		}
		return calendar, keep, nil
	}

	err = fmt.Errorf("read calendar of %s: %w", c.host, err)
	if stored == nil {
		return pool.Calendar{}, nil, err
	}
	calendar, storedErr := Read(stored, from, to, c.zone)
	if storedErr != nil {
		return pool.Calendar{}, nil, errors.Join(err, fmt.Errorf("read stored copy of the calendar: %w", storedErr))
	}
	calendar.Source, calendar.Stored = "stored copy, because of an error: "+err.Error(), true
	return calendar, nil, nil
}
