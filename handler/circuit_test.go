package handler

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

// evaluation is one over services of a script, with a clock of its own.
type evaluation struct {
	t         *testing.T
	ctx       context.Context
	service   *script
	transport http.RoundTripper
}

func over(t *testing.T, steps ...step) *evaluation {
	service := &script{steps: steps}
	return &evaluation{t, withEffort(t.Context()), service, breaking{next: service, fairWait: callTimeout / 2}}
}

// call gives the service the time of a call to answer.
func (e *evaluation) call(address string, timeout time.Duration) (int, string) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(e.ctx, timeout)
	defer cancel()
	return call(ctx, e.t, e.transport, http.MethodPost, address)
}

const updateServer = "https://scalelite.example.com/scalelite/api/updateServer?checksum=1"

func TestADeadServiceCostsTwoTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := over(t, hang)
		begun := time.Now()
		for range 100 {
			e.call(updateServer, callTimeout)
		}
		if len(e.service.at) != 2 || time.Since(begun) != 2*callTimeout {
			t.Errorf("100 calls asked %d times and took %s", len(e.service.at), time.Since(begun))
		}
		_, text := e.call(updateServer, callTimeout)
		if want := "not asked again: scalelite.example.com did not answer 2 times in a row"; text != want {
			t.Errorf("the error is %q; want %q", text, want)
		}
	})
}

func TestAServiceIsTriedAgainAfterARest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := over(t, fail(errRefused), fail(errRefused), hang, answer(200, ""))
		e.call(updateServer, callTimeout)
		e.call(updateServer, callTimeout)
		time.Sleep(29 * time.Second)
		e.call(updateServer, callTimeout)
		if len(e.service.at) != 2 {
			t.Fatal("asked before the rest was over")
		}
		time.Sleep(time.Second)
		e.call(updateServer, callTimeout)
		e.call(updateServer, callTimeout)
		if len(e.service.at) != 3 {
			t.Fatalf("asked %d times; want one try after the rest, and another rest when it fails", len(e.service.at))
		}
		time.Sleep(30 * time.Second)
		for range 10 {
			if status, text := e.call(updateServer, callTimeout); status != 200 {
				t.Fatalf("the service is back, and the call gives %q", text)
			}
		}
	})
}

func TestDuringTheTrialOthersAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := over(t, fail(errRefused), fail(errRefused), hang)
		e.call(updateServer, callTimeout)
		e.call(updateServer, callTimeout)
		time.Sleep(30 * time.Second)
		go e.call(updateServer, callTimeout)
		synctest.Wait()
		if status, _ := e.call(updateServer, callTimeout); status != 0 || len(e.service.at) != 3 {
			t.Errorf("asked %d times", len(e.service.at))
		}
	})
}

func TestWhatIsNoSilence(t *testing.T) {
	for name, steps := range map[string][]step{
		"one slow call among others":  {hang, answer(200, "")},
		"every other call is slow":    {hang, answer(200, ""), hang, answer(200, ""), hang, answer(200, "")},
		"error statuses are answers":  {answer(500, ""), answer(503, ""), answer(502, "")},
		"an error status between two": {fail(errRefused), answer(500, ""), fail(errRefused), answer(200, "")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := over(t, steps...)
				for range 20 {
					e.call(updateServer, callTimeout)
				}
				if len(e.service.at) != 20 {
					t.Errorf("20 calls asked %d times", len(e.service.at))
				}
			})
		})
	}
}

func TestOurOwnDeadlineIsNotTheServicesFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := over(t, hang)
		for range 10 {
			e.call(updateServer, callTimeout/4) // the evaluation's time was nearly up
		}
		if len(e.service.at) != 10 {
			t.Errorf("10 calls that were cut short asked %d times", len(e.service.at))
		}
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		for range 10 {
			call(ctx, t, e.transport, http.MethodGet, updateServer) // another zone had failed
		}
		if len(e.service.at) != 20 {
			t.Errorf("10 cancelled calls asked %d times", len(e.service.at)-10)
		}
	})
}

func TestEachServiceHasItsCircuit(t *testing.T) {
	const meetings = "https://bbb-w2.example.com/bigbluebutton/api/getMeetings"
	for name, c := range map[string]struct{ dead, alive string }{
		"another host":           {"https://bbb-w1.example.com/bigbluebutton/api/getMeetings", meetings},
		"stats of the same host": {"https://bbb-w2.example.com/node_exporter/metrics", meetings},
		"another zone":           {"https://api.scaleway.com/instance/v1/zones/fr-par-1/servers", "https://api.scaleway.com/instance/v1/zones/fr-par-2/servers"},
		"another product":        {"https://api.scaleway.com/block/v1/zones/fr-par-1/volumes", "https://api.scaleway.com/instance/v1/zones/fr-par-1/servers"},
		"another port":           {"https://example.com:8443/scalelite/api/getServers", "https://example.com/scalelite/api/getServers"},
	} {
		t.Run(name, func(t *testing.T) {
			e := over(t, fail(errRefused), fail(errRefused), answer(200, ""))
			for range 3 {
				e.call(c.dead, callTimeout)
			}
			if len(e.service.at) != 2 {
				t.Errorf("the dead one was asked %d times", len(e.service.at))
			}
			if status, text := e.call(c.alive, callTimeout); status != 200 {
				t.Errorf("the other was not asked: %s", text)
			}
		})
	}
}

func TestEachEvaluationAsksAnew(t *testing.T) {
	e := over(t, fail(errRefused), fail(errRefused), answer(200, ""))
	e.call(updateServer, callTimeout)
	e.call(updateServer, callTimeout)
	e.ctx = withEffort(t.Context())
	if status, text := e.call(updateServer, callTimeout); status != 200 {
		t.Errorf("the next evaluation does not ask: %s", text)
	}
}

func TestCallsOfOneAPIShareACircuit(t *testing.T) {
	service := func(text string) string {
		address, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return serviceOf(address)
	}
	if a, b := service(updateServer), service("https://scalelite.example.com/scalelite/api/getServers?checksum=2"); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if a, b := service("https://api.scaleway.com/instance/v1/zones/fr-par-1/servers/11/action"), service("https://api.scaleway.com/instance/v1/zones/fr-par-1/servers?page=2"); a != b {
		t.Errorf("%s and %s", a, b)
	}
}

func TestARefusedRequestClosesItsBody(t *testing.T) {
	e := over(t, fail(errors.New("reset")))
	e.call(updateServer, callTimeout)
	e.call(updateServer, callTimeout)
	sent := &script{open: 1}
	request, err := http.NewRequestWithContext(e.ctx, http.MethodPost, updateServer, &body{nil, sent})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.transport.RoundTrip(request); err == nil || sent.open != 0 {
		t.Errorf("error %v, %d bodies open", err, sent.open)
	}
}
