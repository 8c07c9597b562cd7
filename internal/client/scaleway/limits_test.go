package scaleway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// TestHostileAnswersUseLittleMemory: for hostile answers, listing machines fails and
// allocates little more than the longest allowed answer.
func TestHostileAnswersUseLittleMemory(t *testing.T) {
	words := strings.Repeat("x", 1<<20)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a bomb":          {hostile.Bomb(t, "application/json", `{"servers":[{"id":"`, "x", 32<<20), "longer than 8388608 bytes"},
		"a bomb of null":  {hostile.Bomb(t, "application/json", `{"servers":[`, "null,", 32<<20), "longer than 8388608 bytes"},
		"objects":         {always(200, strings.Repeat(`{"servers":`, 1<<19)), "exceeded max depth"},
		"a long message":  {always(500, `{"message":"`+words+`"}`), "xxx"},
		"a long resource": {always(404, `{"type":"not_found","resource":"`+words+`","resource_id":"`+words+`"}`), "xxx"},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(test.answer)
			defer api.Close()
			cloud := newCloud(t)
			cloud.url = api.URL
			client := cloud.client(oneZone)
			var err error
			hostile.Within(t, 200<<20, func() { _, err = client.Machines(t.Context(), nil) })
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "fr-par-1") {
				t.Fatalf("error = %.300v, want one of the zone with %q", err, test.want)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}

// always returns a client of an API that answers everything alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}
