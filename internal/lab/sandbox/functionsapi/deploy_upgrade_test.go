package functionsapi_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// previous is the last version whose serverless.yml lists the pools. It has the functions
// campus and school.
const previous = "82eecba"

// cronMinute is a line of a pool's file.
var cronMinute = regexp.MustCompile(`(?m)^DIVIMS_CRON_MINUTE=.*\n`)

// An operator upgrades from the version before and rolls back. Each version evaluates the
// pool with the state that the other has left, and keeps function and cron.
func TestUpgradeAndRollback(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	before := d.checkoutPrevious()
	campus, _ := d.startPools()
	now := d.folder
	for _, name := range []string{"campus", "school"} {
		text, err := os.ReadFile(filepath.Join(now, "pools", name+".env"))
		if err != nil {
			t.Fatal(err)
		}
		// The version before does not know this setting; the minute is in its serverless.yml.
		older := cronMinute.ReplaceAll(text, nil)
		if err := os.WriteFile(filepath.Join(before, "pools", name+".env"), older, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := ""
	for i, folder := range []string{before, now, before, now} {
		d.folder = folder
		var err error
		if folder == before {
			_, err = d.run(d.osls, "deploy")
		} else {
			_, err = d.deploy()
		}
		if err != nil {
			t.Fatalf("deployment %d: %v", i+1, err)
		}
		d.wantFunctions()
		if f := d.function("campus"); address != "" && f.URL != address {
			t.Errorf("deployment %d moved the function from %s to %s", i+1, address, f.URL)
		} else {
			address = f.URL
		}
		minute := 5 * time.Duration(i+1) * time.Minute
		campus.AdvanceTo(start.Add(minute))
		d.tick(minute, "campus")
		status := d.status("campus", "Bearer "+token)
		if len(status.Decisions) != i+1 || status.Last == nil || status.Last.Source != "cron" {
			t.Errorf("after deployment %d there are %d decisions; want all of both versions", i+1, len(status.Decisions))
		}
	}
}

// checkoutPrevious returns a folder with the version before. It skips the test in a clone
// without it.
func (d *deployment) checkoutPrevious() string {
	d.Helper()
	archive := exec.CommandContext(d.Context(), "git", "archive", previous)
	archive.Dir = repository
	files, err := archive.Output()
	if err != nil {
		d.Skipf("git has not the version %s: %v", previous, err)
	}
	folder := d.TempDir()
	unpack := exec.CommandContext(d.Context(), "tar", "-x", "-C", folder)
	unpack.Stdin = strings.NewReader(string(files))
	if output, err := unpack.CombinedOutput(); err != nil {
		d.Fatalf("unpack the version before: %v: %s", err, output)
	}
	if err := os.Symlink(filepath.Dir(filepath.Dir(d.osls)), filepath.Join(folder, "node_modules")); err != nil {
		d.Fatal(err)
	}
	return folder
}
