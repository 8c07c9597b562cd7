package functionsapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"divims/internal/lab/sandbox/functionsapi"
)

// newPlatform starts a platform with a namespace that is ready, and returns its id.
func newPlatform(t *testing.T) (p *functionsapi.Platform, namespace string) {
	t.Helper()
	p, err := functionsapi.Start(functionsapi.Config{
		Project: project, Key: key, Cache: t.TempDir(),
		Hash: func(secrets []string) ([]string, error) { return make([]string, len(secrets)), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	_, made := ask(t, p, "POST", "/namespaces", key, map[string]any{"name": "divims", "project_id": project})
	namespace = fmt.Sprint(made["id"])
	ask(t, p, "GET", "/namespaces/"+namespace, key, nil)
	return p, namespace
}

// ask calls the API, and returns the status and the body.
func ask(t *testing.T, p *functionsapi.Platform, method, path, key string, body any) (status int, answer map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, p.URL()+path, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", key)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if text, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %v in %q", method, path, err, text)
	}
	return response.StatusCode, answer
}

// invalidFields are values of a function's fields that the API refuses, with a part of
// the error.
var invalidFields = []struct {
	field string
	value any
	says  string
}{
	{"namespace_id", project, "not found"},
	{"name", "Campus", "function name must consist of"},
	{"name", "campus-", "function name must consist of"},
	{"runtime", "go124", "not available"},
	{"runtime", "go127", "not available"},
	{"handler", "", "handler value is invalid"},
	{"handler", "handler.handle", "handler value is invalid"},
	{"memory_limit", 192, "memory_limit"},
	{"memory_limit", "256", "cannot be read"},
	{"timeout", "9s", "timeout"},
	{"timeout", "5m", "timeout"},
	{"min_scale", 2, "min_scale"},
	{"max_scale", 51, "max_scale"},
	{"privacy", "secret", "privacy"},
	{"http_option", "https", "http_option"},
	{"sandbox", "v3", "sandbox"},
	{"private_network_id", "campus", "must be a UUID"},
	{"tags", []any{}, "unknown field"},
	{"environment_variables", map[string]any{"A": 1}, "not a string"},
	{"environment_variables", map[string]any{"A": nil}, "not a string"},
	{"environment_variables", map[string]any{"A": strings.Repeat("é", 1001)}, "1001 characters"},
	{"environment_variables", map[string]any{"SCW_A": "a"}, "reserved"},
	{"environment_variables", map[string]any{"A-B": "a"}, "invalid"},
	{"environment_variables", map[string]any{"B": "a"}, "also a secret"},
	{"environment_variables", manyVariables(), "101 environment variables"},
	{"secret_environment_variables", []any{map[string]any{"key": "B", "value": strings.Repeat("b", 65537)}}, "65537 bytes"},
}

// manyVariables returns 101 environment variables.
func manyVariables() map[string]any {
	many := map[string]any{}
	for i := range 101 {
		many[fmt.Sprintf("V%d", i)] = "v"
	}
	return many
}

// Each invalid field alone makes the API refuse a function that is valid otherwise.
func TestInvalidFunctionsAreRefused(t *testing.T) {
	p, namespace := newPlatform(t)
	good := map[string]any{
		"namespace_id": namespace, "name": "campus", "runtime": "go126", "handler": "Handle", "memory_limit": 256,
		"min_scale": 0, "max_scale": 1, "timeout": "300s", "privacy": "private", "http_option": "redirected",
		"environment_variables":        map[string]any{"A": strings.Repeat("é", 1000)},
		"secret_environment_variables": []any{map[string]any{"key": "B", "value": "b"}},
	}
	for _, test := range invalidFields {
		bad := maps.Clone(good)
		bad[test.field] = test.value
		status, answer := ask(t, p, "POST", "/functions", key, bad)
		if message := fmt.Sprint(answer["message"]); status < 400 || status > 499 || !strings.Contains(message, test.says) {
			t.Errorf("%s %.40v: %d %s; want it refused with %q", test.field, test.value, status, message, test.says)
		}
	}
	if status, answer := ask(t, p, "POST", "/functions", key, good); status != http.StatusOK {
		t.Errorf("the valid request: %d %v", status, answer)
	}
	if status, _ := ask(t, p, "POST", "/functions", key, good); status != http.StatusConflict {
		t.Errorf("the same request again: %d; want 409", status)
	}
}

// Calls that come too early, lack the key, or name something that does not exist are
// refused.
func TestInvalidCallsAreRefused(t *testing.T) {
	p, namespace := newPlatform(t)
	_, made := ask(t, p, "POST", "/functions", key, map[string]any{
		"namespace_id": namespace, "name": "campus", "runtime": "go126", "handler": "Handle",
	})
	function := fmt.Sprint(made["id"])
	for _, test := range []struct {
		method, path, key string
		body              any
		want              int
	}{
		{"GET", "/runtimes", project, nil, 401},
		{"GET", "/namespaces?project_id=" + key, key, nil, 403},
		{"POST", "/namespaces", key, map[string]any{"name": "more", "project_id": key}, 403},
		{"POST", "/namespaces", key, map[string]any{"name": "4more", "project_id": project}, 400},
		{"GET", "/functions/" + project, key, nil, 404},
		{"PATCH", "/functions/" + function, key, map[string]any{"name": "school"}, 400},
		{"PATCH", "/functions/" + function, key, map[string]any{"memory_limit": 512, "redeploy": false}, 200},
		{"GET", "/functions/" + function + "/upload-url?content_length=0", key, nil, 400},
		{"POST", "/functions/" + function + "/deploy", key, map[string]any{}, 400},
		{"POST", "/crons", key, map[string]any{"function_id": project, "schedule": "* * * * *", "args": map[string]any{}}, 404},
		{"POST", "/crons", key, map[string]any{"function_id": function, "schedule": "* * * * * *", "args": map[string]any{}}, 400},
		{"POST", "/crons", key, map[string]any{"function_id": function, "schedule": "* * * * *", "args": "cron"}, 400},
		{"DELETE", "/crons/" + project, key, nil, 404},
		{"GET", "/tokens", key, nil, 404},
	} {
		if status, answer := ask(t, p, test.method, test.path, test.key, test.body); status != test.want {
			t.Errorf("%s %s %v: %d %v; want %d", test.method, test.path, test.body, status, answer, test.want)
		}
	}

	// The upload URL accepts the announced length only.
	_, upload := ask(t, p, "GET", "/functions/"+function+"/upload-url?content_length=3", key, nil)
	for content, want := range map[string]int{"four": 403, "abc": 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, fmt.Sprint(upload["url"]), strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/octet-stream")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("an upload of %q after 3 bytes were announced: %d; want %d", content, response.StatusCode, want)
		}
	}
}
