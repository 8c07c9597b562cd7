package scenario

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeFunction is the function as far as the page of the scenario meets it.
func fakeFunction(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if r.URL.Path != "/" {
		w.WriteHeader(http.StatusNotFound)
	}
	for _, part := range []string{r.Method, " ", r.URL.Path} {
		_, _ = io.WriteString(w, part)
	}
}

func get(t *testing.T, handler http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return recorder
}

// testPage returns the handler of a run in which each kind of entry has happened.
func testPage(t *testing.T) http.Handler {
	t.Helper()
	s, _, err := read("bad <day>.txt", []byte(`
+1h zone-down zone=a for=30m
+2h zone-down zone=b for=5h
+3h operator do="say <b>"
+4h poller-stops
+5h bbb-stops servers=running
+6h noted
+7h broken`), testOptions(), testKinds(new([]string)))
	if err != nil {
		t.Fatal(err)
	}
	timeline := s.Timeline(nil)
	timeline.running = func() []int { return nil }
	now := func() time.Time { return mondayMorning().Add(5*time.Hour + 30*time.Minute) }
	if _, err := timeline.Happen(now()); err != nil {
		t.Fatal(err)
	}
	return timeline.Handler(http.HandlerFunc(fakeFunction), now)
}

func TestPage(t *testing.T) {
	response := get(t, testPage(t), http.MethodGet, "/scenario")
	if response.Code != http.StatusOK || response.Header().Get("Content-Security-Policy") != pagePolicy {
		t.Errorf("status %d, headers %v", response.Code, response.Header())
	}
	text := response.Body.String()
	rows := regexp.MustCompile(`<li( class="ongoing")?><time datetime="(.*?)">(.*?)</time> <code>(.*?)</code> <span>(.*?)</span></li>`).FindAllStringSubmatch(text, -1)
	var got []string
	for _, row := range rows {
		got = append(got, fmt.Sprint(row[1] != "", " ", strings.Join(row[2:], " | ")))
	}
	want := []string{
		"false 2026-03-02T10:00:00Z | Mon 11:00 | bbb-stops servers=running | without effect: nothing happens: no server&#39;s machine runs",
		"true 2026-03-02T09:00:00Z | Mon 10:00 | poller-stops | ongoing",
		"false 2026-03-02T08:00:00Z | Mon 09:00 | operator do=&#34;say &lt;b&gt;&#34; | done",
		"true 2026-03-02T07:00:00Z | Mon 08:00 | zone-down zone=b for=5h | ongoing until Mon 13:00",
		"false 2026-03-02T06:00:00Z | Mon 07:00 | zone-down zone=a for=30m | over since Mon 07:30",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, part := range []string{"bad &lt;day&gt;.txt, at Mon 11:30", `<iframe src="/scenario/function"`} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %s:\n%s", part, text)
		}
	}
	if strings.Contains(text, "<script") || !strings.Contains(text, "<style>"+pageStyle+"</style>") {
		t.Error("the page has a script, or not the style that its policy allows")
	}
}

func TestPageBeforeTheFirstEvent(t *testing.T) {
	s, _, err := read("bad.txt", []byte("+1h poller-stops"), testOptions(), testKinds(new([]string)))
	if err != nil {
		t.Fatal(err)
	}
	handler := s.Timeline(nil).Handler(http.HandlerFunc(fakeFunction), mondayMorning)
	if text := get(t, handler, http.MethodGet, "/scenario").Body.String(); !strings.Contains(text, "Nothing has happened yet.") {
		t.Errorf("the page:\n%s", text)
	}
}

// TestFunctionBesideTheScenario checks that only the page in the frame may be framed, and
// that the function serves all other requests as without a scenario.
func TestFunctionBesideTheScenario(t *testing.T) {
	const open, closed = "default-src 'none'; frame-ancestors 'self'", "default-src 'none'; frame-ancestors 'none'"
	tests := []struct {
		method, path, policy, text string
		status                     int
	}{
		{"GET", "/scenario/function", open, "GET /", http.StatusOK},
		{"GET", "/", closed, "GET /", http.StatusOK},
		{"POST", "/", closed, "POST /", http.StatusOK},
		{"GET", "/elsewhere", closed, "GET /elsewhere", http.StatusNotFound},
		{"POST", "/scenario", closed, "POST /scenario", http.StatusNotFound},
		{"GET", "/scenario/elsewhere", closed, "GET /scenario/elsewhere", http.StatusNotFound},
	}
	handler := testPage(t)
	for _, test := range tests {
		response := get(t, handler, test.method, test.path)
		text, policy := response.Body.String(), response.Header().Get("Content-Security-Policy")
		if response.Code != test.status || text != test.text || policy != test.policy {
			t.Errorf("%s %s: %d %q with %q; want %d %q with %q", test.method, test.path, response.Code, text, policy, test.status, test.text, test.policy)
		}
	}
}
