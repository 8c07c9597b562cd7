package scalelite

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"divims/internal/pool"
)

// maxRepeats is how often a change is sent again that Scalelite refused because another
// change came beside it. DiViMS sends its own changes one after the other, but operators and
// other programs change entries, too. Scalelite refused 3 of 12 changes that came at once,
// so 1 of 1000 is refused five times in a row.
const maxRepeats = 4

// concurrently is Scalelite's message for a change beside another one.
const concurrently = "Servers list concurrently modified"

// isRefusedBesideAnother reports whether Scalelite may have changed nothing because another
// change came beside this one. It then answers with a message or with an empty 500, which
// has other causes, too.
func isRefusedBesideAnother(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) {
		return false
	}
	return failure.Status == http.StatusBadRequest && failure.Message == concurrently ||
		failure.Status == http.StatusInternalServerError && failure.empty
}

// confirmMissing returns an error unless Scalelite has no entry for the host of a URL. If it
// has one, it may have refused a registration for that (SERVER_ID_IS_HOSTNAME), and sending
// the same again might add a second entry.
func (c *Client) confirmMissing(ctx context.Context, serverURL string) error {
	entries, err := c.Entries(ctx)
	if err != nil {
		return fmt.Errorf("see whether it is registered already: %w", err)
	}
	host := pool.Entry{URL: serverURL}.Host()
	for _, entry := range entries {
		if entry.Host() == host {
			return fmt.Errorf("it is registered already, as entry %s", entry.ID)
		}
	}
	return nil
}
