package storage

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
)

// meddler is a proxy that changes requests, or answers them itself.
type meddler struct {
	meddle func(*http.Request) *http.Response
}

func (m meddler) RoundTrip(request *http.Request) (*http.Response, error) {
	if answer := m.meddle(request); answer != nil {
		answer.Request, answer.Body = request, http.NoBody
		return answer, nil
	}
	return http.DefaultTransport.RoundTrip(request)
}

// TestTry: it believes no server that lets a write pass whose condition does not
// hold, and asks for no more than evaluations need.
func TestTry(t *testing.T) {
	without := func(header string) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response {
			r.Header.Del(header)
			return nil
		}
	}
	refuse := func(method string, status int) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response {
			if r.Method != method {
				return nil
			}
			return &http.Response{StatusCode: status, Header: http.Header{}}
		}
	}
	for name, c := range map[string]struct {
		meddle func(*http.Request) *http.Response
		want   string // of the error; empty for none
	}{
		"as it should be":           {func(*http.Request) *http.Response { return nil }, ""},
		"it may not delete":         {refuse(http.MethodDelete, http.StatusForbidden), ""},
		"it may not write":          {refuse(http.MethodPut, http.StatusForbidden), "HTTP status 403"},
		"it may not read":           {refuse(http.MethodGet, http.StatusForbidden), "HTTP status 403"},
		"If-None-Match is ignored":  {without("If-None-Match"), "(If-None-Match): it was written"},
		"If-Match is ignored":       {without("If-Match"), "(If-Match): it was written"},
		"conditions are not known":  {refuse(http.MethodPut, http.StatusNotImplemented), "HTTP status 501"},
		"deletion fails for itself": {refuse(http.MethodDelete, http.StatusBadRequest), "delete s3://"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "is ignored") && os.Getenv("DIVIMS_TEST_S3_URL") != "" {
				t.Skip("a real server sees that the signature does not fit any more")
			}
			config := service(t)
			store := New(config, &http.Client{Transport: meddler{c.meddle}})
			for range 2 { // the second may find what the first has left
				err := store.Try(t.Context())
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v; want %q", err, c.want)
				}
			}
			_, err := New(config, http.DefaultClient).Object(t.Context(), store.key(tryName))
			if name == "as it should be" && !errors.Is(err, ErrNotFound) {
				t.Errorf("the object is left: %v", err)
			}
		})
	}
}
