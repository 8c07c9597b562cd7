package scalelite

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"divims/internal/client/checksum"
	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// Every hostile response ends in an error that names the call and the host. The call
// allocates at most 64 MB, including the test server's copies.
func TestHostileResponsesTakeLittleMemory(t *testing.T) {
	laughs := `<!DOCTYPE r [<!ENTITY a "` + strings.Repeat("&b;", 1000) + `"><!ENTITY b "lol">]><response><message>&a;</message></response>`
	tests := []struct {
		name     string
		response http.HandlerFunc
		want     string // part of the error
	}{
		{"nested lists", respond(jsonType, strings.Repeat("[", 1<<20)), "max depth"},
		{"nested objects", respond(jsonType, with("4.5", strings.Repeat(`{"a":`, 1<<17)).body), "max depth"},
		{"null very often", respond(jsonType, "["+strings.Repeat("null,", 1<<19)+"null]"), "the list has more than 20000 entries"},
		{"a word that clears the screen", respond(xmlType, "<response><message>\u009b2J</message></response>"), `"\u009b2J"`},
		{"a bomb", hostile.Bomb(t, jsonType, "[", " ", 4*maxResponse), "longer than 4194304 bytes"},
		{"XML: a billion laughs", respond(xmlType, laughs), "unreadable XML"},
		{"XML: nested elements", respond(xmlType, strings.Repeat("<a>", 1<<20)), "unreadable XML"},
		{"XML: a long message", respond(xmlType, "<response><message>"+strings.Repeat("x", 1<<15)+"</message></response>"), `HTTP status 200: "xxx`},
		{"XML: a bomb", hostile.Bomb(t, xmlType, "<response>", "<a/>", 4*maxResponse), "longer than 4194304 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.response)
			defer server.Close()
			client := New(Settings{URL: server.URL, Secret: pool.NewSecret(balancerSecret), Hash: checksum.SHA256}, server.Client())
			var entries []pool.Entry
			var err error
			hostile.Within(t, 64<<20, func() { entries, err = client.Entries(t.Context()) })
			if err == nil || entries != nil || !strings.HasPrefix(err.Error(), "getServers of 127.0.0.1:") || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %d entries and the error %.300v, want only an error with the call, the host and %q", len(entries), err, test.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}

// respond returns a handler that answers every request the same way.
func respond(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body))
	}
}
