package bbb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"divims/internal/pool"
)

// End asks BBB to end a meeting. BBB ends it some time after its response. The error
// wraps pool.ErrGone if the server has no such meeting.
func (c *Client) End(ctx context.Context, at pool.Endpoint, meeting pool.Meeting) error {
	query := url.Values{"meetingID": {meeting.ID}}
	if meeting.ModeratorPassword.IsSet() {
		query.Set("password", meeting.ModeratorPassword.Reveal())
	}
	_, err := c.call(ctx, at, "end", query, parseEnd)
	var failure *Error
	if errors.As(err, &failure) && failure.Key == "notFound" {
		err = fmt.Errorf("%w: %w", pool.ErrGone, err)
	}
	if err != nil {
		return fmt.Errorf("end meeting %.100q: %w", meeting.ID, err)
	}
	return nil
}

// parseEnd reads a response to end.
func parseEnd(r io.Reader) error {
	_, err := readResponse("end", r, func(d *document, _ string) error { return d.skip() })
	return err
}
