package sandbox_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"divims/internal/client/notify"
	"divims/internal/lab/sandbox"
	"divims/internal/pool"
)

// The inbox accepts what the real client sends to the address in the environment, and
// keeps it with its virtual time.
func TestInboxKeepsMessages(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) { c.Inbox = true })
	sender, err := notify.New(notify.Config{Addresses: f.settings.Notify.URLs, Client: f.http})
	if err != nil {
		t.Fatal(err)
	}
	send := func(title, text string) error {
		_, err := sender.Notify(t.Context(), pool.Message{Title: title, Text: text})
		return err
	}
	if err := send("one", "first line\n\nlast line\n"); err != nil {
		t.Fatal(err)
	}
	restore := f.TakeDown(sandbox.NotifyService)
	if err := send("lost", "nobody accepts this"); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("while the service is down: %v, want status 503", err)
	}
	restore()
	f.AdvanceTo(start.Add(90*time.Minute + 4*time.Second))
	if err := send("two", "text"); err != nil {
		t.Fatal(err)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := sandbox.WriteMessages(&file, f.Messages(), paris); err != nil {
		t.Fatal(err)
	}
	want := "=== Mon 2026-10-05 08:00:00 CEST\none\n\nfirst line\n\nlast line\n\n" +
		"=== Mon 2026-10-05 09:30:04 CEST\ntwo\n\ntext\n\n"
	if file.String() != want {
		t.Errorf("the messages are\n%s\nwant\n%s", file.String(), want)
	}
}

func TestNoInboxWithoutConfig(t *testing.T) {
	f := newFixture(t, nil)
	if len(f.settings.Notify.URLs) > 0 || len(f.Messages()) > 0 {
		t.Errorf("a sandbox without an inbox has the addresses %v and %d messages", f.settings.Notify.URLs, len(f.Messages()))
	}
}
