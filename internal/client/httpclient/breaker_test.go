package httpclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

const callTimeout = 8 * time.Second

// breakerTest sends the requests of one evaluation to a fake service.
type breakerTest struct {
	t         *testing.T
	ctx       context.Context
	service   *fakeService
	transport http.RoundTripper
}

func newBreakerTest(t *testing.T, steps ...step) *breakerTest {
	service := &fakeService{steps: steps}
	return &breakerTest{t, ForEvaluation(t.Context()), service, breakerTransport{next: service, fairWait: callTimeout / 2}}
}

// call sends a change with a deadline.
func (b *breakerTest) call(address string, timeout time.Duration) (int, string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	return call(ctx, b.t, b.transport, http.MethodPost, address)
}

const updateServer = "https://scalelite.example.com/scalelite/api/updateServer?checksum=1"

func TestBreakerOpensAfterTwoTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreakerTest(t, hang)
		begun := time.Now()
		for range 100 {
			b.call(updateServer, callTimeout)
		}
		if len(b.service.at) != 2 || time.Since(begun) != 2*callTimeout {
			t.Errorf("100 calls sent %d requests and took %s; want 2 requests and two timeouts", len(b.service.at), time.Since(begun))
		}
		_, text := b.call(updateServer, callTimeout)
		if want := "not asked again: scalelite.example.com did not answer 2 times in a row"; text != want {
			t.Errorf("error %q; want %q", text, want)
		}
	})
}

func TestBreakerTriesAgainAfterOpenTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreakerTest(t, fail(errRefused), fail(errRefused), hang, answer(200, ""))
		b.call(updateServer, callTimeout)
		b.call(updateServer, callTimeout)
		<-time.After(29 * time.Second)
		b.call(updateServer, callTimeout)
		if len(b.service.at) != 2 {
			t.Fatal("a request was sent before the open time was over")
		}
		<-time.After(time.Second)
		b.call(updateServer, callTimeout)
		b.call(updateServer, callTimeout)
		if len(b.service.at) != 3 {
			t.Fatalf("%d requests; want one trial after the open time, and open again when it fails", len(b.service.at))
		}
		<-time.After(30 * time.Second)
		for range 10 {
			if status, text := b.call(updateServer, callTimeout); status != 200 {
				t.Fatalf("the service answers again, but the call fails: %q", text)
			}
		}
	})
}

func TestBreakerLetsOneTrialThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreakerTest(t, fail(errRefused), fail(errRefused), hang)
		b.call(updateServer, callTimeout)
		b.call(updateServer, callTimeout)
		<-time.After(30 * time.Second)
		go b.call(updateServer, callTimeout)
		synctest.Wait()
		if status, _ := b.call(updateServer, callTimeout); status != 0 || len(b.service.at) != 3 {
			t.Errorf("%d requests; want no second one during the trial", len(b.service.at))
		}
	})
}

func TestBreakerStaysClosed(t *testing.T) {
	for name, steps := range map[string][]step{
		"one call times out":         {hang, answer(200, "")},
		"every other call times out": {hang, answer(200, ""), hang, answer(200, ""), hang, answer(200, "")},
		"error statuses":             {answer(500, ""), answer(503, ""), answer(502, "")},
		"an error status in between": {fail(errRefused), answer(500, ""), fail(errRefused), answer(200, "")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBreakerTest(t, steps...)
				for range 20 {
					b.call(updateServer, callTimeout)
				}
				if len(b.service.at) != 20 {
					t.Errorf("20 calls sent %d requests", len(b.service.at))
				}
			})
		})
	}
}

func TestBreakerIgnoresShortDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBreakerTest(t, hang)
		for range 10 {
			b.call(updateServer, callTimeout/4) // as when the evaluation's time is nearly up
		}
		if len(b.service.at) != 10 {
			t.Errorf("10 calls with a short deadline sent %d requests", len(b.service.at))
		}
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		for range 10 {
			call(ctx, t, b.transport, http.MethodGet, updateServer) // as when another zone has failed
		}
		if len(b.service.at) != 20 {
			t.Errorf("10 cancelled calls sent %d requests", len(b.service.at)-10)
		}
	})
}

func TestEachServiceHasItsBreaker(t *testing.T) {
	const meetings = "https://bbb-w2.example.com/bigbluebutton/api/getMeetings"
	for name, c := range map[string]struct{ dead, alive string }{
		"another host":           {"https://bbb-w1.example.com/bigbluebutton/api/getMeetings", meetings},
		"stats of the same host": {"https://bbb-w2.example.com/node_exporter/metrics", meetings},
		"another zone":           {"https://api.scaleway.com/instance/v1/zones/fr-par-1/servers", "https://api.scaleway.com/instance/v1/zones/fr-par-2/servers"},
		"another product":        {"https://api.scaleway.com/block/v1/zones/fr-par-1/volumes", "https://api.scaleway.com/instance/v1/zones/fr-par-1/servers"},
		"another port":           {"https://example.com:8443/scalelite/api/getServers", "https://example.com/scalelite/api/getServers"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBreakerTest(t, fail(errRefused), fail(errRefused), answer(200, ""))
			for range 3 {
				b.call(c.dead, callTimeout)
			}
			if len(b.service.at) != 2 {
				t.Errorf("%d requests to the dead service; want 2", len(b.service.at))
			}
			if status, text := b.call(c.alive, callTimeout); status != 200 {
				t.Errorf("the other service is refused, too: %s", text)
			}
		})
	}
}

func TestEachEvaluationHasNewBreakers(t *testing.T) {
	b := newBreakerTest(t, fail(errRefused), fail(errRefused), answer(200, ""))
	b.call(updateServer, callTimeout)
	b.call(updateServer, callTimeout)
	b.ctx = ForEvaluation(t.Context())
	if status, text := b.call(updateServer, callTimeout); status != 200 {
		t.Errorf("the next evaluation is refused: %s", text)
	}
}

func TestCallsOfOneAPIShareABreaker(t *testing.T) {
	service := func(text string) string {
		address, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return serviceOf(address)
	}
	if a, b := service(updateServer), service("https://scalelite.example.com/scalelite/api/getServers?checksum=2"); a != b {
		t.Errorf("services %s and %s; want the same", a, b)
	}
	if a, b := service("https://api.scaleway.com/instance/v1/zones/fr-par-1/servers/11/action"), service("https://api.scaleway.com/instance/v1/zones/fr-par-1/servers?page=2"); a != b {
		t.Errorf("services %s and %s; want the same", a, b)
	}
}

func TestBreakerClosesTheBodyOfARefusedRequest(t *testing.T) {
	b := newBreakerTest(t, fail(errors.New("reset")))
	b.call(updateServer, callTimeout)
	b.call(updateServer, callTimeout)
	sent := &fakeService{open: 1}
	request, err := http.NewRequestWithContext(b.ctx, http.MethodPost, updateServer, &body{nil, sent})
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.transport.RoundTrip(request)
	if err == nil {
		_ = response.Body.Close()
	}
	if err == nil || sent.open != 0 {
		t.Errorf("error %v, %d bodies open; want an error and the body closed", err, sent.open)
	}
}
