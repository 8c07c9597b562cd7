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

// FuzzEntries: whatever Scalelite lists, each entry is one to act on, and the
// same once written and read again; or there is an error that tells no secret.
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
				t.Errorf("%.200q was taken", text)
			}
		}
		secret := rand.Text()
		if _, err := parseEntries(withSecrets(text, secret)); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells a secret: %v", err)
		}
	})
}

func checkError(t *testing.T, err error, entries []pool.Entry) {
	t.Helper()
	if entries != nil {
		t.Errorf("%d entries came beside the error %v", len(entries), err)
	}
	hostile.CheckText(t, err.Error())
}

func checkEntries(t *testing.T, entries []pool.Entry) {
	t.Helper()
	ids := map[string]bool{}
	written := make([]map[string]any, len(entries))
	for i, e := range entries {
		load, known := e.Load.Get()
		if e.ID == "" || e.URL == "" || len(e.ID) > longestText || len(e.URL) > longestText || ids[e.ID] || requests[e.State] == "" ||
			known && !(load >= 0 && load <= largestNumber) || !(e.LoadMultiplier >= 0 && e.LoadMultiplier <= largestNumber) {
			t.Errorf("entry %d is %+.300v", i, e)
		}
		ids[e.ID] = true
		written[i] = writtenEntry(e)
	}
	text, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseEntries(text)
	if err != nil || !reflect.DeepEqual(again, entries) {
		t.Errorf("%+v became %+v, %v", entries, again, err)
	}
}

// writtenEntry is an entry as Scalelite writes it.
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

// withSecrets gives every object of a list a secret; a text that is no list of
// objects stays as it is.
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

// FuzzJudge: whatever comes as XML, with a bad status, or as anything but JSON
// is an error, and one that can be told.
func FuzzJudge(f *testing.F) {
	f.Add(200, xmlType, checksumError)
	f.Add(200, jsonType, "[]")
	f.Add(400, jsonType, halfWay)
	f.Add(404, jsonType, `{"error":"No servers are configured"}`)
	f.Add(502, htmlType, "<html>")
	f.Add(200, xmlType, `<!DOCTYPE r [<!ENTITY a "aa">]><response><message>&a;</message></response>`)
	f.Add(200, `text/xml;;charset="`, strings.Repeat("<a>", 100))
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		response := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}}
		err := judge("getServers", response, []byte(body))
		if err != nil {
			checkError(t, err, nil)
		} else if status/100 != 2 || !strings.Contains(strings.ToLower(contentType), "json") {
			t.Errorf("status %d with %q is no error", status, contentType)
		}
	})
}
