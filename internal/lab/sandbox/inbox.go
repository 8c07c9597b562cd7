package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Message is a notification that an operator would have got.
type Message struct {
	// At is the virtual time at which it was accepted, in UTC.
	At          time.Time
	Title, Text string
}

// Messages returns the notifications so far, in the order in which they were accepted.
// There are none without Config.Inbox.
func (s *Sandbox) Messages() []Message { return s.inbox.list() }

// inbox is a webhook that keeps the notifications it gets.
type inbox struct {
	now func() time.Time

	lock     sync.Mutex
	messages []Message
}

func (i *inbox) list() []Message {
	i.lock.Lock()
	defer i.lock.Unlock()
	return slices.Clone(i.messages)
}

// maxMessage is the longest notification that is accepted, in bytes.
const maxMessage = 1 << 20

// ServeHTTP accepts a message as JSON, as a shoutrrr address with template=json sends it.
func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct{ Title, Message string }
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err == nil {
		err = json.Unmarshal(body, &message)
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("read the message: %v", err), http.StatusBadRequest)
		return
	}
	at := i.now()
	i.lock.Lock()
	defer i.lock.Unlock()
	i.messages = append(i.messages, Message{At: at, Title: message.Title, Text: message.Message})
	w.WriteHeader(http.StatusNoContent)
}

// WriteMessages writes notifications, one block each, with the times in a zone:
//
//	=== Mon 2026-03-02 09:35:04 CET
//	sandbox: critical: network
//
//	NEW
//	- critical: network: ...
//
// A line that begins with === begins a block, the next line is the title, and the text
// follows after an empty line. An empty line ends a block.
func WriteMessages(to io.Writer, messages []Message, zone *time.Location) error {
	for _, m := range messages {
		_, err := fmt.Fprintf(to, "=== %s\n%s\n\n%s\n\n", m.At.In(zone).Format("Mon 2006-01-02 15:04:05 MST"), m.Title, strings.TrimSpace(m.Text))
		if err != nil {
			return fmt.Errorf("write the messages: %w", err)
		}
	}
	return nil
}
