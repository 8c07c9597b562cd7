package scalelite

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

var _ pool.LoadBalancer = (*Client)(nil)

const (
	balancerSecret = "balancer-secret-4711"
	serverSecret   = "server-secret-0815"
	jsonType       = "application/json; charset=utf-8"
	xmlType        = "application/xml; charset=utf-8"
	htmlType       = "text/html"

	enabledEntry = `{"id":"e-1","url":"https://bbb-w1.example.com/bigbluebutton/api","secret":"server-secret-0815",` +
		`"tag":"lab","bbb_version":"3.0.4","state":"enabled","load":4.5,"load_multiplier":"1.5","online":"online"}`
	freshEntry = `{"id":"e-2","url":"https://bbb-w2.example.com/bigbluebutton/api","secret":"server-secret-0815",` +
		`"tag":null,"state":"disabled","load":"unavailable","load_multiplier":1.0,"online":"offline","new_in_v2":[1]}`
	checksumError = `<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey>` +
		`<message>You did not pass the checksum security check</message></response>`
)

// response is a response of the scripted Scalelite.
type response struct {
	status      int
	contentType string
	body        string
}

// script is a Scalelite with scripted responses. It repeats the last one, and records
// the requests.
type script struct {
	t         *testing.T
	responses []response
	requests  []string // "POST /scalelite/api/updateServer {body}"
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("read a request's body: %v", err)
	}
	s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	call := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	if !checksum.Verify(call, r.URL.RawQuery, pool.NewSecret(balancerSecret)) {
		s.t.Errorf("%s has a wrong checksum: %s", call, r.URL.RawQuery)
	}
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json" {
		s.t.Errorf("%s is posted as %q", call, r.Header.Get("Content-Type"))
	}
	next := s.responses[min(len(s.requests), len(s.responses))-1]
	w.Header().Set("Content-Type", next.contentType)
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
}

// scripted starts a Scalelite with the given responses and returns it and its client.
func scripted(t *testing.T, responses ...response) (*script, *Client) {
	t.Helper()
	s := &script{t: t, responses: responses}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, New(Settings{URL: server.URL, Secret: pool.NewSecret(balancerSecret), Hash: checksum.SHA256}, server.Client())
}

func TestEntries(t *testing.T) {
	s, client := scripted(t, response{200, jsonType, "[" + enabledEntry + "," + freshEntry + "]"})
	entries, err := client.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Secret.Reveal() != serverSecret || entries[1].Secret.Reveal() != serverSecret {
		t.Fatalf("entries are %v, want two with their secrets", entries)
	}
	entries[0].Secret, entries[1].Secret = pool.Secret{}, pool.Secret{}
	want := []pool.Entry{
		{ID: "e-1", URL: "https://bbb-w1.example.com/bigbluebutton/api", State: pool.Enabled, Load: pool.Seen(4.5),
			LoadMultiplier: 1.5, Online: true, Tag: "lab", BBBVersion: "3.0.4"},
		{ID: "e-2", URL: "https://bbb-w2.example.com/bigbluebutton/api", State: pool.Disabled,
			Load: pool.Unknown[float64]("Scalelite says unavailable"), LoadMultiplier: 1},
	}
	if !reflect.DeepEqual(entries, want) {
		t.Errorf("entries are %+v, want %+v", entries, want)
	}
	if want := []string{"GET /scalelite/api/getServers"}; !reflect.DeepEqual(s.requests, want) {
		t.Errorf("requests are %q, want %q", s.requests, want)
	}
}

func TestNoEntries(t *testing.T) {
	for name, a := range map[string]response{
		"404 with Scalelite's text": {404, jsonType, `{"error":"No servers are configured"}`},
		"empty array":               {200, jsonType, `[]`},
	} {
		_, client := scripted(t, a)
		if entries, err := client.Entries(t.Context()); err != nil || entries == nil || len(entries) != 0 {
			t.Errorf("%s: got %v, %v; want an empty list", name, entries, err)
		}
	}
}

// with returns a list of two entries. The second is enabledEntry with replacement instead
// of old.
func with(old, replacement string) response {
	if !strings.Contains(enabledEntry, old) {
		panic("enabledEntry does not contain " + old)
	}
	return response{200, jsonType, "[" + freshEntry + "," + strings.Replace(enabledEntry, old, replacement, 1) + "]"}
}

// incompleteLists are responses to getServers that Entries rejects.
var incompleteLists = []struct {
	name     string
	response response
	want     string // part of the error
}{
	{"another 404", response{404, jsonType, `{"error":"Not Found"}`}, `HTTP status 404: "Not Found"`},
	{"a proxy's 404", response{404, htmlType, `No servers are configured`}, "HTTP status 404"},
	{"XML under 200", response{200, xmlType, checksumError}, `HTTP status 200, "checksumError": "You did not pass`},
	{"broken XML under 200", response{200, xmlType, "<response>"}, "unreadable XML"},
	{"a page under 200", response{200, htmlType, "<html>[]</html>"}, `"text/html" and not JSON`},
	{"no content type", response{200, "", "[]"}, "not JSON"},
	{"wrong host", response{403, htmlType, ""}, "HTTP status 403 (is this the host name"},
	{"a redirect", response{302, htmlType, ""}, "HTTP status 302"},
	{"a proxy's 502", response{502, htmlType, "<html>"}, "HTTP status 502"},
	{"half a list", response{200, jsonType, "[" + enabledEntry + ","}, "entry 2: EOF"},
	{"a list without an end", response{200, jsonType, "[" + enabledEntry}, "the end of the list: EOF"},
	{"an empty body", response{200, jsonType, ""}, "not a list"},
	{"null", response{200, jsonType, "null"}, "not a list"},
	{"an object", response{200, jsonType, enabledEntry}, "not a list"},
	{"two lists", response{200, jsonType, "[][]"}, "after the list"},
	{"too long a body", response{200, jsonType, "[" + strings.Repeat(" ", maxResponse) + "]"}, "longer than 4194304 bytes"},
}

func TestIncompleteListIsAnError(t *testing.T) {
	for _, test := range incompleteLists {
		t.Run(test.name, func(t *testing.T) {
			_, client := scripted(t, test.response)
			entries, err := client.Entries(t.Context())
			if err == nil || entries != nil {
				t.Fatalf("got %v, %v; want only an error", entries, err)
			}
			if prefix := "getServers of 127.0.0.1:"; !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %q, want it to begin with %q and to contain %q", err, prefix, test.want)
			}
			if strings.Contains(err.Error(), serverSecret) {
				t.Errorf("error contains a secret: %v", err)
			}
		})
	}
}

// oddEntries are lists whose second entry cannot be read.
var oddEntries = []struct {
	name     string
	response response
	want     string // part of the problem
}{
	{"no id", with(`"id":"e-1",`, ""), "id or url is missing"},
	{"no url", with(`"https://bbb-w1.example.com/bigbluebutton/api"`, `""`), "id or url is missing"},
	{"a new state", with(`"enabled"`, `"sleeping"`), `unknown state "sleeping"`},
	{"no state", with(`"state":"enabled",`, ""), `unknown state ""`},
	{"a new word for online", with(`"online":"online"`, `"online":"maybe"`), `online is "maybe"`},
	{"online as a boolean", with(`"online":"online"`, `"online":true`), "online is no text"},
	{"a new word for load", with("4.5", `"busy"`), "load:"},
	{"load null", with("4.5", "null"), "load:"},
	{"no load", with(`"load":4.5,`, ""), "load:"},
	{"a negative load", with("4.5", "-1"), "load:"},
	{"an infinite load", with("4.5", `"Infinity"`), "load:"},
	{"a load out of range", with("4.5", "1e999"), "load:"},
	{"a multiplier that is no number", with(`"1.5"`, `"NaN"`), "load_multiplier:"},
	{"a multiplier of null", with(`"1.5"`, "null"), "load_multiplier:"},
	{"a negative multiplier", with(`"1.5"`, `"-1.0"`), "load_multiplier:"},
	{"a load of 1e308", with("4.5", "1e308"), `load: "1e308" is not a number from 0 to 1000000000`},
	{"a load beyond 64 bits", with("4.5", "99999999999999999999"), "load:"},
	{"a load of very many digits", with("4.5", strings.Repeat("9", 1<<20)), "load:"},
	{"a multiplier of 1e308", with(`"1.5"`, `"1e308"`), "load_multiplier:"},
	{"a url that is an object", with(`"https://bbb-w1.example.com/bigbluebutton/api"`, "{}"), "url is no text"},
	{"a long id", with("e-1", strings.Repeat("x", maxText+1)), "id is longer than 2048 bytes"},
	{"a long url", with("/bigbluebutton/api", "/"+strings.Repeat("x", maxText)), "url is longer than 2048 bytes"},
	{"a secret that is no text", with(`"server-secret-0815"`, "4711"), "secret is no text"},
}

// An entry that cannot be read has a problem. Its other values and the other entries are
// known, so that only its own server is left alone.
func TestOddEntryHasAProblem(t *testing.T) {
	for _, test := range oddEntries {
		t.Run(test.name, func(t *testing.T) {
			_, client := scripted(t, test.response)
			entries, err := client.Entries(t.Context())
			if err != nil || len(entries) != 2 {
				t.Fatalf("got %v, %v; want two entries", entries, err)
			}
			if entries[0].Problem != "" || entries[0].ID != "e-2" {
				t.Errorf("the first entry is %+v, want it as it is", entries[0])
			}
			odd := entries[1]
			if !strings.Contains(odd.Problem, test.want) || strings.Contains(odd.Problem, serverSecret) {
				t.Errorf("the problem is %q, want one with %q and without the secret", odd.Problem, test.want)
			}
			if strings.Contains(test.name, "url") != (odd.Host() != "bbb-w1.example.com") && !strings.Contains(test.name, "long url") {
				t.Errorf("the URL is %q", odd.URL)
			}
			if odd.Tag != "lab" || odd.BBBVersion != "3.0.4" {
				t.Errorf("the entry is %+v, want what can be read", odd)
			}
			if test.want == "load:" && odd.Load.Known() {
				t.Errorf("the load is %+v, want it unknown", odd.Load)
			}
		})
	}
}

func TestEntryThatIsNoObject(t *testing.T) {
	for _, odd := range []string{"null", "7", `"e-1"`, "[]", "{}"} {
		_, client := scripted(t, response{200, jsonType, "[" + odd + "," + enabledEntry + "]"})
		entries, err := client.Entries(t.Context())
		if err != nil || len(entries) != 2 || entries[0].Problem == "" || entries[0].URL != "" || entries[1].Problem != "" {
			t.Errorf("%s: got %v, %v; want only the first to have a problem", odd, entries, err)
		}
	}
}

func TestEntriesWithTheSameID(t *testing.T) {
	_, client := scripted(t, with("e-1", "e-2"))
	entries, err := client.Entries(t.Context())
	if err != nil || len(entries) != 2 || entries[0].Problem == "" || entries[1].Problem == "" {
		t.Errorf("got %+v, %v; want both entries to have a problem", entries, err)
	}
}

func TestFailedCallIsAnError(t *testing.T) {
	_, client := scripted(t, response{200, xmlType, checksumError})
	_, err := client.Entries(t.Context())
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("error is %v, want an *Error", err)
	}
	want := Error{Status: 200, Key: "checksumError", Message: "You did not pass the checksum security check"}
	if *failure != want {
		t.Errorf("failure is %+v, want %+v", *failure, want)
	}
}

func TestRequestsOfChanges(t *testing.T) {
	done := response{200, jsonType, `{"success":"done"}`}
	tests := []struct {
		name     string
		response response
		change   func(*Client) error
		want     string
	}{
		{"enable", response{200, jsonType, enabledEntry},
			func(c *Client) error { return c.SetState(t.Context(), "e-1", pool.Enabled) },
			`POST /scalelite/api/updateServer {"id":"e-1","server":{"state":"enable"}}`},
		{"cordon", response{200, jsonType, enabledEntry},
			func(c *Client) error { return c.SetState(t.Context(), "e-1", pool.Cordoned) },
			`POST /scalelite/api/updateServer {"id":"e-1","server":{"state":"cordon"}}`},
		{"disable", response{200, jsonType, enabledEntry},
			func(c *Client) error { return c.SetState(t.Context(), "e-1", pool.Disabled) },
			`POST /scalelite/api/updateServer {"id":"e-1","server":{"state":"disable"}}`},
		{"remove", done,
			func(c *Client) error { return c.Unregister(t.Context(), "e-1") },
			`POST /scalelite/api/deleteServer {"id":"e-1"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, client := scripted(t, test.response)
			if err := test.change(client); err != nil {
				t.Fatal(err)
			}
			if want := []string{test.want}; !reflect.DeepEqual(s.requests, want) {
				t.Errorf("requests are %q, want %q", s.requests, want)
			}
		})
	}
}

func TestUnknownStateIsNotRequested(t *testing.T) {
	s, client := scripted(t, response{200, jsonType, enabledEntry})
	if err := client.SetState(t.Context(), "e-1", "sleeping"); err == nil {
		t.Error("no error for a state that does not exist")
	}
	if len(s.requests) != 0 {
		t.Errorf("requests are %q, want none", s.requests)
	}
}

func TestOnlyScalelites404MeansGone(t *testing.T) {
	changes := map[string]func(*Client) error{
		"set state": func(c *Client) error { return c.SetState(t.Context(), "e-1", pool.Cordoned) },
		"remove":    func(c *Client) error { return c.Unregister(t.Context(), "e-1") },
	}
	tests := []struct {
		name     string
		response response
		gone     bool
	}{
		{"Scalelite's 404", response{404, jsonType, `{"error":"Couldn't find server with id=e-1"}`}, true},
		{"a proxy's 404", response{404, htmlType, "<html>Not Found</html>"}, false},
		{"an empty 404", response{404, jsonType, ""}, false},
		{"a bad request", response{400, jsonType, `{"error":"Invalid state parameter: sleep"}`}, false},
		{"a failed signature", response{200, xmlType, checksumError}, false},
	}
	for name, change := range changes {
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				_, client := scripted(t, test.response)
				err := change(client)
				var failure *Error
				if !errors.As(err, &failure) || failure.Status != test.response.status {
					t.Fatalf("error is %v, want an *Error with status %d", err, test.response.status)
				}
				if errors.Is(err, pool.ErrGone) != test.gone {
					t.Errorf("error is %v; gone: want %v", err, test.gone)
				}
			})
		}
	}
}

func TestRegister(t *testing.T) {
	s, client := scripted(t, response{201, jsonType, freshEntry})
	entry, err := client.Register(t.Context(), "https://bbb-w2.example.com/bigbluebutton/api", pool.NewSecret(serverSecret))
	if err != nil {
		t.Fatal(err)
	}
	if entry.ID != "e-2" || entry.State != pool.Disabled {
		t.Errorf("entry is %+v, want e-2, disabled", entry)
	}
	want := []string{`POST /scalelite/api/addServer {"server":{"secret":"server-secret-0815","url":"https://bbb-w2.example.com/bigbluebutton/api"}}`}
	if !reflect.DeepEqual(s.requests, want) {
		t.Errorf("requests are %q, want %q", s.requests, want)
	}
}

func TestRegisterFails(t *testing.T) {
	tests := []struct {
		name     string
		response response
		want     string
	}{
		{"no list to look whether it is there", response{500, "", ""}, "HTTP status 500: see whether it is registered already: getServers"},
		{"missing parameter", response{400, jsonType, `{"error":"Server needs a secret"}`}, `HTTP status 400: "Server needs a secret"`},
		{"wrong content type", response{200, xmlType, `<response><messageKey>unsupportedContentType</messageKey></response>`}, "unsupportedContentType"},
		{"unreadable entry", response{201, jsonType, `{}`}, "id or url is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, client := scripted(t, test.response)
			_, err := client.Register(t.Context(), "https://w2/bigbluebutton/api", pool.NewSecret(serverSecret))
			if err == nil || !strings.Contains(err.Error(), "register https://w2/bigbluebutton/api: addServer of 127.0.0.1:") ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want the server, the call and %q", err, test.want)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	for name, suffix := range map[string]string{
		"plain":                  "",
		"final slash":            "/",
		"the API's path":         "/scalelite/api",
		"the API's path and a /": "/scalelite/api/",
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, responses: []response{{200, jsonType, "[]"}}}
			server := httptest.NewServer(s)
			defer server.Close()
			client := New(Settings{URL: server.URL + suffix, Secret: pool.NewSecret(balancerSecret), Hash: checksum.SHA512}, server.Client())
			if _, err := client.Entries(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := []string{"GET /scalelite/api/getServers"}; !reflect.DeepEqual(s.requests, want) {
				t.Errorf("requests are %q, want %q", s.requests, want)
			}
		})
	}
}

func TestSecretsDoNotFollowARedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed: %s", r.URL.Path)
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	client := New(Settings{URL: server.URL, Secret: pool.NewSecret(balancerSecret), Hash: checksum.SHA256}, server.Client())
	if _, err := client.Register(t.Context(), "https://w2/bigbluebutton/api", pool.NewSecret(serverSecret)); err == nil {
		t.Error("a redirect is not an error")
	}
}

func TestErrorsContainNoSecret(t *testing.T) {
	reset := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer reset.Close()
	refused := httptest.NewServer(nil)
	refused.Close()
	for name, baseURL := range map[string]string{
		"connection reset":   reset.URL,
		"connection refused": refused.URL,
		"no URL":             "://user:" + balancerSecret + "@host",
		"no scheme":          "scalelite.example.com",
		"empty":              "",
	} {
		t.Run(name, func(t *testing.T) {
			client := New(Settings{URL: baseURL, Secret: pool.NewSecret(balancerSecret)}, http.DefaultClient)
			_, entriesErr := client.Entries(t.Context())
			_, registerErr := client.Register(t.Context(), "https://w2/bigbluebutton/api", pool.NewSecret(serverSecret))
			for call, err := range map[string]error{
				"Entries":    entriesErr,
				"Register":   registerErr,
				"SetState":   client.SetState(t.Context(), "e-1", pool.Enabled),
				"Unregister": client.Unregister(t.Context(), "e-1"),
			} {
				if err == nil {
					t.Fatalf("%s: no error", call)
				}
				for _, secret := range []string{balancerSecret, serverSecret, "checksum"} {
					if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
						t.Errorf("%s: the error contains %q: %v", call, secret, err)
					}
				}
			}
		})
	}
}
