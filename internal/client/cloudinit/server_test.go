package cloudinit_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"divims/internal/client/cloudinit"
	"divims/internal/client/exporter"
	"divims/internal/pool"
)

// The tests in this file change the machine that they run on: they set it up like a clone
// of an image with BBB. `.ci/server` runs them in a container of their own.

//go:embed files
var scripts embed.FS

const password = `open $esame, "it's me"`

var (
	third  = pool.Server{Number: 3, Hostname: "bbb-w3", Domain: "bbb-w3.example.com"}
	fourth = pool.Server{Number: 4, Hostname: "bbb-w4", Domain: "bbb-w4.example.com"}
)

func render(t *testing.T, server pool.Server) []byte {
	t.Helper()
	document, err := cloudinit.Render(cloudinit.Config{
		StatsPath: "/node_exporter/metrics", User: "divims", Password: pool.NewSecret(password), Shipped: true,
	}, server)
	must(t, err)
	return document
}

// clone is the machine that the test runs on.
type clone struct{ t *testing.T }

// site is a short form of BBB's nginx site.
const site = `server {
	listen 80;
	server_name image.example.com;
	return 301 https://$server_name$request_uri;
}
server {
	listen 443 ssl;
	server_name image.example.com;
	ssl_certificate /etc/ssl/pool.pem;
	ssl_certificate_key /etc/ssl/pool.key;
	location / { root /var/www/bigbluebutton-default; }
	location = /bigbluebutton/api { default_type text/xml; alias /var/www/api.xml; }
	include /etc/bigbluebutton/nginx/*.nginx;
}
`

// systemctl replaces systemd, which does not run here. It logs its calls. For a reload it
// reloads nginx and waits until the old workers have ended.
const systemctl = `#!/bin/sh
echo "systemctl $*" >>/var/log/calls
case $1 in
reload)
	before=$(pidof nginx)
	nginx -s reload
	for worker in $before; do
		[ "$worker" != "$(cat /run/nginx.pid)" ] || continue
		while kill -0 "$worker" 2>/dev/null; do sleep 0.02; done
	done
	;;
is-active)
	shift
	[ ! -e /etc/units/mute ] || exit 1
	for unit; do cat "/etc/units/$unit" 2>/dev/null || echo active; done
esac
`

// bbbConf replaces BBB's command.
const bbbConf = `#!/bin/sh
echo "bbb-conf $*" >>/var/log/calls
[ "$1" = --setip ] || exit 1
echo "bigbluebutton.web.serverURL=https://$2" >/etc/bigbluebutton/bbb-web.properties
systemctl reload nginx
`

// newClone sets the machine up like a clone of an image: it has the image's domain
// everywhere, and lacks one of BBB's folders.
func newClone(t *testing.T) clone {
	if os.Getenv("DIVIMS_TEST_SERVER") == "" {
		t.Skip(".ci/server runs this")
	}
	c := clone{t}
	c.do("useradd", "--system", "bigbluebutton")
	certificate, key, authority := certify(t, "*.example.com")
	for path, content := range map[string]string{
		"/etc/hosts":                                              "127.0.0.1 localhost bbb-w3.example.com\n192.0.2.3 bbb-w4.example.com\n",
		"/etc/hostname":                                           "image\n",
		"/etc/bigbluebutton/bbb-web.properties":                   "bigbluebutton.web.serverURL=https://image.example.com\n",
		"/etc/bigbluebutton/bigbluebutton-release":                "BIGBLUEBUTTON_RELEASE=3.0.4\n",
		"/usr/local/bigbluebutton/core/scripts/bigbluebutton.yml": stockSteps,
		"/etc/bigbluebutton/nginx/web.nginx":                      "location /own/ { return 204; }\n",
		"/etc/nginx/sites-available/bigbluebutton":                site,
		"/etc/ssl/pool.pem":                                       certificate,
		"/etc/ssl/pool.key":                                       key,
		"/usr/local/share/ca-certificates/pool.crt":               authority,
		"/var/www/bigbluebutton-default/index.html":               "BigBlueButton",
		"/var/www/api.xml":                                        "<response><returncode>SUCCESS</returncode></response>",
		"/etc/cloud/cloud.cfg":                                    cloudConfig,
	} {
		c.write(path, content, 0o644)
	}
	c.write("/usr/local/bin/systemctl", systemctl, 0o755)
	c.write("/usr/local/bin/bbb-conf", bbbConf, 0o755)
	must(t, os.MkdirAll("/etc/units", 0o755))
	must(t, os.RemoveAll("/etc/cloud/cloud.cfg.d"))
	must(t, os.RemoveAll("/etc/nginx/sites-enabled/default"))
	must(t, os.Symlink("/etc/nginx/sites-available/bigbluebutton", "/etc/nginx/sites-enabled/bigbluebutton"))
	c.do("update-ca-certificates")
	plant(t, "/var/bigbluebutton/recording", nil)
	must(t, os.Remove("/var/bigbluebutton/recording/status/published"))
	c.do("nginx")
	return c
}

// cloudConfig turns off the modules of cloud-init that user data does not need.
const cloudConfig = `datasource_list: [NoCloud]
network: {config: disabled}
disable_root: false
preserve_hostname: true
cloud_init_modules: [write-files, set_hostname]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
system_info: {distro: debian}
`

func certify(t *testing.T, name string) (certificate, key, authority string) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &signer.PublicKey, signer)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	must(t, err)
	certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return certificate, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), certificate
}

func (c clone) write(path, content string, mode fs.FileMode) {
	c.t.Helper()
	must(c.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(c.t, os.WriteFile(path, []byte(content), mode))
	must(c.t, os.Chmod(path, mode))
}

func (c clone) read(path string) string {
	c.t.Helper()
	content, err := os.ReadFile(path)
	must(c.t, err)
	return string(content)
}

// in returns the clone for a subtest.
func (c clone) in(t *testing.T) clone {
	c.t = t
	return c
}

// do runs a command that must succeed, and returns its output.
func (c clone) do(command ...string) string {
	c.t.Helper()
	out, err := exec.CommandContext(c.t.Context(), command[0], command[1:]...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// boot runs the stages of cloud-init as at a boot of the instance.
func (c clone) boot(instance string, userData []byte) {
	c.t.Helper()
	must(c.t, os.RemoveAll("/run/cloud-init")) // a boot empties /run
	c.write("/var/lib/cloud/seed/nocloud/user-data", string(userData), 0o600)
	c.write("/var/lib/cloud/seed/nocloud/meta-data", "instance-id: "+instance+"\nlocal-hostname: image\n", 0o644)
	for _, stage := range []string{"init --local", "init", "modules --mode=config", "modules --mode=final"} {
		out := c.do(append([]string{"cloud-init"}, strings.Fields(stage)...)...)
		if strings.Contains(out, "divims-setup: failed") || strings.Contains(out, "[WARNING]: Failed") {
			c.t.Errorf("cloud-init %s:\n%s", stage, out)
		}
	}
}

// calls returns the calls of systemctl and bbb-conf since the last time.
func (c clone) calls() []string {
	c.t.Helper()
	content, err := os.ReadFile("/var/log/calls")
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	must(c.t, os.WriteFile("/var/log/calls", nil, 0o666))
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(content)), "\n"), func(call string) bool {
		return call == "" || strings.HasPrefix(call, "systemctl is-active")
	})
}

// setUp returns the calls that set a machine up as the server.
func setUp(server pool.Server) []string {
	return []string{
		"bbb-conf --setip " + server.Domain, "systemctl reload nginx", "systemctl daemon-reload",
		"systemctl enable --now --no-block divims-ipv6.service",
		"systemctl enable --now divims-stats.timer divims-node-exporter.service", "systemctl reload nginx",
	}
}

func TestServer(t *testing.T) {
	c := newClone(t)

	// cloud-init accepts the document, and sets the server up once.
	document := render(t, third)
	c.write("/tmp/user-data", string(document), 0o600)
	t.Logf("%s", c.do("cloud-init", "schema", "--config-file", "/tmp/user-data"))
	c.boot("first", document)
	c.checkIs(third, setUp(third))
	c.boot("first", document)
	c.checkIs(third, nil)
	t.Run("files", c.files)

	t.Run("operator's document", c.ownDocument)
	t.Run("setup by hand", c.byHand)

	c.stats()
}

// checkIs checks that the machine is set up as the server, and that wantCalls were made.
func (c clone) checkIs(server pool.Server, wantCalls []string) {
	c.t.Helper()
	if name, _ := os.Hostname(); name != server.Hostname || strings.TrimSpace(c.read("/etc/hostname")) != server.Hostname {
		c.t.Errorf("the host name is %s, and %s in /etc/hostname; want %s", name, c.read("/etc/hostname"), server.Hostname)
	}
	if calls := c.calls(); !slices.Equal(calls, wantCalls) {
		c.t.Errorf("calls %q\nwant  %q", calls, wantCalls)
	}
	bbb := c.read("/etc/nginx/sites-available/bigbluebutton") + c.read("/etc/bigbluebutton/bbb-web.properties")
	if strings.Count(bbb, "server_name "+server.Domain+";") != 2 || !strings.Contains(bbb, "=https://"+server.Domain+"\n") {
		c.t.Errorf("BBB has another domain than %s:\n%s", server.Domain, bbb)
	}
}

// files checks the owners, permissions and contents of the files.
func (c clone) files(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/local/sbin/divims-setup":                     "-rwxr-xr-x root root",
		"/usr/local/bin/divims-stats":                      "-rwxr-xr-x root root",
		"/etc/divims/htpasswd":                             "-rw-r----- root www-data",
		"/etc/divims/location.nginx":                       "-rw-r--r-- root root",
		"/etc/systemd/system/divims-stats.service":         "-rw-r--r-- root root",
		"/var/bigbluebutton/recording/status/published":    "drwxr-xr-x bigbluebutton bigbluebutton",
		"/etc/systemd/system/divims-node-exporter.service": "-rw-r--r-- root root",
	} {
		if got := strings.TrimSpace(c.do("stat", "-c", "%A %U %G", path)); got != want {
			t.Errorf("%s is %s; want %s", path, got, want)
		}
	}
	for _, path := range []string{"/usr/local/sbin/divims-setup", "/usr/local/bin/divims-stats"} {
		original, err := scripts.ReadFile("files/" + filepath.Base(path))
		must(t, err)
		if c.read(path) != string(original) {
			t.Errorf("%s differs from the embedded file", path)
		}
	}
}

// ownDocument tests operators' documents of different kinds.
func (c clone) ownDocument(t *testing.T) {
	c = c.in(t)
	const parts = "Content-Type: multipart/mixed; boundary=\"own\"\nMIME-Version: 1.0\n\n" +
		"--own\nContent-Type: text/cloud-config\n\n#cloud-config\nwrite_files:\n  - {path: /etc/own, content: Hello}\n\n" +
		"--own\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho own >>/var/log/calls\n\n--own--\n"
	for name, own := range map[string]string{
		"configuration": "#cloud-config\nfqdn: other.example.org\nwrite_files:\n  - path: /etc/own\n    content: Grüße\nruncmd:\n  - echo own >>/var/log/calls\n",
		"parts":         parts,
	} {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			must(t, os.RemoveAll("/etc/own"))
			c.boot("other server, "+name, render(t, fourth))
			c.calls()
			document, err := cloudinit.Join([]byte(own), render(t, third))
			must(t, err)
			c.boot("with "+name, document)
			if got := c.read("/etc/own"); !strings.Contains(own, got) || got == "" {
				t.Errorf("/etc/own contains %q", got)
			}
			calls := c.calls()
			at := slices.Index(calls, "own")
			if at < 0 || name == "configuration" && at != 0 {
				t.Fatalf("the operator's command did not run, or not first: %q", calls)
			}
			c.write("/var/log/calls", strings.Join(slices.Delete(calls, at, at+1), "\n")+"\n", 0o666)
			c.checkIs(third, setUp(third))
		})
	}
}

// byHand runs the setup again after changes to the machine.
func (c clone) byHand(t *testing.T) {
	c = c.in(t)
	t.Run("nothing to do", func(t *testing.T) {
		c := c.in(t)
		c.do("divims-setup", third.Domain)
		c.checkIs(third, setUp(third)[2:])
	})
	t.Run("everything", func(t *testing.T) {
		c := c.in(t)
		must(t, os.RemoveAll("/etc/divims"))
		c.write("/root/user-data", string(render(t, third)), 0o600)
		c.do("cloud-init", "--file", "/root/user-data", "single", "--name", "write_files", "--frequency", "always")
		c.do("divims-setup", third.Domain)
		c.checkIs(third, setUp(third)[2:])
		c.files(t)
	})
	t.Run("node_exporter is missing", func(t *testing.T) {
		c := c.in(t)
		must(t, os.Rename("/usr/bin/prometheus-node-exporter", "/usr/bin/hidden"))
		c.write("/usr/local/bin/apt-get", "#!/bin/sh\necho \"apt-get $*\" >>/var/log/calls\ncase $* in *install*) mv /usr/bin/hidden /usr/bin/prometheus-node-exporter ;; esac\n", 0o755)
		c.do("divims-setup", third.Domain)
		calls := c.calls()
		calls = calls[min(2, len(calls)):] // after the reload and divims-ipv6
		if len(calls) < 3 || calls[0] != "systemctl mask prometheus-node-exporter.service" || !strings.HasSuffix(calls[2], "install --no-install-recommends prometheus-node-exporter") {
			t.Errorf("calls %q; want Debian's unit masked before its package is installed", calls)
		}
	})
	t.Run("nginx rejects the location", func(t *testing.T) {
		c := c.in(t)
		before := c.read("/etc/divims/location.nginx")
		c.write("/etc/divims/location.nginx", "nonsense;\n", 0o644)
		out, err := exec.CommandContext(t.Context(), "divims-setup", third.Domain).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "divims-setup: failed to serve the stats") {
			t.Errorf("error %v: %s", err, out)
		}
		c.do("nginx", "-t") // nginx can still start
		c.write("/etc/divims/location.nginx", before, 0o644)
		c.do("divims-setup", third.Domain)
	})
	c.calls()
}

// stats tests the script and reads its results through nginx, as DiViMS does.
func (c clone) stats() {
	t := c.t
	must(t, os.Mkdir("/run/divims", 0o755))
	c.own("/run/divims")
	start(t, c.unit("divims-node-exporter.service", "ExecStart")...)
	redis := start(t, "redis-server", "--save", "", "--dir", "/tmp")
	waitFor(t, "127.0.0.1:9117")
	waitFor(t, "127.0.0.1:6379")

	t.Run("access", c.access)
	t.Run("healthy", c.healthy)
	for name, cas := range recordingCases {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			c.plant(cas.tree)
			stats := c.readStats()
			wantCounts(t, "backlog", stats.Backlog, all(pool.BacklogStages[:], cas.backlog))
			wantCounts(t, "failed", stats.Failed, all(failures, cas.failed))
		})
	}
	for name, cas := range brokenCases {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			c.plant(recordingCases["several at once"].tree)
			cas.broken(t, recordings)
			stats := c.readStats()
			wantUnknown(t, "backlog", stats.Backlog, cas.backlog)
			if len(cas.failed) > 0 {
				wantUnknown(t, "failed", stats.Failed, cas.failed)
			}
		})
	}
	c.plant(nil)
	t.Run("BBB", c.probes)
	t.Run("many recordings", c.manyRecordings)
	t.Run("jobs", func(t *testing.T) { c.in(t).jobs(redis) })
}

// start starts a service. It is killed at the end of the test.
func start(t *testing.T, command ...string) *os.Process {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...) // Cleanup ends it
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process
}

// waitFor waits until a service listens at the address.
func waitFor(t *testing.T, address string) {
	t.Helper()
	dialer := net.Dialer{Timeout: time.Second}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	end := time.After(10 * time.Second)
	for {
		connection, err := dialer.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-again.C:
		case <-end:
			t.Fatalf("no service listens at %s", address)
		}
	}
}

// unit returns the words of a setting in a unit file.
func (c clone) unit(name, key string) []string {
	c.t.Helper()
	text := strings.ReplaceAll(c.read("/etc/systemd/system/"+name), "\\\n", " ")
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, key+"="); found {
			return strings.Fields(value)
		}
	}
	c.t.Fatalf("%s has no %s", name, key)
	return nil
}

const recordings = "/var/bigbluebutton/recording"

// plant creates a new tree of recordings that belongs to BBB's user.
func (c clone) plant(tree []string) {
	c.t.Helper()
	must(c.t, os.RemoveAll(recordings))
	plant(c.t, recordings, tree)
	c.own(recordings)
}

// own changes the owner of a tree to BBB's user.
func (c clone) own(path string) {
	c.t.Helper()
	c.do("chown", "-R", "bigbluebutton:bigbluebutton", path)
}

// runScript runs divims-stats as its unit does.
func (c clone) runScript(settings ...string) *os.ProcessState {
	c.t.Helper()
	account, err := user.Lookup(c.unit("divims-stats.service", "User")[0])
	must(c.t, err)
	uid, err := strconv.Atoi(account.Uid)
	must(c.t, err)
	gid, err := strconv.Atoi(account.Gid)
	must(c.t, err)
	command := c.unit("divims-stats.service", "ExecStart")
	cmd := exec.CommandContext(c.t.Context(), command[0], command[1:]...)
	cmd.Env = append(strings.Fields(c.read(c.unit("divims-stats.service", "EnvironmentFile")[0])), "PATH="+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, settings...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	return cmd.ProcessState
}

// client returns a client that connects as DiViMS does. It appends the status of each
// response to statuses.
func (c clone) client(statuses *[]int) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(c.read("/etc/ssl/pool.pem")))
	return &http.Client{
		Transport:     &statusRecorder{&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, statuses},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// statusRecorder is a transport that records the status of each response.
type statusRecorder struct {
	next     http.RoundTripper
	statuses *[]int
}

func (r *statusRecorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err == nil {
		*r.statuses = append(*r.statuses, response.StatusCode)
	}
	return response, err
}

// readStats runs the script and reads the stats. That must take one request: all collectors
// that DiViMS asks for must be enabled.
func (c clone) readStats(settings ...string) pool.Stats {
	c.t.Helper()
	c.runScript(settings...)
	var statuses []int
	client := exporter.New(exporter.Config{
		URLs: []string{"https://{domain}/node_exporter/metrics"}, User: "divims", Password: pool.NewSecret(password),
	}, c.client(&statuses))
	stats, err := client.Stats(c.t.Context(), third, time.Now)
	must(c.t, err)
	if !slices.Equal(statuses, []int{http.StatusOK}) {
		c.t.Errorf("the statuses are %v; want one 200", statuses)
	}
	return stats
}

func wantCounts(t *testing.T, what string, got pool.Reading[map[string]int], want map[string]int) {
	t.Helper()
	if counted, known := got.Get(); !known || !maps.Equal(counted, want) {
		t.Errorf("%s %v, known %v (%s); want %v", what, counted, known, got.Reason(), want)
	}
}

// wantUnknown checks that counts are unknown because one of the stages, or all of them, are
// missing.
func wantUnknown(t *testing.T, what string, got pool.Reading[map[string]int], stages []string) {
	t.Helper()
	if counted, known := got.Get(); known {
		t.Errorf("%s %v; want unknown", what, counted)
	}
	if !strings.Contains(got.Reason(), "not among the metrics") && !slices.ContainsFunc(stages, func(stage string) bool { return strings.Contains(got.Reason(), fmt.Sprintf("the stage %q", stage)) }) {
		t.Errorf("%s is unknown because %q; want one of the stages %v as the reason", what, got.Reason(), stages)
	}
}

// access tests which requests can read the stats.
func (c clone) access(t *testing.T) {
	c = c.in(t)
	c.runScript()
	const stats = "https://bbb-w3.example.com/node_exporter/metrics"
	for name, r := range map[string]struct {
		method, address, user, password string
		status                          int
	}{
		"no user":                   {"GET", stats, "", "", http.StatusUnauthorized},
		"a wrong password":          {"GET", stats, "divims", "open sesame", http.StatusUnauthorized},
		"no password":               {"GET", stats, "divims", "", http.StatusUnauthorized},
		"another user":              {"GET", stats, "other", password, http.StatusUnauthorized},
		"the hash as password":      {"GET", stats, "divims", strings.TrimSpace(strings.SplitN(c.read("/etc/divims/htpasswd"), ":", 2)[1]), http.StatusUnauthorized},
		"DiViMS":                    {"GET", stats, "divims", password, http.StatusOK},
		"DiViMS, some metrics":      {"GET", stats + "?collect[]=time", "divims", password, http.StatusOK},
		"DiViMS, POST":              {"POST", stats, "divims", password, http.StatusForbidden},
		"an unknown collector":      {"GET", stats + "?collect[]=nonsense", "divims", password, http.StatusBadRequest},
		"the path above":            {"GET", "https://bbb-w3.example.com/node_exporter/", "divims", password, http.StatusNotFound},
		"a path below":              {"GET", stats + "/", "divims", password, http.StatusNotFound},
		"node_exporter's own root":  {"GET", "https://bbb-w3.example.com/metrics", "divims", password, http.StatusNotFound},
		"its profiler":              {"GET", "https://bbb-w3.example.com/debug/pprof/", "divims", password, http.StatusNotFound},
		"another spelling, no user": {"GET", "https://bbb-w3.example.com//node_exporter/./metrics", "", "", http.StatusUnauthorized},
		"without TLS":               {"GET", "http://bbb-w3.example.com/node_exporter/metrics", "", "", http.StatusMovedPermanently},
		"BBB's page":                {"GET", "https://bbb-w3.example.com/", "", "", http.StatusOK},
		"BBB's include file":        {"GET", "https://bbb-w3.example.com/own/", "", "", http.StatusNoContent},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), r.method, r.address, nil)
			must(t, err)
			if r.user != "" {
				request.SetBasicAuth(r.user, r.password)
			}
			response, err := c.client(new([]int)).Do(request)
			must(t, err)
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			must(t, err)
			if hasMetrics := strings.Contains(string(body), "node_"); response.StatusCode != r.status || hasMetrics != (r.status == http.StatusOK && r.user != "") && r.status != http.StatusBadRequest {
				t.Errorf("status %d, want %d:\n%.300s", response.StatusCode, r.status, body)
			}
		})
	}
	var dialer net.Dialer
	if connection, err := dialer.DialContext(t.Context(), "tcp", "192.0.2.3:9117"); err == nil {
		_ = connection.Close()
		t.Error("node_exporter listens on an outside address")
	}
	waitFor(t, "192.0.2.3:443") // nginx listens there
}

// healthy checks all values but the units, because systemd does not run here.
func (c clone) healthy(t *testing.T) {
	c = c.in(t)
	before := time.Now()
	stats := c.readStats()
	probe, known := stats.Probe.Get()
	if !known || !probe.OK || probe.At.Before(before.Add(-2*time.Second)) {
		t.Errorf("probe %+v, known %v (%s)", probe, known, stats.Probe.Reason())
	}
	if version, _ := stats.Version.Get(); version != "3.0.4" {
		t.Errorf("version %q: %s", version, stats.Version.Reason())
	}
	if name, _ := stats.Nodename.Get(); name != third.Hostname {
		t.Errorf("host name %q: %s", name, stats.Nodename.Reason())
	}
	if age, known := stats.Age.Get(); !known || age > time.Minute {
		t.Errorf("age %s, known %v", age, known)
	}
	for what, reason := range map[string]string{
		"load": stats.Load1.Reason() + stats.Load5.Reason() + stats.Load15.Reason(), "CPUs": stats.CPUs.Reason(), "uptime": stats.Uptime.Reason(), "network": stats.Network.Reason(),
	} {
		if reason != "" {
			t.Errorf("%s: %s", what, reason)
		}
	}
}

// probes tests the probe with a broken BBB.
func (c clone) probes(t *testing.T) {
	for name, b := range map[string]struct{ path, content string }{
		"its API fails":  {"/var/www/api.xml", "<response><returncode>FAILED</returncode></response>"},
		"a unit is down": {"/etc/units/freeswitch", "failed\n"},
		"a unit stopped": {"/etc/units/bbb-web", "inactive\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			before, err := os.ReadFile(b.path)
			c.write(b.path, b.content, 0o644)
			stats := c.readStats()
			if probe, known := stats.Probe.Get(); !known || probe.OK {
				t.Errorf("probe %+v, known %v (%s); want one that fails", probe, known, stats.Probe.Reason())
			}
			wantCounts(t, "backlog", stats.Backlog, all(pool.BacklogStages[:], nil))
			must(t, os.Remove(b.path))
			if err == nil {
				c.write(b.path, string(before), 0o644)
			}
		})
	}
	t.Run("systemd does not answer", func(t *testing.T) {
		c := c.in(t)
		c.write("/etc/units/mute", "", 0o644)
		if probe, known := c.readStats().Probe.Get(); known {
			t.Errorf("probe %+v; want unknown", probe)
		}
		must(t, os.Remove("/etc/units/mute"))
	})
}

// manyRecordings measures the script on a server with 5,000 finished recordings and an
// unfinished one.
func (c clone) manyRecordings(t *testing.T) {
	c = c.in(t)
	c.plant(nil)
	_ = c.runScript()
	few := cpu(c.runScript())
	var tree []string
	for i := range 5000 {
		id := fmt.Sprintf("%040x-%d", i, 1773651600000+i)
		for _, path := range through("sent") {
			tree = append(tree, strings.ReplaceAll(path, lecture, id))
		}
	}
	c.plant(append(tree, "status/recorded/"+lecture+".done"))
	begun := time.Now()
	done := c.runScript()
	t.Logf("5,000 recordings: %s, %s of CPU time; no recordings: %s of CPU time", time.Since(begun).Round(time.Millisecond), cpu(done), few)
	wantCounts(t, "backlog", c.readStats().Backlog, all(pool.BacklogStages[:], map[string]int{"recorded": 1}))
	if cpu(done) > 10*time.Second {
		t.Errorf("the script took %s of CPU time, want at most 10s", cpu(done))
	}
	c.plant(nil)
}

func cpu(state *os.ProcessState) time.Duration { return state.UserTime() + state.SystemTime() }

// jobs tests the count of jobs with a real Redis, and without it.
func (c clone) jobs(redis *os.Process) {
	t := c.t
	queued := func(settings ...string) pool.Reading[map[string]int] { return c.readStats(settings...).Backlog }
	want := func(what string, jobs int, settings ...string) {
		t.Helper()
		wantCounts(t, what, queued(settings...), all(pool.BacklogStages[:], map[string]int{"queued": jobs}))
	}
	want("nothing", 0)
	for i, queue := range []string{"archive", "sanity", "captions", "process", "publish", "events"} {
		c.do("redis-cli", "rpush", "resque:queue:rap:"+queue, "{}")
		want("a job for "+queue, i+1)
	}
	alive, killed := fmt.Sprintf("bbb-w3:%d:rap:*", os.Getpid()), "bbb-w3:99999999:rap:*"
	c.do("redis-cli", "sadd", "resque:workers", alive, killed)
	want("idle workers", 6)
	c.do("redis-cli", "set", "resque:worker:"+alive, "{}")
	want("a busy worker", 7)
	c.do("redis-cli", "set", "resque:worker:"+killed, "{}")
	want("a busy worker that was killed", 7)
	c.do("redis-cli", "rpush", "resque:failed", "{}")
	wantCounts(t, "failed jobs", c.readStats().Failed, all(failures, map[string]int{"jobs": 1}))
	c.do("redis-cli", "flushall")
	want("all done", 0)

	unknown := func(what string) {
		t.Helper()
		t.Log(what)
		wantUnknown(t, "backlog", queued(), []string{"queued"})
	}
	c.do("redis-cli", "set", "resque:queue:rap:process", "no list")
	unknown("a queue is not a list")
	c.do("redis-cli", "flushall")
	c.do("redis-cli", "config", "set", "requirepass", "sesame")
	unknown("Redis wants a password")
	want("with its password", 0, "REDISCLI_AUTH=sesame")
	c.do("redis-cli", "-a", "sesame", "config", "set", "requirepass", "")
	must(t, redis.Signal(syscall.SIGSTOP))
	unknown("Redis hangs")
	must(t, redis.Signal(syscall.SIGCONT))
	want("Redis continues", 0)
	must(t, redis.Kill())
	_, _ = redis.Wait()
	unknown("Redis does not run")
}
