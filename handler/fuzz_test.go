package handler

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"divims/internal/lab/hostile"
)

// FuzzInvocation checks that any body is either a valid invocation, or is refused with a
// readable text.
func FuzzInvocation(f *testing.F) {
	for _, body := range []string{"", `{"source":"cron"}`, `{"source":"cron"}{}`, `{"source":"cron"}]`, `{"dry_run":true}`, `{"dryrun":true}`,
		`{"source":"a\u001b[2J"}`, `{"source":1e308,"dry_run":9223372036854775808}`, `null`, `[]`, `{"` + strings.Repeat("x", 3000) + `":1}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		call, err := parsed(body)
		if err != nil {
			var refused refusal
			if !errors.As(err, &refused) || refused.status != http.StatusBadRequest || call != (invocation{}) {
				t.Errorf("%+v, %v; want a refusal", call, err)
			}
			hostile.CheckText(t, err.Error())
			return
		}
		hostile.CheckText(t, call.Source)
		if len(call.Source) > 40 {
			t.Errorf("source %q has more than 40 characters", call.Source)
		}
		checkFields(t, body)
		written, err := json.Marshal(call)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parsed(string(written)); err != nil || again != call {
			t.Errorf("%+v was read back as %+v, %v", call, again, err)
		}
	})
}

func parsed(body string) (invocation, error) {
	return readInvocation(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), "POST", "/", strings.NewReader(body)))
}

// checkFields checks that an accepted body has no unknown fields.
func checkFields(t *testing.T, body string) {
	t.Helper()
	if strings.TrimSpace(body) == "" {
		return
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Errorf("%.200q was accepted, but is no JSON object: %v", body, err)
	}
	for name := range fields {
		if !strings.EqualFold(name, "source") && !strings.EqualFold(name, "dry_run") {
			t.Errorf("the unknown field %q was accepted", name)
		}
	}
}
