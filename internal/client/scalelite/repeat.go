package scalelite

import (
	"errors"
	"net/http"
)

// maxRepeats is how often a change is sent again that Scalelite refused because another
// change came beside it. DiViMS sends its own changes one after the other, but operators and
// Scalelite's poller change entries, too.
const maxRepeats = 2

// concurrently is Scalelite's message for a change beside another one.
const concurrently = "Servers list concurrently modified"

// isRefusedBesideAnother reports whether Scalelite changed nothing because another change
// came beside this one. It then answers with a message or with an empty 500. An empty 500
// may have other causes, and addServer also answers so if it has the server already, so
// that call is not sent again: it could add a second entry.
func isRefusedBesideAnother(call string, body []byte, err error) bool {
	var failure *Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Status {
	case http.StatusBadRequest:
		return failure.Message == concurrently
	case http.StatusInternalServerError:
		return len(body) == 0 && (call == "updateServer" || call == "deleteServer")
	}
	return false
}
