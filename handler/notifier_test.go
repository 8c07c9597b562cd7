package handler

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"divims/internal/client/notify"
	"divims/internal/config"
	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// mailServer counts the mails that it receives.
type mailServer struct{ mails int }

func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }
func (m *mailServer) Mail(string, *smtp.MailOptions) error        { return nil }
func (m *mailServer) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (m *mailServer) Reset()                                      {}
func (m *mailServer) Logout() error                               { return nil }
func (m *mailServer) Data(r io.Reader) error {
	m.mails++
	_, err := io.Copy(io.Discard, r)
	return err
}

// TestNotifierUsesTheConnectionSettings checks that mail and webhooks alike trust
// CA_CERTIFICATES and connect by CONNECT_TO, and send nothing to a service whose
// certificate is not trusted.
func TestNotifierUsesTheConnectionSettings(t *testing.T) {
	for name, trusted := range map[string]bool{"trusted authority": true, "unknown authority": false} {
		t.Run(name, func(t *testing.T) {
			var hooks atomic.Int32
			// The certificate of httptest is for example.com and its subdomains.
			hook := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hooks.Add(1) }))
			hook.Config.ErrorLog = log.New(io.Discard, "", 0)
			hook.StartTLS()
			t.Cleanup(hook.Close)
			box := &mailServer{}
			mail := smtp.NewServer(box)
			mail.TLSConfig = &tls.Config{Certificates: hook.TLS.Certificates}
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go func() { _ = mail.Serve(listener) }()
			t.Cleanup(func() { _ = mail.Close() })

			settings := config.Settings{Evaluation: config.Evaluation{CallTimeout: 8 * time.Second, ObserveParallel: 1}}
			if trusted {
				authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw})
				if err := settings.Network.CACertificates.UnmarshalText(authority); err != nil {
					t.Fatal(err)
				}
			}
			if err := settings.Network.ConnectTo.UnmarshalText(fmt.Appendf(nil, "mail.example.com=%s,hook.example.com=%s", listener.Addr(), hook.Listener.Addr())); err != nil {
				t.Fatal(err)
			}
			for _, address := range []string{"generic://hook.example.com/hook", "smtp://mail.example.com:587/?fromaddress=a@example.com&toaddresses=b@example.com"} {
				settings.Notify.URLs = notify.URLs{pool.NewSecret(address)}
				sender, err := newNotifier(settings)
				if err != nil {
					t.Fatal(err)
				}
				if sent, err := sender.Notify(t.Context(), pool.Message{Title: "title", Text: "text"}); sent != trusted {
					t.Errorf("%s: sent %t, %v", address, sent, err)
				}
			}
			if arrived := int(hooks.Load()) + box.mails; arrived != 0 && !trusted || arrived != 2 && trusted {
				t.Errorf("%d messages arrived", arrived)
			}
		})
	}
}

// titleBox is a notifier that keeps titles, and fails with err.
type titleBox struct {
	titles []string
	text   string // of the last message
	err    error
}

func (b *titleBox) Notify(_ context.Context, message pool.Message) (bool, error) {
	b.titles, b.text = append(b.titles, message.Title), message.Text
	return b.err == nil, b.err
}

func TestFailuresAreReportedOnceAnHour(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	box := &titleBox{err: errors.New("dead")}
	f := &failureNotifier{pool: "campus", notifier: box, log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }}
	for _, step := range []struct {
		after   time.Duration
		failure error
		dead    bool
		want    int // messages so far
		because string
	}{
		{0, &pool.LeaseHeldError{}, false, 0, "a held lease is no failure"},
		{0, errors.New("storage"), true, 1, "the first failure is reported"},
		{5 * time.Minute, errors.New("storage"), false, 2, "the first message was not sent"},
		{5 * time.Minute, errors.New("storage"), false, 2, "the last message was sent 5 minutes ago"},
		{54 * time.Minute, errors.New("another"), false, 2, "the last message was sent 59 minutes ago"},
		{time.Minute, errors.New("storage"), false, 3, "the last message was sent an hour ago"},
	} {
		now = now.Add(step.after)
		if box.err = nil; step.dead {
			box.err = errors.New("dead")
		}
		f.notify(t.Context(), step.failure)
		if len(box.titles) != step.want {
			t.Fatalf("%d messages, want %d: %s", len(box.titles), step.want, step.because)
		}
	}
	if box.titles[0] != "campus: critical: evaluation failed" {
		t.Errorf("title %q", box.titles[0])
	}
}

func TestFailureMessageIsNotControlledFromOutside(t *testing.T) {
	box := &titleBox{}
	f := &failureNotifier{pool: "campus", notifier: box, log: slog.New(slog.DiscardHandler), now: time.Now}
	f.notify(t.Context(), fmt.Errorf("read the state: %w", errors.New(hostile.Text)))
	hostile.CheckShown(t, box.text)
}
