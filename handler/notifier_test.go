package handler

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"divims/internal/config"
	"divims/internal/pool"
)

// counting is a mail server that counts mails.
type counting struct{ mails int }

func (c *counting) NewSession(*smtp.Conn) (smtp.Session, error) { return c, nil }
func (c *counting) Mail(string, *smtp.MailOptions) error        { return nil }
func (c *counting) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (c *counting) Reset()                                      {}
func (c *counting) Logout() error                               { return nil }
func (c *counting) Data(r io.Reader) error {
	c.mails++
	_, err := io.Copy(io.Discard, r)
	return err
}

// TestNotificationsGoTheWaysOfTheSettings: mail and webhooks alike trust the
// settings' authorities and take their detours, and are told nothing otherwise.
func TestNotificationsGoTheWaysOfTheSettings(t *testing.T) {
	tomorrow := time.Now().AddDate(0, 0, 1)
	for name, trusted := range map[string]bool{"an authority of the settings": true, "an authority of nobody": false} {
		t.Run(name, func(t *testing.T) {
			hook := newSite(t, "other.example.org", tomorrow, ok)
			certificate, authority := certify(t, "mail.example.com", tomorrow)
			box := &counting{}
			mail := smtp.NewServer(box)
			mail.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = mail.Serve(listener) }()
			t.Cleanup(func() { _ = mail.Close() })

			settings := config.Settings{CallTimeout: 8 * time.Second, ObserveParallel: 1}
			if trusted {
				if err := settings.CACertificates.UnmarshalText([]byte(authority + hook.authority)); err != nil {
					t.Fatal(err)
				}
			}
			if err := settings.ConnectTo.UnmarshalText(fmt.Appendf(nil, "mail.example.com=%s,other.example.org=%s", listener.Addr(), hook.Listener.Addr())); err != nil {
				t.Fatal(err)
			}
			for _, address := range []string{"generic://other.example.org/hook", "smtp://mail.example.com:587/?fromaddress=a@example.com&toaddresses=b@example.com"} {
				settings.NotifyURLs = config.NotifyURLs{pool.NewSecret(address)}
				sender, err := newNotifier(settings)
				if err != nil {
					t.Fatal(err)
				}
				if told, err := sender.Notify(t.Context(), pool.Message{Title: "title", Text: "text"}); told != trusted {
					t.Errorf("%s: told %t, %v", address, told, err)
				}
			}
			if told := len(hook.asked) + box.mails; told != 0 && !trusted || told != 2 && trusted {
				t.Errorf("%d messages arrived", told)
			}
		})
	}
}

// lines takes messages, or fails.
type lines struct {
	titles []string
	err    error
}

func (l *lines) Notify(_ context.Context, message pool.Message) (bool, error) {
	l.titles = append(l.titles, message.Title)
	return l.err == nil, l.err
}

func TestDistressIsToldOnceAnHour(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	box := &lines{err: errors.New("dead")}
	d := &distress{pool: "campus", notifier: box, log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }}
	for _, step := range []struct {
		after   time.Duration
		failure error
		dead    bool
		want    int // messages so far
		because string
	}{
		{0, &pool.LeaseHeldError{}, false, 0, "another evaluation is at work"},
		{0, errors.New("storage"), true, 1, "it is tried"},
		{5 * time.Minute, errors.New("storage"), false, 2, "nobody was told"},
		{5 * time.Minute, errors.New("storage"), false, 2, "it was told"},
		{54 * time.Minute, errors.New("another"), false, 2, "less than an hour ago"},
		{time.Minute, errors.New("storage"), false, 3, "an hour ago"},
	} {
		now = now.Add(step.after)
		if box.err = nil; step.dead {
			box.err = errors.New("dead")
		}
		d.tell(t.Context(), step.failure)
		if len(box.titles) != step.want {
			t.Fatalf("%d messages, wanted %d: %s", len(box.titles), step.want, step.because)
		}
	}
	if box.titles[0] != "campus: critical: evaluation failed" {
		t.Errorf("title %q", box.titles[0])
	}
}
