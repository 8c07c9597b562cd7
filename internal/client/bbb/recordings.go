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
	recordingsPageSize = 100 // the most that BBB returns at once
	maxRecordingPages  = 100
)

// Recordings lists all recordings in the given states, page by page. It returns an
// error if one of them cannot be read completely, or if there are 10,000 or more.
// BBB takes tens of seconds if there are many recordings.
func (c *Client) Recordings(ctx context.Context, at pool.Endpoint, states ...pool.RecordingState) ([]pool.Recording, error) {
	recordings := []pool.Recording{}
	for range maxRecordingPages {
		page, err := c.recordings(ctx, at, states, len(recordings))
		if err != nil {
			return nil, err
		}
		recordings = append(recordings, page...)
		// An old BBB ignores the limit and returns all recordings at once.
		if len(page) != recordingsPageSize {
			return recordings, nil
		}
	}
	return nil, fmt.Errorf("getRecordings of %s: no end after %d recordings", at.URL, len(recordings))
}

// recordings requests one page. It always sends a limit: a server that does not
// allow clients to fetch all recordings answers noRecordings to a call without a limit.
func (c *Client) recordings(ctx context.Context, at pool.Endpoint, states []pool.RecordingState, offset int) ([]pool.Recording, error) {
	query := url.Values{
		"state":  {join(states)},
		"offset": {strconv.Itoa(offset)},
		"limit":  {strconv.Itoa(recordingsPageSize)},
	}
	var page []pool.Recording
	_, err := c.call(ctx, at, "getRecordings", query, func(r io.Reader) (err error) {
		if page, err = parseRecordings(r); err != nil && offset > 0 {
			return fmt.Errorf("after the first %d: %w", offset, err)
		}
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

// parseRecording reads a recording. The end time may be missing while the recording
// is being processed; it is then unknown.
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
	// The recording's ID is the internal ID of its meeting: a hash, a hyphen and the
	// meeting's creation time in milliseconds.
	_, created, _ := strings.Cut(recording.ID, "-")
	recording.MeetingStart = pool.Read(parseTime(created))
	return recording, f.err
}
