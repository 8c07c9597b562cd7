package sandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"divims/internal/client/bbb"
	"divims/internal/config"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// movingFixture is a sandbox whose time is this process's, with one client.
type movingFixture struct {
	*sandbox.Sandbox
	t      *testing.T
	client *bbb.Client
	secret pool.Secret
}

// inMovingWorld runs a test in the world of a sandbox with two servers, of which one runs.
func inMovingWorld(t *testing.T, test func(movingFixture)) {
	t.Helper()
	sandbox.InVirtualTime(start, func() {
		s, err := sandbox.Start(sandbox.Config{Moving: true, World: world.Config{
			Start: start, Seed: 7, Running: 1, Servers: pool.Servers(2, 0, sandbox.HostnameTemplate, sandbox.DomainTemplate),
		}})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = s.Close() }()
		caller := s.NewCaller()
		defer caller.Close()
		settings, err := config.Load(s.Environment())
		if err != nil {
			t.Error(err)
			return
		}
		roots, err := settings.Network.CACertificates.Pool()
		if err != nil {
			t.Error(err)
			return
		}
		client := &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return caller.Dial(ctx, network, settings.Network.ConnectTo.Address(address))
			},
			TLSClientConfig: &tls.Config{RootCAs: roots},
		}}
		defer client.CloseIdleConnections()
		test(movingFixture{s, t, bbb.New(settings.BBB.Hash, client), settings.BBBSecret})
	})
}

// ask asks a server's BBB for its meetings, and gives up after ten seconds. It returns how
// long that took.
func (f movingFixture) ask(number int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	before := time.Now()
	_, err := f.client.Meetings(ctx, pool.Endpoint{URL: "https://" + domain(number) + "/bigbluebutton/api", Secret: f.secret})
	return time.Since(before), err
}

// Servers that do not answer cost the client its whole deadline, in virtual time.
func TestSilenceTakesTheDeadline(t *testing.T) {
	inMovingWorld(t, func(f movingFixture) {
		wantSilence := func(what string, number int) {
			t.Helper()
			if took, err := f.ask(number); took != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v after %s, want no answer after 10s", what, err, took)
			}
		}
		wantAnswer := func(what string) {
			t.Helper()
			if took, err := f.ask(1); took > 2*time.Second || err != nil {
				t.Errorf("%s: %v after %s", what, err, took)
			}
		}
		wantSilence("an address without a machine", 2)
		for what, fault := range map[string]world.Fault{
			"a dead machine": world.Dead{}, "one cut off": world.CutOff{From: world.Us}, "a BBB that hangs": world.BBBStopped{Contact: world.Hangs},
		} {
			wantAnswer("before " + what)
			var fix func()
			f.With(func(w *world.World) { fix = w.Break(1, fault) })
			wantSilence(what+", on an old connection", 1)
			wantSilence(what+", on a new connection", 1)
			f.With(func(*world.World) { fix() })
		}
		wantAnswer("in the end")
	})
}

// A machine may die after a call was sent and before it is executed.
func TestMachineDiesDuringACall(t *testing.T) {
	inMovingWorld(t, func(f movingFixture) {
		go func() {
			time.Sleep(time.Millisecond) // a call takes 50 ms at least
			f.With(func(w *world.World) { w.Break(1, world.Dead{}) })
		}()
		if took, err := f.ask(1); took != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %s, want no answer after 10s", err, took)
		}
	})
}

// A certificate that is not renewed expires in virtual time, for the client and for
// Scalelite.
func TestCertificateExpiresInVirtualTime(t *testing.T) {
	inMovingWorld(t, func(f movingFixture) {
		renew, err := f.SpoilCertificate(1, world.CertificateFault{Expires: start.Add(72 * time.Hour)})
		if err != nil {
			t.Error(err)
		}
		time.Sleep(71 * time.Hour)
		if _, err := f.ask(1); err != nil {
			t.Errorf("an hour before the expiry: %v", err)
		}
		time.Sleep(2 * time.Hour)
		f.CloseIdleConnections()
		var invalid x509.CertificateInvalidError
		if _, err := f.ask(1); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
			t.Errorf("an hour after the expiry: %v", err)
		}
		online := true
		f.With(func(w *world.World) { online = w.Entries()[0].Online })
		if online {
			t.Error("Scalelite has the server online")
		}
		renew()
		if _, err := f.ask(1); err != nil {
			t.Errorf("once renewed: %v", err)
		}
	})
}
