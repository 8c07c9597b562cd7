package functionsapi_test

import (
	"strings"
	"testing"
)

// A deployment with a mistake in one place fails and says why.
func TestInvalidDeploymentsFail(t *testing.T) {
	const yml, campus = "serverless.yml", "pools/campus.env"
	for _, test := range []struct {
		name                string
		file, before, after string
		says                string
	}{
		{"a handler that does not exist", yml, "handler: Handle", "handler: Handel", "undefined: function.Handel"},
		{"a handler that is not exported", yml, "handler: Handle", "handler: handle", "handler value is invalid"},
		{"a runtime that does not exist", yml, "runtime: go126", "runtime: go999", `Runtime "go999" does not exist`},
		{"a runtime of another language", yml, "runtime: go126", "runtime: cobol", "Runtime cobol is not supported"},
		{"a runtime that is older than go.mod", yml, "runtime: go126", "runtime: go124", "go124"},
		{"a go.mod that needs a newer release", "go.mod", "go 1.26.0", "go 1.26.1", "go.mod requires go >= 1.26.1"},
		{"a timeout that is too short", yml, `timeout: "300s"`, `timeout: "5s"`, "timeout must be"},
		{"a timeout that is too long", yml, `timeout: "300s"`, `timeout: "3601s"`, "timeout must be"},
		{"a timeout without a unit", yml, `timeout: "300s"`, `timeout: 300`, "timeout"},
		{"an invalid memory size", yml, "memoryLimit: 256", "memoryLimit: 300", "memory_limit must be"},
		{"an invalid privacy", yml, "privacy: private", "privacy: privat", "privacy must be"},
		{"a cron with seconds", yml, `rate: "*/5 * * * *"`, `rate: "* * * * * *"`, "has 6 fields"},
		{"a cron with a step of 0", yml, `rate: "*/5 * * * *"`, `rate: "*/0 * * * *"`, "has an invalid step"},
		{"a misspelt setting", yml, "DIVIMS_POOL_SIZE: required", "DIVIMS_POOLSIZE: required", "DIVIMS_POOL_SIZE is not a setting; DIVIMS_POOLSIZE is required"},
		{"a missing setting", yml, "DIVIMS_STATS_URLS: optional", "", "DIVIMS_STATS_URLS is not a setting"},
		{"the settings of an unknown pool", yml, "settings.js):school.env", "settings.js):schul.env", `"functions.school.env"`},
		{"a pool that misspells a setting", campus, "DIVIMS_POOL=", "DIVIMS_POOL_NAME=", "DIVIMS_POOL_NAME is not a setting"},
		{"a pool without a secret", campus, "DIVIMS_POOL=campus", "DIVIMS_POOL=campus\nDIVIMS_SCALELITE_SECRET=", "DIVIMS_SCALELITE_SECRET is required"},
		{"a pool's file with a shell syntax error", campus, "DIVIMS_POOL=campus", "DIVIMS_POOL='campus", "campus.env"},
		{"a value that is too long", campus, "DIVIMS_POOL=campus", "DIVIMS_POOL=campus\nDIVIMS_IMAGE_NAME=" + strings.Repeat("b", 1001), "DIVIMS_IMAGE_NAME has 1001 characters"},
		{"a package main in the archive", yml, `"!internal/{cmd,lab`, `"!internal/{lab`, "you must not have any package named main"},
		{"a package that is not in the archive", yml, `"{handler,internal}/**"`, `"internal/**"`, "divims/handler"},
		{"an archive without go.mod", yml, `"{go.mod,go.sum`, `"{go.sum`, "no go.mod"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.startPool("campus", 1, 0)
			d.startPool("school", 2, 0)
			d.change(test.file, test.before, test.after)
			err := d.deploy()
			if err == nil {
				t.Fatal("the deployment succeeded")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v\nwant an error that contains %q", err, test.says)
			}
		})
	}
}
