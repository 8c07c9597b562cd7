package ovh

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"divims/internal/lab/hostile"
	"divims/internal/pool"
)

const (
	application = "application-key"
	secret      = "application-secret"
	consumer    = "consumer-key"
)

// api is a fake of OVH's API with the zone example.com. Its clock is an hour ahead, so
// callers must ask for its time.
type api struct {
	t *testing.T
	// records are the records of the zone, published those that the name servers have.
	records, published []record
	lastID             int64
	// failing maps calls, as "METHOD path", to the status with which they fail once.
	failing map[string]int
	// calls are all calls except those for the time.
	calls []string
}

const ahead = time.Hour

func newAPI(t *testing.T, records ...record) (*api, *Zone) {
	t.Helper()
	a := &api{t: t, failing: map[string]int{}}
	for _, r := range records {
		a.add(r)
	}
	a.published = slices.Clone(a.records)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	zone, err := New(Config{
		Endpoint: server.URL, Zone: "example.com", Timeout: time.Minute, ApplicationKey: pool.NewSecret(application),
		ApplicationSecret: pool.NewSecret(secret), ConsumerKey: pool.NewSecret(consumer),
	}, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return a, zone
}

func (a *api) add(r record) record {
	a.lastID++
	r.ID = a.lastID
	a.records = append(a.records, r)
	return r
}

// ServeHTTP checks the signature by OVH's documentation, and answers the call.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/auth/time" {
		_, _ = fmt.Fprint(w, time.Now().Add(ahead).Unix())
		return
	}
	body, _ := io.ReadAll(r.Body)
	call := r.Method + " " + r.URL.Path
	a.calls = append(a.calls, call)
	stamp := r.Header.Get("X-Ovh-Timestamp")
	signed := sha1.Sum([]byte(strings.Join([]string{secret, consumer, r.Method, "http://" + r.Host + r.URL.String(), string(body), stamp}, "+")))
	seconds, _ := strconv.ParseInt(stamp, 10, 64)
	late := time.Now().Add(ahead).Sub(time.Unix(seconds, 0)).Abs()
	switch {
	case r.Header.Get("X-Ovh-Application") != application || r.Header.Get("X-Ovh-Signature") != fmt.Sprintf("$1$%x", signed) || late > time.Minute:
		refuse(w, http.StatusForbidden, "Invalid signature")
	case a.failing[call] != 0:
		refuse(w, a.failing[call], "Try again")
		delete(a.failing, call)
	default:
		a.serve(w, r, body)
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

func (a *api) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	path, inside := strings.CutPrefix(r.URL.Path, "/domain/zone/example.com/")
	id, _ := strconv.ParseInt(strings.TrimPrefix(path, "record/"), 10, 64)
	at := slices.IndexFunc(a.records, func(r record) bool { return r.ID == id })
	switch {
	case !inside:
		refuse(w, http.StatusNotFound, "This service does not exist")
	case r.Method == http.MethodPost && path == "refresh":
		a.published = slices.Clone(a.records)
		_, _ = io.WriteString(w, "null")
	case r.Method == http.MethodPost && path == "record":
		var wanted record
		if err := json.Unmarshal(body, &wanted); err != nil {
			a.t.Errorf("the body %q: %v", body, err)
		}
		_ = json.NewEncoder(w).Encode(a.add(wanted))
	case path == "record":
		_ = json.NewEncoder(w).Encode(a.ids(r.URL.Query().Get("subDomain"), r.URL.Query().Get("fieldType")))
	case at < 0:
		refuse(w, http.StatusNotFound, "This object does not exist")
	case r.Method == http.MethodDelete:
		a.records = slices.Delete(a.records, at, at+1)
		_, _ = io.WriteString(w, "null")
	default:
		_ = json.NewEncoder(w).Encode(a.records[at])
	}
}

func (a *api) ids(subdomain, fieldType string) []int64 {
	ids := []int64{}
	for _, r := range a.records {
		if r.SubDomain == subdomain && (fieldType == "" || r.FieldType == fieldType) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

var (
	address = pool.DNSRecord{Name: "bbb-w1.example.com", Type: pool.RecordA, Data: "51.15.1.1"}
	alias   = pool.DNSRecord{Name: "bbb-w1.example.com", Type: pool.RecordCNAME, Data: "bbb-w1.ext.example.com"}
)

// TestRecords checks that names are whole, and that other types of records are left out.
func TestRecords(t *testing.T) {
	_, zone := newAPI(t,
		record{FieldType: "NS", Target: "dns1.ovh.net."},
		record{FieldType: "A", SubDomain: "bbb-w1", Target: "51.15.1.1"},
		record{FieldType: "TXT", SubDomain: "bbb-w1", Target: `"v=spf1"`},
		record{FieldType: "A", SubDomain: "bbb-w10", Target: "51.15.1.10"},
		record{FieldType: "CNAME", SubDomain: "bbb-w2", Target: "bbb-w2.ext"},
		record{FieldType: "CNAME", SubDomain: "bbb-w3", Target: "Bbb-w3.example.org."},
	)
	records, err := zone.Records(t.Context(), []string{"bbb-w1.example.com", "bbb-w2.example.com", "bbb-w3.example.com"})
	want := []pool.DNSRecord{address,
		{Name: "bbb-w2.example.com", Type: pool.RecordCNAME, Data: "bbb-w2.ext.example.com"},
		{Name: "bbb-w3.example.com", Type: pool.RecordCNAME, Data: "bbb-w3.example.org"},
	}
	if err != nil || !slices.Equal(records, want) {
		t.Errorf("records %v (%v), want %v", records, err, want)
	}
}

// TestWritePublishesAfterAFailure checks that a repeated Write adds no second record, and
// publishes what an earlier one has not.
func TestWritePublishesAfterAFailure(t *testing.T) {
	for _, wanted := range []pool.DNSRecord{address, alias} {
		a, zone := newAPI(t)
		a.failing["POST /domain/zone/example.com/refresh"] = http.StatusInternalServerError
		if err := zone.Write(t.Context(), wanted); err == nil || !strings.Contains(err.Error(), "HTTP status 500") {
			t.Errorf("%s: error of a failed publication: %v", wanted, err)
		}
		if len(a.records) != 1 || len(a.published) != 0 {
			t.Fatalf("%d records, %d published", len(a.records), len(a.published))
		}
		if err := zone.Write(t.Context(), wanted); err != nil || len(a.records) != 1 || len(a.published) != 1 {
			t.Errorf("%s: %v, %d records, %d published; want one", wanted, err, len(a.records), len(a.published))
		}
		if found, err := zone.Records(t.Context(), []string{wanted.Name}); err != nil || len(found) != 1 || found[0] != wanted {
			t.Errorf("read again: %v (%v), want %v", found, err, wanted)
		}
	}
}

// TestDeleteKeepsOtherRecords deletes one of two records of a name, twice.
func TestDeleteKeepsOtherRecords(t *testing.T) {
	a, zone := newAPI(t,
		record{FieldType: "A", SubDomain: "bbb-w1", Target: "51.15.1.1"},
		record{FieldType: "A", SubDomain: "bbb-w1", Target: "192.0.2.7"},
	)
	for range 2 { // deleting a missing record is no error
		if err := zone.Delete(t.Context(), address); err != nil || len(a.published) != 1 || a.published[0].Target != "192.0.2.7" {
			t.Errorf("%v, left is %v", err, a.published)
		}
	}
}

// TestNamesOutsideTheZoneAreErrors checks that names outside the zone are errors without a call.
func TestNamesOutsideTheZoneAreErrors(t *testing.T) {
	a, zone := newAPI(t)
	stranger := pool.DNSRecord{Name: "bbb-w1.example.org", Type: pool.RecordA, Data: "51.15.1.1"}
	_, err := zone.Records(t.Context(), []string{stranger.Name})
	for _, err := range []error{zone.Write(t.Context(), stranger), zone.Delete(t.Context(), stranger), err} {
		if err == nil || !strings.Contains(err.Error(), "is not in the zone example.com") {
			t.Errorf("error %v", err)
		}
	}
	if len(a.calls) != 0 {
		t.Errorf("calls %v", a.calls)
	}
}

// TestErrorsAreShort checks that errors are short and contain no key.
func TestErrorsAreShort(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a long refusal": func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, strings.Repeat("no", 1<<16)) },
		"an endless answer": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `["`+strings.Repeat("9", 2*maxAnswer))
		},
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"no answer": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/auth/time" {
					_, _ = fmt.Fprint(w, time.Now().Unix())
					return
				}
				answer(w, r)
			}))
			defer server.Close()
			zone, err := New(Config{Endpoint: server.URL, Zone: "example.com", Timeout: time.Minute, ApplicationKey: pool.NewSecret(application),
				ApplicationSecret: pool.NewSecret(secret), ConsumerKey: pool.NewSecret(consumer)}, server.Client())
			if err != nil {
				t.Fatal(err)
			}
			_, err = zone.Records(t.Context(), []string{"bbb-w1.example.com"})
			if err == nil || strings.Contains(err.Error(), consumer) || strings.Contains(err.Error(), secret) {
				t.Fatalf("error %v", err)
			}
			hostile.CheckText(t, err.Error())
		})
	}
}
