package bbb

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

// An error shows that a machine is alive if anything answered. A TCP connection and a TLS
// handshake alone are no answer: a machine whose programs hang still has both.
func TestErrorsTellAnAnswerFromSilence(t *testing.T) {
	dated := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Mon, 16 Mar 2026 09:00:00 GMT")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		answered bool
	}{
		{"a proxy's 502", dated(502, "<html>502 Bad Gateway</html>"), true},
		{"a redirect", dated(302, ""), true},
		{"FAILED", dated(200, fmt.Sprintf(failedResponse, "checksumError")), true},
		{"another page", dated(200, "<html></html>"), true},
		{"a truncated response", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			dated(200, "<response><returncode>SUCCESS</returncode>")(w, r)
		}, true},
		{"a reset without an answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, at := serve(t, test.handler)
			conference, err := client.Meetings(t.Context(), at)
			if err == nil || pool.IsAnswered(err) != test.answered {
				t.Errorf("error %v is an answer: %v, want %v", err, pool.IsAnswered(err), test.answered)
			}
			dated := conference.Date.Equal(time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC))
			if dated != test.answered || conference.Address.IsValid() != test.answered || conference.CertificateExpiry.Known() != test.answered {
				t.Errorf("the conference is %+v, want the answer's Date, Address and certificate: %v", conference, test.answered)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	mute, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mute.Close() }() // it accepts TCP connections, and reads nothing
	hanging := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hanging.Close()
	for name, address := range map[string]string{
		"nobody listens":              closed.URL,
		"TCP only":                    "https://" + mute.Addr().String(),
		"TLS without an HTTP answer":  hanging.URL,
		"the name does not resolve":   "https://bbb-w1.invalid",
		"the URL cannot be requested": "://",
	} {
		t.Run(name, func(t *testing.T) {
			client := *hanging.Client()
			client.Timeout = 200 * time.Millisecond
			conference, err := New(checksum.SHA256, &client).Meetings(t.Context(), pool.Endpoint{URL: address})
			if err == nil || pool.IsAnswered(err) {
				t.Errorf("error %v; want one that is no answer", err)
			}
			if conference.Address.IsValid() || !conference.Date.IsZero() || conference.CertificateExpiry.Known() {
				t.Errorf("the conference is %+v; want nothing", conference)
			}
		})
	}
}

func TestRefusedCertificateIsAnAnswer(t *testing.T) {
	server := httptest.NewTLSServer(respond(200, meetingsResponse()))
	defer server.Close()
	conference, err := New(checksum.SHA256, http.DefaultClient).Meetings(t.Context(), pool.Endpoint{URL: server.URL})
	if !pool.IsAnswered(err) || err == nil || conference.Meetings != nil {
		t.Errorf("got %+v, %v; want an error that is an answer", conference, err)
	}
	if expiry, _ := conference.CertificateExpiry.Get(); !expiry.Equal(server.Certificate().NotAfter) {
		t.Errorf("the certificate expires %s, want %s", expiry, server.Certificate().NotAfter)
	}
}

// End, for example, can still distinguish a failure of BBB's API from other errors.
func TestAnsweredErrorKeepsTheFailure(t *testing.T) {
	client, at := serve(t, respond(200, fmt.Sprintf(failedResponse, "notFound")))
	err := client.End(t.Context(), at, pool.Meeting{ID: "m-1"})
	var failure *Error
	if !errors.As(err, &failure) || !errors.Is(err, pool.ErrGone) || !pool.IsAnswered(err) {
		t.Errorf("error %v; want a failure of BBB that is an answer", err)
	}
}

func TestConferenceHasTheAddressAndTheDate(t *testing.T) {
	client, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cache-Control") != "no-cache" {
			t.Error("the request does not say no-cache")
		}
		w.Header().Set("Date", "Mon, 16 Mar 2026 09:00:00 GMT")
		_, _ = fmt.Fprint(w, meetingsResponse())
	})
	for _, connection := range []string{"new", "reused"} {
		conference, err := client.Meetings(t.Context(), at)
		if err != nil || conference.Address.String() != "127.0.0.1" || conference.Date.UTC() != time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC) {
			t.Errorf("%s connection: %+v, %v", connection, conference, err)
		}
	}
	undated, at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		_, _ = fmt.Fprint(w, meetingsResponse())
	})
	if conference, err := undated.Meetings(t.Context(), at); err != nil || !conference.Date.IsZero() {
		t.Errorf("Date %s, %v; want none", conference.Date, err)
	}
}
