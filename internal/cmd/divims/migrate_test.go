package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"divims/internal/config"
	"divims/internal/migrate"
)

// predecessor writes the predecessor's files: the defaults, the project's configuration
// and the list of servers in maintenance.
func predecessor(t *testing.T) (files []string, folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range map[string]string{
		"config.defaults.php": "<?php\n\n$config = [\n  /* General */\n  'poll_max_workers' => 100,\n  'server_max_recycling_uptime' => 60*60*24*7,\n];\n\n?>",
		"acme/config.php": "<?php\n\n$config = array(\n  'scw_zone' => \"fr-par-1\", // Scaleway\n  'scw_auth_token' => '11111111-2222-4333-8444-555555555555',\n" +
			"  'log_level' => \\Monolog\\Level::Info,\n  'pool_size' => 3,\n  'clone_bbb_secret' => 'it\\'s $HOME `a` secret',\n" +
			"  'clone_hostname_template' => 'acme-p-bbb-wX',\n  'clone_domain_template' => 'bbb-wX.example.com',\n);\n\n?>\n",
		"acme_ServersInMaintenance.json": "[2]",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{filepath.Join(folder, "config.defaults.php"), filepath.Join(folder, "acme", "config.php"), filepath.Join(folder, "acme_ServersInMaintenance.json")}, folder
}

// TestMigrateWritesAFileForAShell checks that only its owner can read the file, that a
// shell reads the right values from it, and that the screen shows no secret.
func TestMigrateWritesAFileForAShell(t *testing.T) {
	files, folder := predecessor(t)
	output := filepath.Join(folder, "acme.env")
	arguments := append([]string{"migrate", "--output", output}, files...)
	status, out, errOut := divims(t.Context(), arguments...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errOut)
	}
	info, err := os.Stat(output)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
	shell := exec.CommandContext(t.Context(), "sh", "-ec", `set -a; . "$0"; env -0`, output)
	shell.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/root"}
	environ, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	variables := strings.Split(string(environ), "\x00")
	for _, wanted := range []string{"DIVIMS_POOL=acme", "DIVIMS_POOL_SIZE=3", "DIVIMS_BBB_SECRET=it's $HOME `a` secret", "DIVIMS_RECYCLE_AFTER=7d", "DIVIMS_HOSTNAME_TEMPLATE=acme-p-bbb-w{n}"} {
		if !strings.Contains("\x00"+string(environ), "\x00"+wanted+"\x00") {
			t.Errorf("a shell does not read %s", wanted)
		}
	}
	if _, err := config.Load(variables); err == nil {
		t.Error("the file is complete although settings are still to be decided")
	}
	for _, secret := range []string{"secret'", "$HOME", "11111111-2222"} {
		if strings.Contains(out+errOut, secret) {
			t.Errorf("the screen shows %q", secret)
		}
	}
	if !strings.Contains(out, "divims maintenance start NUMBER") {
		t.Errorf("the servers in maintenance are missing:\n%s", out)
	}
	if status, _, errOut := divims(t.Context(), arguments...); status != failed || !strings.Contains(errOut, "exists") {
		t.Errorf("an existing file: status %d, %s", status, errOut)
	}
}

// TestMigrateJSON checks that the JSON has the table and no secret.
func TestMigrateJSON(t *testing.T) {
	files, folder := predecessor(t)
	status, out, errOut := divims(t.Context(), append([]string{"migrate", "--json", "--pool", "campus", "--output", filepath.Join(folder, "x.env")}, files...)...)
	var result migrate.Result
	if err := json.Unmarshal([]byte(out), &result); err != nil || status != 0 {
		t.Fatalf("%v, status %d: %s%s", err, status, out, errOut)
	}
	if result.Pool != "campus" || len(result.Maintenance) != 1 || len(result.Rows) < 10 || strings.Contains(out, "11111111-2222") {
		t.Errorf("JSON: %s", out)
	}
}

// TestMigrateRefusesCode checks that an expression that is not a value is an error with
// its line, and that no file is written.
func TestMigrateRefusesCode(t *testing.T) {
	files, folder := predecessor(t)
	if err := os.WriteFile(files[1], []byte("<?php\n$config = [\n'pool_size' => getenv('SIZE'),\n];"), 0o600); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(folder, "acme.env")
	status, _, errOut := divims(t.Context(), append([]string{"migrate", "--output", output}, files...)...)
	if status != failed || !strings.Contains(errOut, `config.php:3: a call of "getenv": nothing is run`) {
		t.Errorf("status %d: %s", status, errOut)
	}
	if _, err := os.Stat(output); !os.IsNotExist(err) {
		t.Errorf("a file was written: %v", err)
	}
	for name, arguments := range map[string][]string{"no file": {"migrate"}, "no configuration": {"migrate", files[2]}, "a missing file": {"migrate", folder + "/nowhere.php"}} {
		if status, _, errOut := divims(t.Context(), arguments...); status == 0 || errOut == "" {
			t.Errorf("%s: status %d, %s", name, status, errOut)
		}
	}
}
