package bbb

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"divims/internal/pool"
)

const (
	recordingsPage     = 100 // the most that BBB gives at once
	mostRecordingPages = 100
)

// Recordings lists the recordings in the given states, all pages of them. One
// that cannot be read in full makes the whole list an error, and so do 10,000 of
// them. Where there are many, BBB takes tens of seconds.
func (c *Client) Recordings(ctx context.Context, at pool.Endpoint, states ...pool.RecordingState) ([]pool.Recording, error) {
	recordings := []pool.Recording{}
	for range mostRecordingPages {
		page, err := c.recordings(ctx, at, states, len(recordings))
		if err != nil {
			return nil, err
		}
		recordings = append(recordings, page...)
		// An old BBB ignores the limit and gives all of them at once.
		if len(page) != recordingsPage {
			return recordings, nil
		}
	}
	return nil, fmt.Errorf("getRecordings of %s: no end after %d recordings", at.URL, len(recordings))
}

// recordings asks for one page. It always gives a limit: a server that does not
// allow to fetch all recordings says noRecordings to a call without one.
func (c *Client) recordings(ctx context.Context, at pool.Endpoint, states []pool.RecordingState, offset int) ([]pool.Recording, error) {
	query := url.Values{
		"state":  {join(states)},
		"offset": {strconv.Itoa(offset)},
		"limit":  {strconv.Itoa(recordingsPage)},
	}
	var page []pool.Recording
	_, err := c.call(ctx, at, "getRecordings", query, func(r io.Reader) (err error) {
		page, err = parseRecordings(r)
		return err
	})
	return page, err
}

func join(states []pool.RecordingState) string {
	words := make([]string, len(states))
	for i, state := range states {
		words[i] = string(state)
	}
	return strings.Join(words, ",")
}

// parseRecordings reads one page of getRecordings.
func parseRecordings(r io.Reader) ([]pool.Recording, error) {
	return readList(r, list{"getRecordings", "recordings", "recording", "noRecordings"}, parseRecording)
}

// parseRecording takes what every recording has. One that is still processed
// lacks its end time, its playback formats, or both.
func parseRecording(d *document) (pool.Recording, error) {
	found, err := readTexts(d, "recordID", "state", "endTime")
	if err != nil {
		return pool.Recording{}, err
	}
	f := fields{texts: found}
	recording := pool.Recording{
		ID:         f.text("recordID"),
		State:      pool.RecordingState(f.text("state")),
		MeetingEnd: pool.Read(parseTime(found["endTime"])),
	}
	// A recording bears the name that BBB gave its meeting: a hash, and the time
	// of the meeting's creation in milliseconds.
	_, created, _ := strings.Cut(recording.ID, "-")
	recording.MeetingStart = pool.Read(parseTime(created))
	return recording, f.err
}
