package deploy

import (
	"strings"
	"testing"

	"divims/internal/pool"
)

// What osls prints is passed on, but without secrets, in whatever form, and without the
// dump of an uncaught error.
func TestOutputOfOsls(t *testing.T) {
	secrets := []pool.Secret{
		pool.NewSecret("33333333-key"), pool.NewSecret(`a"quote\and`), pool.NewSecret("-----BEGIN-----\nMIIabc"), pool.NewSecret("x"),
	}
	for name, test := range map[string]struct{ printed, want string }{
		"progress":          {"Creating function campus...\nexpected\n", "Creating function campus...\nexpected\n"},
		"no line end":       {"done", "done\n"},
		"a key":             {"token 33333333-key.\n", "token [secret].\n"},
		"an escaped secret": {`{"value":"a\"quote\\and"}` + "\n", `{"value":"[secret]"}` + "\n"},
		"lines of a secret": {"-----BEGIN-----\nMIIabc\n", "[secret]\n[secret]\n"},
		"a build's error":   {"Error:\nError: campus: build failed:\n  handler.go:1: undefined\n    at manageError (/a/b.js:3:4)\n", "Error:\nError: campus: build failed:\n  handler.go:1: undefined\n"},
		"an uncaught error": {
			"× Uncaught exception\n/a/serverless.js:36\n        throw error;\n        ^\n\nCustomError: resource is in a transient state\n    at manageError (/a/utils.js:53:11) {\n  response: {\n    'X-Auth-Token': '33333333-key'\n  }\n}\n\nNode.js v20.20.2\n",
			"× Uncaught exception\nCustomError: resource is in a transient state\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			out := newOutput(&got, secrets)
			for i := range len(test.printed) { // in the smallest pieces
				if _, err := out.Write([]byte(test.printed[i : i+1])); err != nil {
					t.Fatal(err)
				}
			}
			if err := out.Close(); err != nil || got.String() != test.want {
				t.Errorf("%v, %q; want %q", err, got.String(), test.want)
			}
			if busy := strings.Contains(test.printed, "transient"); out.busy != busy {
				t.Errorf("busy is %v", out.busy)
			}
		})
	}
}
