package cloudinit

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"divims/internal/pool"
)

var update = flag.Bool("update", false, "write the golden files")

// third is a server, and campus is the configuration of its pool.
var (
	third  = pool.Server{Number: 3, Hostname: "bbb-w3", Domain: "bbb-w3.example.com"}
	campus = Config{StatsPath: "/node_exporter/metrics", User: "divims", Password: pool.NewSecret("open sesame"), Shipped: true}
)

func TestUserData(t *testing.T) {
	kept := campus
	kept.Shipped = false
	for name, config := range map[string]Config{"shipped": campus, "kept": kept, "without stats": {}} {
		t.Run(name, func(t *testing.T) {
			document, err := Render(config, third)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.ReplaceAll(name, " ", "-")+".yaml", document)
			if len(document) > MaxSize/4 {
				t.Errorf("the document has %d bytes; want at most %d, to leave room for an operator's own", len(document), MaxSize/4)
			}
			if bytes.Contains(document, []byte("sesame")) {
				t.Error("the document contains the password")
			}
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the document differs from %s; if that is right, run go test ./internal/client/cloudinit -update\n%s", path, got)
	}
}

func TestEachServerHasItsOwnNamesAndHash(t *testing.T) {
	fourth := pool.Server{Number: 4, Hostname: "bbb-w4", Domain: "bbb-w4.example.com"}
	hashes := map[string]bool{}
	for _, server := range []pool.Server{third, fourth, third} {
		document, err := Render(campus, server)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"\nhostname: \"" + server.Hostname + "\"\nfqdn: \"" + server.Domain + "\"\n",
			"      DIVIMS_DOMAIN=" + server.Domain + "\n",
			"  - [/usr/local/sbin/divims-setup, \"" + server.Domain + "\"]\n",
		} {
			if !strings.Contains(string(document), want) {
				t.Errorf("server %d: no %q", server.Number, want)
			}
		}
		_, line, _ := strings.Cut(string(document), "      divims:")
		line, _, _ = strings.Cut(line, "\n")
		hashes[line] = true
	}
	if len(hashes) != 2 {
		t.Errorf("%d hashes %v; want one for each of the two servers", len(hashes), hashes)
	}
}

// These values would have a special meaning in a shell, in YAML, in nginx's configuration
// or in its password file.
func TestUnsafeValuesAreRejected(t *testing.T) {
	for _, name := range []string{
		"", "-rf", "bbb w3", "bbb-w3\nruncmd: [reboot]", "bbb'w3", `bbb"w3`, "$(reboot)", "`reboot`", "bbb;reboot", "bbb/../w3",
		"bbb\u2028w3", "bbb\x85w3", "bbb\x00w3", "{{.Path}}", "&w3", "#w3", strings.Repeat("w", 254), "bbb-w3\n",
	} {
		for what, server := range map[string]pool.Server{
			"host name": {Number: 3, Hostname: name, Domain: third.Domain}, "domain": {Number: 3, Hostname: third.Hostname, Domain: name},
		} {
			wantRejected(t, what, name, campus, server)
		}
	}
	for _, path := range []string{
		"node_exporter", "/", "//", "/a b", "/a;", "/a{", "/a}", "/a$uri", "/a#", "/a'", `/a"`, `/a\`, "/a\n}", "/a?b", "/a%20", "/\u2028",
	} {
		config := campus
		config.StatsPath = path
		wantRejected(t, "path", path, config, third)
	}
	for _, user := range []string{
		"", "a:b", "#a", "a b", "a\nb", "a\r", "a\u2028runcmd:", "a\x85runcmd:", "a\x00", "ä", strings.Repeat("a", 101), "a\n",
	} {
		config := campus
		config.User = user
		wantRejected(t, "user", user, config, third)
	}
	config := campus
	config.Password = pool.Secret{}
	wantRejected(t, "password", "", config, third)
}

func wantRejected(t *testing.T, what, value string, config Config, server pool.Server) {
	t.Helper()
	if document, err := Render(config, server); err == nil {
		t.Errorf("the %s %q is accepted:\n%s", what, value, document)
	}
}

// These user names look unusual, but have no special meaning where they are written.
func TestUnusualUserNamesStayWithinTheirLine(t *testing.T) {
	plain, err := Render(campus, third)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{`'"`, "$(reboot)", "{{.Path}}", "-", "%YAML", "&a", "*a", "!!a", "a#b", `\`, "|", ">", "---", "..."} {
		config := campus
		config.User = user
		document, err := Render(config, third)
		if err != nil {
			t.Errorf("%q: %v", user, err)
			continue
		}
		if !strings.Contains(string(document), "\n      "+user+":$6$") || bytes.Count(document, []byte("\n")) != bytes.Count(plain, []byte("\n")) {
			t.Errorf("%q is not within one line:\n%s", user, document)
		}
	}
}
