package scalelite

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

// FuzzEntries checks that parseEntries returns an error that contains no secret, or
// entries: with a problem that contains no secret, or valid ones, which are the same
// after encoding and parsing them again.
func FuzzEntries(f *testing.F) {
	f.Add("[]")
	f.Add("[" + enabledEntry + "," + freshEntry + "]")
	f.Add("[" + strings.Replace(enabledEntry, "4.5", "1e308", 1) + "]")
	f.Add("[" + strings.Replace(enabledEntry, "4.5", `"-1"`, 1) + "]")
	f.Add("[" + enabledEntry + "," + enabledEntry + "]")
	f.Add(`[null,{"id":{}},[[[]]]]`)
	f.Fuzz(func(t *testing.T, text string) {
		if entries, err := parseEntries([]byte(text)); err != nil {
			checkError(t, err, entries)
		} else {
			checkEntries(t, entries)
			if !json.Valid([]byte(text)) {
				t.Errorf("%.200q is not JSON, but there is no error", text)
			}
		}
		secret := rand.Text()
		entries, err := parseEntries(withSecrets(text, secret))
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error contains a secret: %v", err)
		}
		for _, e := range entries {
			if strings.Contains(e.Problem, secret) {
				t.Errorf("the problem contains a secret: %s", e.Problem)
			}
		}
	})
}

func checkError(t *testing.T, err error, entries []pool.Entry) {
	t.Helper()
	if entries != nil {
		t.Errorf("%d entries came with the error %v", len(entries), err)
	}
	hostile.CheckText(t, err.Error())
}

func checkEntries(t *testing.T, entries []pool.Entry) {
	t.Helper()
	ids := map[string]bool{}
	var good []pool.Entry
	written := []map[string]any{}
	for i, e := range entries {
		hostile.CheckText(t, e.Problem)
		if e.Problem != "" {
			continue
		}
		load, known := e.Load.Get()
		if e.ID == "" || e.URL == "" || len(e.ID) > maxText || len(e.URL) > maxText || ids[e.ID] || stateRequests[e.State] == "" ||
			known && !(load >= 0 && load <= maxNumber) || !(e.LoadMultiplier >= 0 && e.LoadMultiplier <= maxNumber) {
			t.Errorf("entry %d is %+.300v", i, e)
		}
		ids[e.ID] = true
		good, written = append(good, e), append(written, writtenEntry(e))
	}
	text, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseEntries(text)
	if err != nil || len(again) != len(good) || len(good) > 0 && !reflect.DeepEqual(again, good) {
		t.Errorf("%+v became %+v, %v after encoding and parsing", good, again, err)
	}
}

// writtenEntry returns an entry as Scalelite encodes it.
func writtenEntry(e pool.Entry) map[string]any {
	var load any = "unavailable"
	if known, ok := e.Load.Get(); ok {
		load = known
	}
	online := "offline"
	if e.Online {
		online = "online"
	}
	object := map[string]any{"id": e.ID, "url": e.URL, "state": e.State, "load": load,
		"load_multiplier": e.LoadMultiplier, "online": online, "tag": e.Tag, "bbb_version": e.BBBVersion}
	if e.Secret != (pool.Secret{}) {
		object["secret"] = e.Secret.Reveal()
	}
	return object
}

// withSecrets adds a secret to every object of a list. It returns any other text
// unchanged.
func withSecrets(text, secret string) []byte {
	var objects []map[string]any
	if json.Unmarshal([]byte(text), &objects) != nil {
		return []byte(text)
	}
	for _, object := range objects {
		if object != nil {
			object["secret"] = secret
		}
	}
	changed, err := json.Marshal(objects)
	if err != nil {
		return []byte(text)
	}
	return changed
}

// FuzzCheckResponse checks that every response with a status other than 2xx or without
// JSON is an error, and that the error is fit to be shown.
func FuzzCheckResponse(f *testing.F) {
	f.Add(200, xmlType, checksumError)
	f.Add(200, jsonType, "[]")
	f.Add(400, jsonType, `{"error":"Couldn't disable server id=e-1"}`)
	f.Add(404, jsonType, `{"error":"No servers are configured"}`)
	f.Add(502, htmlType, "<html>")
	f.Add(200, xmlType, `<!DOCTYPE r [<!ENTITY a "aa">]><response><message>&a;</message></response>`)
	f.Add(200, `text/xml;;charset="`, strings.Repeat("<a>", 100))
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		response := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}}
		err := checkResponse(response, []byte(body))
		if err != nil {
			checkError(t, err, nil)
		} else if status/100 != 2 || !strings.Contains(strings.ToLower(contentType), "json") {
			t.Errorf("status %d with %q is not an error", status, contentType)
		}
	})
}
