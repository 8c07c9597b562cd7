package sandbox_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"divims/internal/client/checksum"
	"divims/internal/lab/demand"
	"divims/internal/lab/sandbox"
	"divims/internal/lab/world"
	"divims/internal/pool"
)

// The Content-Types of Scalelite's responses.
const (
	asJSON = "application/json; charset=utf-8"
	asXML  = "application/xml; charset=utf-8"
)

// scaleliteCall calls Scalelite's API with a valid checksum.
func (f *fixture) scaleliteCall(method, call, body string) rawResponse {
	return f.send(method, f.scaleliteURL(call, checksum.SHA256), body, http.Header{"Content-Type": {"application/json"}})
}

func (f *fixture) scaleliteURL(call string, hash checksum.Hash) string {
	name, rawQuery, _ := strings.Cut(call, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.settings.Scalelite.URL + "/scalelite/api/" + name + "?" + hash.Sign(name, query, f.settings.Scalelite.Secret)
}

func TestScaleliteWorksWithItsClient(t *testing.T) {
	f := newFixture(t, nil)
	lb := f.scalelite()
	entries, err := lb.Entries(t.Context())
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v; want 3", len(entries), err)
	}
	if e := f.entry(1); e.State != pool.Enabled || !e.Online || !e.Load.Known() || e.LoadMultiplier != 1 || e.BBBVersion == "" {
		t.Errorf("the running server is %+v", e)
	}
	if e := f.entry(2); e.State != pool.Disabled || e.Online || e.Load.Known() {
		t.Errorf("the server without a machine is %+v", e)
	}
	for _, state := range []pool.EntryState{pool.Cordoned, pool.Disabled, pool.Enabled} {
		if err := lb.SetState(t.Context(), f.entry(1).ID, state); err != nil || f.entry(1).State != state {
			t.Errorf("set to %s: %s, %v", state, f.entry(1).State, err)
		}
	}
	if f.entry(1).Load.Known() {
		t.Error("an entry that was just enabled has a load before the next poll")
	}
	f.advance(time.Minute)
	if !f.entry(1).Load.Known() {
		t.Error("an enabled entry has no load after a poll")
	}
}

func TestScaleliteAcceptsDuplicateURLs(t *testing.T) {
	f := newFixture(t, nil)
	first := f.entry(1)
	second, err := f.scalelite().Register(t.Context(), first.URL, first.Secret)
	if err != nil || second.ID == first.ID || second.State != pool.Disabled || second.Load.Known() {
		t.Errorf("second entry %+v, %v", second, err)
	}
	if err := f.scalelite().Unregister(t.Context(), second.ID); err != nil {
		t.Errorf("remove the duplicate: %v", err)
	}
	if err := f.scalelite().Unregister(t.Context(), second.ID); !errors.Is(err, pool.ErrGone) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestScaleliteWithoutEntries(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 3 {
		if err := f.scalelite().Unregister(t.Context(), f.entry(i+1).ID); err != nil {
			t.Fatal(err)
		}
	}
	f.scaleliteCall(http.MethodGet, "getServers", "").want(t, http.StatusNotFound, asJSON, `{"error":"No servers are configured"}`)
	if entries, err := f.scalelite().Entries(t.Context()); err != nil || len(entries) != 0 {
		t.Errorf("the client reads %v, %v", entries, err)
	}
}

// A load is a number or a word, a load_multiplier is a string or a number.
func TestScaleliteFormatsLoads(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Meetings = []demand.Meeting{lecture(time.Second, time.Hour, 20)}
	})
	f.advance(time.Minute)
	f.scaleliteCall(http.MethodGet, "getServers", "").want(t, http.StatusOK, asJSON,
		`"state":"enabled","load":21.0,"load_multiplier":1.0,"online":"online"`,
		`"tag":"","bbb_version":"","state":"disabled","load":"unavailable","load_multiplier":1.0,"online":"offline"`)
	f.scaleliteCall(http.MethodPost, "addServer", `{"server":{"url":"https://new.sandbox.test/bigbluebutton/api","secret":"s"}}`).
		want(t, http.StatusCreated, asJSON, `"state":"disabled","load":"unavailable","load_multiplier":"1.0","online":"offline"`)
	f.scaleliteCall(http.MethodPost, "addServer", `{"server":{"url":"https://big.sandbox.test/bigbluebutton/api","secret":"s","tag":"gpu","load_multiplier":"0.5"}}`).
		want(t, http.StatusCreated, asJSON, `"tag":"gpu"`, `"load_multiplier":"0.5"`)
	f.scaleliteCall(http.MethodPost, "updateServer", `{"id":"`+f.entry(2).ID+`","server":{"tag":"exam","load_multiplier":2}}`).
		want(t, http.StatusOK, asJSON, `"tag":"exam"`, `"load_multiplier":"2.0"`)
	f.scaleliteCall(http.MethodGet, "getServerInfo?id="+f.entry(1).ID, "").want(t, http.StatusOK, asJSON, `{"id":"`+f.entry(1).ID)
}

// Errors that are found before the call itself is checked are XML with status 200.
func TestScaleliteSendsEarlyErrorsWithStatus200(t *testing.T) {
	f := newFixture(t, nil)
	good := f.scaleliteURL("getServers", checksum.SHA256)
	body := `{"id":"x"}`
	for name, c := range map[string]struct {
		got  rawResponse
		part string
	}{
		"no checksum":                  {f.get(strings.Split(good, "?")[0]), "checksumError"},
		"a wrong checksum":             {f.get(good[:len(good)-1] + "-"), "checksumError"},
		"SHA-384":                      {f.get(f.scaleliteURL("getServers", checksum.SHA384)), "checksumError"},
		"the checksum of another call": {f.get(strings.Replace(f.scaleliteURL("getServerInfo", checksum.SHA256), "Info", "s", 1)), "checksumError"},
		"a form instead of JSON":       {f.send(http.MethodPost, f.scaleliteURL("deleteServer", checksum.SHA256), "id=x", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}), "unsupportedContentType"},
		"JSON without a Content-Type":  {f.send(http.MethodPost, f.scaleliteURL("deleteServer", checksum.SHA256), body, http.Header{}), "unsupportedContentType"},
	} {
		t.Run(name, func(t *testing.T) {
			c.got.want(t, http.StatusOK, asXML, "<returncode>FAILED</returncode>", "<messageKey>"+c.part+"</messageKey>")
		})
	}
	for _, hash := range []checksum.Hash{checksum.SHA1, checksum.SHA256, checksum.SHA512} {
		f.get(f.scaleliteURL("getServers", hash)).want(t, http.StatusOK, asJSON)
	}
}

func TestScaleliteOutsideItsAPI(t *testing.T) {
	f := newFixture(t, nil)
	f.get(f.settings.Scalelite.URL+"/bigbluebutton/api").want(t, http.StatusOK, asXML, "<returncode>SUCCESS</returncode>")
	if got := f.get(f.settings.Scalelite.URL + "/health_check"); got.status != http.StatusOK || got.body != "success" {
		t.Errorf("health check: %d %q", got.status, got.body)
	}
	otherHost := f.send(http.MethodGet, f.scaleliteURL("getServers", checksum.SHA256), "", http.Header{"Host": {"scalelite.example.com"}})
	if otherHost.status != http.StatusForbidden {
		t.Errorf("status %d for an unknown Host header, want 403", otherHost.status)
	}
}

// If BBB does not answer, each panic forgets one meeting and fails until none is left.
func TestPanicStopsAtTheFirstMeetingThatDoesNotEnd(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Meetings = []demand.Meeting{lecture(0, time.Hour, 5), lecture(time.Second, time.Hour, 5)}
	})
	f.advance(10 * time.Second)
	id := f.entry(1).ID
	f.With(func(w *world.World) {
		w.Break(1, world.BBBStopped{Contact: world.Fails})
	})
	body := `{"id":"` + id + `"}`
	for range 2 {
		f.scaleliteCall(http.MethodPost, "panicServer", body).want(t, http.StatusBadRequest, asJSON, `{"error":"Couldn't disable server id=`+id+`"}`)
		if f.entry(1).State != pool.Enabled {
			t.Error("a failed panic changed the state")
		}
	}
	f.scaleliteCall(http.MethodPost, "panicServer", body).want(t, http.StatusOK, asJSON, `{"success":"Server id=`+id)
	if f.entry(1).State != pool.Disabled {
		t.Error("a successful panic did not disable the entry")
	}
}

// Scalelite's documentation nests keep_state in server, where Scalelite ignores it.
func TestKeepStateIsReadAtTheTopLevelOnly(t *testing.T) {
	for body, want := range map[string]pool.EntryState{
		`{"id":"ID","keep_state":true}`:            pool.Enabled,
		`{"id":"ID","keep_state":"no"}`:            pool.Enabled,
		`{"id":"ID","keep_state":false}`:           pool.Disabled,
		`{"id":"ID","keep_state":""}`:              pool.Disabled,
		`{"id":"ID","server":{"keep_state":true}}`: pool.Disabled,
	} {
		t.Run(body, func(t *testing.T) {
			f := newFixture(t, nil)
			f.scaleliteCall(http.MethodPost, "panicServer", strings.ReplaceAll(body, "ID", f.entry(1).ID)).want(t, http.StatusOK, asJSON)
			if got := f.entry(1).State; got != want {
				t.Errorf("state %s, want %s", got, want)
			}
		})
	}
}

func TestScaleliteEntriesHaveTheRealFields(t *testing.T) {
	f := newFixture(t, nil)
	var entries []map[string]any
	if err := json.Unmarshal([]byte(f.scaleliteCall(http.MethodGet, "getServers", "").body), &entries); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"id", "url", "secret", "tag", "bbb_version", "state", "load", "load_multiplier", "online"} {
		if _, there := entries[0][field]; !there || len(entries[0]) != 9 {
			t.Errorf("entry %v; want nine fields including %s", entries[0], field)
		}
	}
}

func TestScaleliteWithoutItsManagementAPI(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Meetings = []demand.Meeting{lecture(2*time.Minute, time.Hour, 5)}
	})
	var start func()
	f.With(func(w *world.World) { start = w.StopScaleliteAPI() })
	if _, err := f.scalelite().Entries(t.Context()); err == nil {
		t.Error("the management API lists entries while it fails")
	}
	f.get(f.settings.Scalelite.URL+"/health_check").want(t, http.StatusOK, "text/plain; charset=utf-8", "success")
	f.advance(5 * time.Minute)
	f.With(func(w *world.World) {
		if list, err := w.Meetings(domain(1)); err != nil || len(list) != 1 {
			t.Errorf("meetings %v, %v; want one, placed meanwhile", list, err)
		}
		start()
	})
	if _, err := f.scalelite().Entries(t.Context()); err != nil {
		t.Errorf("entries afterwards: %v", err)
	}
}

// Scalelite's own getMeetings fails as a whole if one enabled server that it takes for
// online does not answer.
func TestScalelitesOwnGetMeetings(t *testing.T) {
	f := newFixture(t, func(c *sandbox.Config) {
		c.World.Meetings = []demand.Meeting{lecture(time.Second, time.Hour, 5)}
	})
	f.advance(30 * time.Second)
	address := f.settings.Scalelite.URL + "/bigbluebutton/api/getMeetings?" + checksum.SHA256.Sign("getMeetings", nil, f.settings.Scalelite.Secret)
	f.get(address).want(t, http.StatusOK, asXML, "<returncode>SUCCESS</returncode>", "<participantCount>5</participantCount>")
	f.get(address[:len(address)-1]+"-").want(t, http.StatusOK, asXML, "<messageKey>checksumError</messageKey>")
	f.With(func(w *world.World) { w.Break(1, world.BBBStopped{Contact: world.Fails}) })
	f.get(address).want(t, http.StatusOK, asXML, "<returncode>FAILED</returncode>", "<messageKey>internalError</messageKey>")
	f.advance(5 * time.Minute) // it is offline now, so it is not asked
	f.get(address).want(t, http.StatusOK, asXML, "<messageKey>noMeetings</messageKey>")
}
