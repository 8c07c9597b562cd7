package bbb

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

var _ pool.MeetingService = (*Client)(nil)

const serverSecret = "server-secret-0815"

// openSample opens a recorded response. The recordings are not part of the
// repository; without them the test is skipped.
func openSample(t *testing.T, name string) *os.File {
	t.Helper()
	root, err := filepath.Abs("../../..") // the root of the repository
	if err != nil {
		t.Fatal(err)
	}
	sample, err := os.Open(filepath.Join(root, "../shared/data/bbb", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no recorded responses: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sample.Close() })
	return sample
}

// serve starts a BBB server and returns a client for it and its endpoint.
func serve(t *testing.T, handler http.HandlerFunc) (*Client, pool.Endpoint) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	at := pool.Endpoint{URL: server.URL + "/bigbluebutton/api", Secret: pool.NewSecret(serverSecret)}
	return New(checksum.SHA256, server.Client()), at
}

// respond returns a handler that answers every request the same way.
func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

// checkRequest checks the method, path and checksum of a request.
func checkRequest(t *testing.T, r *http.Request, call string) {
	t.Helper()
	if r.Method != http.MethodGet || r.URL.Path != "/bigbluebutton/api/"+call {
		t.Errorf("request is %s %s, want GET /bigbluebutton/api/%s", r.Method, r.URL.Path, call)
	}
	if !checksum.Verify(call, r.URL.RawQuery, pool.NewSecret(serverSecret)) {
		t.Errorf("%s has a wrong checksum: %s", call, r.URL.RawQuery)
	}
}

func TestMeetingsWithCertificateExpiry(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checkRequest(t, r, "getMeetings")
		_, _ = fmt.Fprint(w, meetingsResponse(meetingXML()))
	}))
	defer server.Close()
	// Some entries' URLs end with a slash. It makes no difference.
	at := pool.Endpoint{URL: server.URL + "/bigbluebutton/api/", Secret: pool.NewSecret(serverSecret)}
	client := New(checksum.SHA256, server.Client())
	for _, connection := range []string{"new", "reused"} {
		conference, err := client.Meetings(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if got := withoutPasswords(t, conference.Meetings, "mp"); !reflect.DeepEqual(got, []pool.Meeting{plainMeeting()}) {
			t.Errorf("meetings are %+v, want %+v", got, plainMeeting())
		}
		expiry, known := conference.CertificateExpiry.Get()
		if want := server.Certificate().NotAfter; !known || !expiry.Equal(want) {
			t.Errorf("%s connection: certificate expires %v, want %v", connection, expiry, want)
		}
	}
}

func TestCertificateExpiryIsUnknownWithoutTLS(t *testing.T) {
	server := httptest.NewServer(respond(200, meetingsResponse()))
	defer server.Close()
	conference, err := New(checksum.SHA1, server.Client()).Meetings(t.Context(), pool.Endpoint{URL: server.URL})
	if err != nil || conference.Meetings == nil || len(conference.Meetings) != 0 || conference.CertificateExpiry.Known() {
		t.Errorf("got %+v, %v; want no meetings and an unknown expiry", conference, err)
	}
}

func TestConnectionIsReused(t *testing.T) {
	connections := map[string]bool{}
	client, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		_, _ = fmt.Fprint(w, meetingsResponse(meetingXML()))
		w.(http.Flusher).Flush()
		_, _ = fmt.Fprint(w, "\n")
	})
	for range 3 {
		if _, err := client.Meetings(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	if len(connections) != 1 {
		t.Errorf("3 calls took %d connections, want 1", len(connections))
	}
}

// recorder is a server with total recordings, which it returns page by page.
type recorder struct {
	t       *testing.T
	total   int
	queries []url.Values
}

func (s *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	checkRequest(s.t, r, "getRecordings")
	query := r.URL.Query()
	query.Del("checksum")
	s.queries = append(s.queries, query)
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	if offset >= s.total {
		_, _ = fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><messageKey>noRecordings</messageKey></response>")
		return
	}
	var page strings.Builder
	for i := offset; i < min(offset+limit, s.total); i++ {
		fmt.Fprintf(&page, "<recording><recordID>r-%d</recordID><state>processed</state></recording>", i)
	}
	_, _ = fmt.Fprint(w, recordingsResponse(page.String()))
}

func TestRecordingsAreReadPageByPage(t *testing.T) {
	tests := []struct {
		name         string
		total, pages int
	}{
		{"none", 0, 1},
		{"a short page", 3, 1},
		{"exactly one page", 100, 2},
		{"several pages", 250, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := &recorder{t: t, total: test.total}
			client, at := serve(t, server.ServeHTTP)
			got, err := client.Recordings(t.Context(), at, pool.Processing, pool.Processed)
			if err != nil || got == nil || len(got) != test.total {
				t.Fatalf("got %d recordings, %v; want %d", len(got), err, test.total)
			}
			for i, r := range got {
				if r.ID != fmt.Sprintf("r-%d", i) {
					t.Fatalf("recording %d is %s", i, r.ID)
				}
			}
			if len(server.queries) != test.pages {
				t.Fatalf("%d pages were requested, want %d", len(server.queries), test.pages)
			}
			for i, query := range server.queries {
				want := url.Values{"state": {"processing,processed"}, "offset": {strconv.Itoa(100 * i)}, "limit": {"100"}}
				if !reflect.DeepEqual(query, want) {
					t.Errorf("the query for page %d is %v, want %v", i, query, want)
				}
			}
		})
	}
}

func TestServerThatIgnoresTheLimitIsCalledOnce(t *testing.T) {
	calls := 0
	client, at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		_, _ = fmt.Fprint(w, recordingsResponse(strings.Repeat("<recording><recordID>r</recordID><state>processed</state></recording>", 150)))
	})
	got, err := client.Recordings(t.Context(), at, pool.Processed)
	if err != nil || len(got) != 150 || calls != 1 {
		t.Errorf("got %d recordings after %d calls, %v; want 150 after 1", len(got), calls, err)
	}
}

func TestEndlessRecordingsAreAnError(t *testing.T) {
	server := &recorder{t: t, total: 1 << 30}
	client, at := serve(t, server.ServeHTTP)
	got, err := client.Recordings(t.Context(), at, pool.Published)
	if err == nil || got != nil || len(server.queries) != maxRecordingPages {
		t.Errorf("got %d recordings after %d pages, %v; want only an error after %d", len(got), len(server.queries), err, maxRecordingPages)
	}
}

func TestFailureOnALaterPageIsAnError(t *testing.T) {
	server := &recorder{t: t, total: 250}
	client, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if len(server.queries) == 2 {
			w.WriteHeader(http.StatusGatewayTimeout)
			return
		}
		server.ServeHTTP(w, r)
	})
	got, err := client.Recordings(t.Context(), at, pool.Processed)
	if err == nil || got != nil || !strings.Contains(err.Error(), "HTTP status 504") {
		t.Errorf("got %d recordings, %v; want only the 504", len(got), err)
	}
}

const failedResponse = "<response><returncode>FAILED</returncode><messageKey>%s</messageKey><message>no</message></response>"

func TestEnd(t *testing.T) {
	accepted := "<response><returncode>SUCCESS</returncode><messageKey>sentEndMeetingRequest</messageKey></response>"
	tests := []struct {
		name    string
		meeting pool.Meeting
		want    url.Values
	}{
		{"with a password", pool.Meeting{ID: "m 1&x=y", ModeratorPassword: pool.NewSecret("mp&")},
			url.Values{"meetingID": {"m 1&x=y"}, "password": {"mp&"}}},
		{"without a password", pool.Meeting{ID: "m-1"}, url.Values{"meetingID": {"m-1"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				checkRequest(t, r, "end")
				query := r.URL.Query()
				query.Del("checksum")
				if !reflect.DeepEqual(query, test.want) {
					t.Errorf("query is %v, want %v", query, test.want)
				}
				_, _ = fmt.Fprint(w, accepted)
			})
			if err := client.End(t.Context(), at, test.meeting); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEndFails(t *testing.T) {
	tests := []struct {
		key  string
		gone bool
	}{
		{"notFound", true},
		{"invalidPassword", false},
	}
	for _, test := range tests {
		t.Run(test.key, func(t *testing.T) {
			client, at := serve(t, respond(200, fmt.Sprintf(failedResponse, test.key)))
			err := client.End(t.Context(), at, pool.Meeting{ID: "m-1"})
			var failure *Error
			if !errors.As(err, &failure) || failure.Call != "end" || failure.Key != test.key {
				t.Fatalf("error is %v, want an *Error of end with %s", err, test.key)
			}
			if errors.Is(err, pool.ErrGone) != test.gone {
				t.Errorf("error is %v; gone: want %v", err, test.gone)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"published", "<response><returncode>SUCCESS</returncode><version>2.0</version><apiVersion>2.0</apiVersion><bbbVersion>3.0.4</bbbVersion></response>", "3.0.4"},
		{"kept secret", "<response><returncode>SUCCESS</returncode><version>2.0</version><bbbVersion/></response>", ""},
		{"missing", "<response><returncode>SUCCESS</returncode><version>0.9</version></response>", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RequestURI() != "/bigbluebutton/api" {
					t.Errorf("request is for %s, want the unsigned root", r.URL.RequestURI())
				}
				_, _ = fmt.Fprint(w, test.body)
			})
			if got, err := client.Version(t.Context(), at); err != nil || got != test.want {
				t.Errorf("version is %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestRecordedResponses(t *testing.T) {
	if version, err := parseVersion(openSample(t, "api_version.xml")); err != nil || version != "2.4-rc-7" {
		t.Errorf("version is %q, %v; want 2.4-rc-7", version, err)
	}
	if err := parseEnd(openSample(t, "end_meeting.xml")); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameTheCallAndTheHost(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"a proxy's 502", respond(502, "<html><body>502 Bad Gateway<br></body></html>"), "HTTP status 502"},
		{"a proxy's 504 without a body", respond(504, ""), "HTTP status 504"},
		{"a proxy's 404", respond(404, "not found"), "HTTP status 404"},
		{"a list under 500", respond(500, meetingsResponse()), "HTTP status 500"},
		{"FAILED under 400", respond(400, fmt.Sprintf(failedResponse, "validationError")), `FAILED, "validationError": "no"`},
		{"FAILED under 200", respond(200, fmt.Sprintf(failedResponse, "checksumError")), `FAILED, "checksumError": "no"`},
		{"a page under 200", respond(200, "<html></html>"), "the root element is <html>"},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><meetings><meeting><attendees>")
		}, "unexpected EOF"},
		{"too long", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><meetings><meeting><attendees>")
			attendees := strings.Repeat("<attendee>"+strings.Repeat("x", 1000)+"</attendee>", 100)
			for range maxResponse/len(attendees) + 1 {
				if _, err := fmt.Fprint(w, attendees); err != nil {
					return
				}
			}
		}, "longer than 8388608 bytes"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, "HTTP status 302"},
		{"a reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, at := serve(t, test.handler)
			conference, err := client.Meetings(t.Context(), at)
			if err == nil || conference.Meetings != nil {
				t.Fatalf("got %v, %v; want only an error", conference, err)
			}
			if prefix := "getMeetings of 127.0.0.1:"; !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %q, want it to begin with %q and to contain %q", err, prefix, test.want)
			}
		})
	}
}

func TestContextEndsASlowResponse(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client, at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><meetings><meeting><attendees>")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	if _, err := client.Meetings(ctx, at); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
}

func TestErrorsContainNoSecret(t *testing.T) {
	refused := httptest.NewServer(nil)
	refused.Close()
	untrusted := httptest.NewTLSServer(respond(200, meetingsResponse()))
	defer untrusted.Close()
	for name, address := range map[string]string{
		"connection refused":    refused.URL,
		"unknown certificate":   untrusted.URL,
		"no scheme":             "bbb-w1.example.com/bigbluebutton/api",
		"no URL":                "://user:" + serverSecret + "@host",
		"empty":                 "",
		"password in a bad URL": "https://user:" + serverSecret + "@ho st/",
	} {
		t.Run(name, func(t *testing.T) {
			at := pool.Endpoint{URL: address, Secret: pool.NewSecret(serverSecret)}
			client := New(checksum.SHA512, http.DefaultClient)
			_, meetingsErr := client.Meetings(t.Context(), at)
			_, recordingsErr := client.Recordings(t.Context(), at, pool.Processed)
			_, versionErr := client.Version(t.Context(), at)
			endErr := client.End(t.Context(), at, pool.Meeting{ID: "m-1", ModeratorPassword: pool.NewSecret("moderator-pw")})
			for call, err := range map[string]error{"getMeetings": meetingsErr, "getRecordings": recordingsErr, "version": versionErr, "end": endErr} {
				if err == nil || !strings.Contains(err.Error(), call) {
					t.Fatalf("error is %v, want one that names %s", err, call)
				}
				for _, secret := range []string{serverSecret, "checksum", "moderator-pw"} {
					if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
						t.Errorf("%s: the error contains %q: %v", call, secret, err)
					}
				}
			}
		})
	}
}
