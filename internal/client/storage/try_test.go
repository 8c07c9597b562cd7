package storage

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
)

// intercept is a transport that may change a request, and answers it with the returned
// status unless that is 0.
type intercept func(*http.Request) (status int)

func (i intercept) RoundTrip(request *http.Request) (*http.Response, error) {
	if status := i(request); status != 0 {
		return &http.Response{StatusCode: status, Header: http.Header{}, Request: request, Body: http.NoBody}, nil
	}
	return http.DefaultTransport.RoundTrip(request)
}

// TestTry: Try fails for a server that accepts a write whose condition is false, and
// needs no permission that evaluations do not need.
func TestTry(t *testing.T) {
	without := func(header string) intercept {
		return func(r *http.Request) int {
			r.Header.Del(header)
			return 0
		}
	}
	refuse := func(method string, status int) intercept {
		return func(r *http.Request) int {
			if r.Method != method {
				return 0
			}
			return status
		}
	}
	for name, c := range map[string]struct {
		intercept intercept
		want      string // of the error; empty for none
	}{
		"as it should be":                   {func(*http.Request) int { return 0 }, ""},
		"it may not delete":                 {refuse(http.MethodDelete, http.StatusForbidden), ""},
		"it may not write":                  {refuse(http.MethodPut, http.StatusForbidden), "HTTP status 403"},
		"it may not read":                   {refuse(http.MethodGet, http.StatusForbidden), "HTTP status 403"},
		"If-None-Match is ignored":          {without("If-None-Match"), "(If-None-Match): the server wrote it"},
		"If-Match is ignored":               {without("If-Match"), "(If-Match): the server wrote it"},
		"conditions are not known":          {refuse(http.MethodPut, http.StatusNotImplemented), "HTTP status 501"},
		"deletion fails for another reason": {refuse(http.MethodDelete, http.StatusBadRequest), "delete s3://"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "is ignored") && os.Getenv("DIVIMS_TEST_S3_URL") != "" {
				t.Skip("a real server sees that the signature does not fit any more")
			}
			config := service(t)
			store := New(config, &http.Client{Transport: c.intercept})
			for range 2 { // the second may find the object of the first
				err := store.Try(t.Context())
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v; want %q", err, c.want)
				}
			}
			_, err := New(config, http.DefaultClient).Object(t.Context(), store.key(tryName))
			if name == "as it should be" && !errors.Is(err, ErrNotFound) {
				t.Errorf("the object was not deleted: %v", err)
			}
		})
	}
}
