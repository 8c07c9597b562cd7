package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"divims/internal/client/checksum"
	"divims/internal/pool"
)

// probe calls the management API of a Scalelite and compares its answers with those of
// 1.8.5. It changes only an entry of its own, whose id replaces $ID in calls.
type probe struct {
	*testing.T
	client *http.Client
	url    string
	secret pool.Secret
	entry  string
}

// newProbe returns a probe of the Scalelite at PROBE_URL with the LOADBALANCER_SECRET
// PROBE_SECRET, or of a sandbox.
func newProbe(t *testing.T) *probe {
	if address := os.Getenv("PROBE_URL"); address != "" {
		client := &http.Client{Timeout: time.Minute}
		return &probe{T: t, client: client, url: strings.TrimRight(address, "/"), secret: pool.NewSecret(os.Getenv("PROBE_SECRET"))}
	}
	f := newFixture(t, nil)
	return &probe{T: t, client: f.http, url: f.settings.Scalelite.URL, secret: f.settings.Scalelite.Secret}
}

// answered is an answer of Scalelite: its status, its media type and its body.
type answered struct {
	status     int
	kind, body string
}

// call makes a signed call. The body is JSON unless it is empty.
func (p *probe) call(method, call, body string) answered {
	p.Helper()
	call, body = strings.ReplaceAll(call, "$ID", p.entry), strings.ReplaceAll(body, "$ID", p.entry)
	path, query, _ := strings.Cut(call, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		p.Fatal(err)
	}
	signed := checksum.SHA256.Sign(strings.TrimSuffix(path, "/"), values, p.secret)
	return p.send(method, "/scalelite/api/"+path+"?"+signed, body)
}

func (p *probe) send(method, path, body string) answered {
	p.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(p.Context()), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.Fatal(err)
	}
	if date := response.Header.Get("Date"); date != "" && os.Getenv("PROBE_URL") == "" { // a proxy may add one
		p.Errorf("%s %s: has the date %s, which puma does not send", method, path, date)
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return answered{response.StatusCode, kind, string(text)}
}

// add adds an entry and has it deleted at the end.
func (p *probe) add(params string) answered {
	p.Helper()
	got := p.call(http.MethodPost, "addServer", `{"server":{`+params+`}}`)
	var added struct{ ID string }
	if json.Unmarshal([]byte(got.body), &added) != nil || added.ID == "" {
		p.Fatalf("addServer with %s: %+v", params, got)
	}
	p.Cleanup(func() {
		if left := p.call(http.MethodPost, "deleteServer", `{"id":"`+added.ID+`"}`); left.status != http.StatusOK && left.status != http.StatusNotFound {
			p.Errorf("delete entry %s: %+v", added.ID, left)
		}
	})
	p.entry = added.ID
	return got
}

// expect compares an answer. Each part must be in its body; without parts, it is empty.
func (p *probe) expect(what string, got answered, status int, kind string, parts ...string) {
	p.Helper()
	if got.status != status || got.kind != kind {
		p.Errorf("%s: status %d, %s; want %d, %s", what, got.status, got.kind, status, kind)
	}
	for _, part := range parts {
		if part = strings.ReplaceAll(part, "$ID", p.entry); !strings.Contains(got.body, part) {
			p.Errorf("%s: %s\n does not contain %s", what, got.body, part)
		}
	}
	if len(parts) == 0 && got.body != "" {
		p.Errorf("%s: %s\n is not empty", what, got.body)
	}
}

// The media types of Scalelite's answers.
const (
	isJSON = "application/json"
	isXML  = "application/xml"
	isHTML = "text/html"
)

// probedCalls are calls about the probe's entry, in their order, and their answers.
var probedCalls = []struct {
	name, method, call, body string
	status                   int
	kind                     string
	parts                    []string
}{
	{"list", "GET", "getServers", "", 200, isJSON, []string{`"id":"$ID"`}},
	{"list with a slash", "GET", "getServers/", "", 200, isJSON, []string{`"id":"$ID"`}},
	{"one entry", "GET", "getServerInfo?id=$ID", "", 200, isJSON, []string{`{"id":"$ID"`, `"load":"unavailable"`, `"online":"offline"`}},
	{"an unknown entry", "GET", "getServerInfo?id=nobody", "", 404, isJSON, []string{`{"error":"Couldn't find server with id=nobody"}`}},
	{"change an unknown entry", "POST", "updateServer", `{"id":"nobody","server":{"state":"enable"}}`, 404, isJSON, []string{"id=nobody"}},
	{"delete an unknown entry", "POST", "deleteServer", `{"id":"nobody"}`, 404, isJSON, []string{"id=nobody"}},
	{"panic an unknown entry", "POST", "panicServer", `{"id":"nobody"}`, 404, isJSON, []string{"id=nobody"}},
	{"delete without a body", "POST", "deleteServer", "", 404, isJSON, []string{"Couldn't find server with id="}},
	{"cordon", "POST", "updateServer", `{"id":"$ID","server":{"state":"cordon"}}`, 200, isJSON, []string{`"state":"cordoned"`}},
	{"enable", "POST", "updateServer", `{"id":"$ID","server":{"state":"enable"}}`, 200, isJSON, []string{`"state":"enabled"`, `"load":"unavailable"`}},
	{"disable", "POST", "updateServer", `{"id":"$ID","server":{"state":"disable"}}`, 200, isJSON, []string{`"state":"disabled"`}},
	{"a state of answers", "POST", "updateServer", `{"id":"$ID","server":{"state":"enabled"}}`, 400, isJSON, []string{`{"error":"Invalid state parameter: enabled"}`}},
	{"nothing to change", "POST", "updateServer", `{"id":"$ID"}`, 200, isJSON, []string{`"state":"disabled"`}},
	{"change without parameters", "POST", "updateServer", `{"id":"$ID","server":{}}`, 400, isJSON, []string{"param is missing"}},
	{"change with a text", "POST", "updateServer", `{"id":"$ID","server":"x"}`, 400, isJSON, []string{`"error"`}},
	{"a negative multiplier", "POST", "updateServer", `{"id":"$ID","server":{"load_multiplier":-1}}`, 200, isJSON, []string{`"load_multiplier":"-1.0"`}},
	{"a multiplier that is not a number", "POST", "updateServer", `{"id":"$ID","server":{"load_multiplier":"NaN"}}`, 200, isJSON, []string{`"load_multiplier":null`}},
	{"a multiplier of 0", "POST", "updateServer", `{"id":"$ID","server":{"load_multiplier":0}}`, 400, isJSON, []string{`"error"`}},
	{"a multiplier as text", "POST", "updateServer", `{"id":"$ID","server":{"load_multiplier":"1.5"}}`, 200, isJSON, []string{`"load_multiplier":"1.5"`}},
	{"another secret", "POST", "updateServer", `{"id":"$ID","server":{"secret":"another"}}`, 200, isJSON, []string{`"secret":"another"`}},
	{"a tag", "POST", "updateServer", `{"id":"$ID","server":{"tag":"exam"}}`, 200, isJSON, []string{`"tag":"exam"`}},
	{"a bad value changes nothing", "POST", "updateServer", `{"id":"$ID","server":{"tag":"other","state":"on"}}`, 400, isJSON, []string{"Invalid state"}},
	{"so the tag is the same", "GET", "getServerInfo?id=$ID", "", 200, isJSON, []string{`"tag":"exam"`, `"bbb_version":""`}},
	{"malformed JSON", "POST", "updateServer", `{"id":`, 400, isHTML, nil},
	{"add nothing", "POST", "addServer", `{"server":{}}`, 200, isXML, []string{"<messageKey>internalError</messageKey>"}},
	{"add without parameters", "POST", "addServer", `{}`, 200, isXML, []string{"<messageKey>internalError</messageKey>"}},
	{"add without a URL", "POST", "addServer", `{"server":{"secret":"s"}}`, 400, isJSON, []string{"Server needs a URL and a secret"}},
	{"add an array", "POST", "addServer", `[1]`, 400, isJSON, []string{`"error"`}},
	{"add a text", "POST", "addServer", `{"server":"x"}`, 500, isHTML, nil},
	{"an unknown call", "GET", "getSomething", "", 200, isXML, []string{"<returncode>FAILED</returncode>", "<messageKey>unsupportedRequest</messageKey>"}},
	{"GET instead of POST", "GET", "deleteServer?id=$ID", "", 200, isXML, []string{"<messageKey>unsupportedRequest</messageKey>"}},
	{"panic, the state kept", "POST", "panicServer", `{"id":"$ID","keep_state":true}`, 200, isJSON, []string{`{"success":`}},
	{"panic", "POST", "panicServer", `{"id":"$ID"}`, 200, isJSON, []string{`{"success":`}},
	{"delete", "POST", "deleteServer", `{"id":"$ID"}`, 200, isJSON, []string{`{"success":`}},
	{"delete again", "POST", "deleteServer", `{"id":"$ID"}`, 404, isJSON, []string{"id=$ID"}},
}

// TestProbeScalelite compares the answers of all management calls with those of Scalelite
// 1.8.5. By default it calls the sandbox; see newProbe.
func TestProbeScalelite(t *testing.T) {
	p := newProbe(t)
	p.expect("health", p.send(http.MethodGet, "/", ""), 200, "text/plain", "success")
	p.expect("health", p.send(http.MethodGet, "/health_check", ""), 200, "text/plain", "success")
	p.expect("version", p.send(http.MethodGet, "/bigbluebutton/api", ""), 200, isXML, "<returncode>SUCCESS</returncode>")
	p.expect("no checksum", p.send(http.MethodGet, "/scalelite/api/getServers", ""), 200, isXML, "<messageKey>checksumError</messageKey>")

	name := fmt.Sprintf("probe-%d.invalid", time.Now().UnixNano())
	for address, multiplier := range map[string]string{
		"http://HOST:80/":                       `0`,
		"https://HOST.:8443/bigbluebutton/api/": `"abc"`,
		"HTTPS://HOST/bigbluebutton/api":        `""`,
		"https://user@HOST/elsewhere?x=y":       `null`,
	} {
		address = strings.ReplaceAll(address, "HOST", strings.ToUpper(name))
		p.expect("add "+address, p.add(`"url":"`+address+`","secret":"s","load_multiplier":`+multiplier), 201, isJSON,
			`"url":"`+address+`"`, `"state":"disabled"`, `"load_multiplier":"1.0"`)
	}
	p.add(`"url":"https://` + name + `/bigbluebutton/api","secret":"s"`)
	for _, c := range probedCalls {
		p.expect(c.name, p.call(c.method, c.call, c.body), c.status, c.kind, c.parts...)
	}
}
