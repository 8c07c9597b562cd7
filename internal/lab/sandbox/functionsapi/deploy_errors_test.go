package functionsapi_test

import (
	"strings"
	"testing"
)

// A deployment with a mistake in one place fails and says why. If the mistake is in a
// pool's file, nothing is sent.
func TestInvalidDeploymentsFail(t *testing.T) {
	const yml, campus, first = "serverless.yml", "pools/campus.env", "DIVIMS_POOL=campus"
	for _, test := range []struct {
		name                string
		file, before, after string
		says                string
	}{
		{"a runtime that does not exist", yml, "runtime: go126", "runtime: go999", `Runtime "go999" does not exist`},
		{"a runtime of another language", yml, "runtime: go126", "runtime: cobol", "Runtime cobol is not supported"},
		{"a runtime that has ended", yml, "runtime: go126", "runtime: go124", `runtime "go124" is not available`},
		{"a runtime that is older than go.mod", yml, "runtime: go126", "runtime: go125", "go.mod requires go >= 1.26.0"},
		{"a go.mod that needs a newer release", "go.mod", "go 1.26.0", "go 1.26.1", "go.mod requires go >= 1.26.1"},
		{"a package main in the archive", yml, `"!internal/{cmd,deploy,`, `"!internal/{deploy,`, "you must not have any package named main"},
		{"a package that is not in the archive", yml, `"{handler,internal}/**"`, `"internal/**"`, "divims/handler"},
		{"an archive without go.mod", yml, `"{go.mod,go.sum`, `"{go.sum`, "no go.mod"},
		{"a variable that is too long", campus, first, first + "\nDIVIMS_IMAGE_NAME=" + strings.Repeat("b", 1001), "DIVIMS_IMAGE_NAME has 1001 characters"},
		{"a wrong value", campus, first, first + "\nDIVIMS_POOL_SIZE=abc", "pools/campus.env line 4: DIVIMS_POOL_SIZE must be a whole number"},
		{"an unknown setting", campus, first, first + "\nDIVIMS_POOL_NAME=campus", "DIVIMS_POOL_NAME is not a setting"},
		{"a missing secret", campus, first, first + "\nDIVIMS_SCALELITE_SECRET=", "DIVIMS_SCALELITE_SECRET is required"},
		{"a value without quotes", campus, first, first + "\nDIVIMS_CALENDAR_URL=https://example.com/?a=1&b=2", "pools/campus.env line 4: the shell ends the value of DIVIMS_CALENDAR_URL at the character &"},
		{"a shell syntax error", campus, first, "DIVIMS_POOL='campus", "pools/campus.env line "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.startPool("campus", 1, 0)
			d.startPool("school", 2, 0)
			d.change(test.file, test.before, test.after)
			_, err := d.deploy()
			if err == nil {
				t.Fatal("the deployment succeeded")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v\nwant an error that contains %q", err, test.says)
			}
			if test.file == campus && !strings.Contains(test.name, "too long") && len(d.platform.Functions()) > 0 {
				t.Error("a function was created")
			}
		})
	}
}
