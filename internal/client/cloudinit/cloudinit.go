// Package cloudinit creates the cloud-init user data of new machines. It takes a pool's
// configuration and a server, and returns a document that turns a clone of the pool's image
// into that server: the document sets the server's names and makes it serve its stats. It
// contains a hash of the stats password, not the password.
package cloudinit

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"divims/internal/pool"
)

// Config says how the servers of a pool are set up.
type Config struct {
	// StatsPath is the URL path at which a server serves its stats, for example
	// "/node_exporter/metrics". It is empty if servers do not serve stats.
	StatsPath string
	// User and Password protect StatsPath.
	User     string
	Password pool.Secret
	// Shipped means that published recordings are sent to another host.
	Shipped bool
}

// MaxSize is the largest user data that Scaleway accepts, in bytes.
const MaxSize = 127_000

//go:embed files
var files embed.FS

// file is a file that cloud-init writes on the server.
type file struct {
	Path, Mode, Content string
}

// setupFiles are written on every machine, statsFiles also on machines that serve stats.
var (
	setupFiles = []file{
		{Path: "/usr/local/sbin/divims-setup", Mode: "0755"},
		{Path: "/usr/local/sbin/divims-ipv6", Mode: "0755"},
		{Path: "/etc/systemd/system/divims-ipv6.service", Mode: "0644"},
	}
	statsFiles = []file{
		{Path: "/usr/local/bin/divims-stats", Mode: "0755"},
		{Path: "/etc/systemd/system/divims-stats.service", Mode: "0644"},
		{Path: "/etc/systemd/system/divims-stats.timer", Mode: "0644"},
		{Path: "/etc/systemd/system/divims-node-exporter.service", Mode: "0644"},
	}
)

// Render returns the user data of a server. The result is always the same for the same
// arguments. Render returns an error for names, paths and user names with characters that
// could have a special meaning in a shell, in YAML or in nginx's configuration.
func Render(config Config, server pool.Server) ([]byte, error) {
	if !isName(server.Hostname) || !isName(server.Domain) {
		return nil, fmt.Errorf("server %d: name %q or domain %q is not a valid host name", server.Number, server.Hostname, server.Domain)
	}
	written, err := filesOf(config, server)
	if err != nil {
		return nil, err
	}
	document, err := fill("user-data.yaml", struct {
		Server pool.Server
		Files  []file
	}{server, written})
	if err != nil {
		return nil, err
	}
	return document, checkSize(document)
}

// filesOf returns all files of a server with their contents.
func filesOf(config Config, server pool.Server) ([]file, error) {
	var written []file
	for _, f := range setupFiles {
		written = append(written, embedded(f))
	}
	if config.StatsPath == "" {
		return written, nil
	}
	if !isPath(config.StatsPath) {
		return nil, fmt.Errorf("stats cannot be served at %q: each part of the path must consist of letters, digits and . _ ~ -", config.StatsPath)
	}
	if !isUser(config.User) || !config.Password.IsSet() {
		return nil, fmt.Errorf("stats at %s need a password and a user name of at most 100 visible ASCII characters, without a colon and without # at the start", config.StatsPath)
	}
	for _, f := range statsFiles {
		written = append(written, embedded(f))
	}
	location, err := fill("location.nginx", struct{ Path string }{config.StatsPath})
	if err != nil {
		return nil, err
	}
	hash := sha512Crypt(config.Password.Reveal(), salt(server.Domain, config.User))
	return append(written,
		file{"/etc/default/divims-stats", "0644", environment(config, server)},
		file{"/etc/divims/htpasswd", "0640", config.User + ":" + hash + "\n"},
		file{"/etc/divims/location.nginx", "0644", string(location)},
	), nil
}

// environment returns the settings of the divims-stats script.
func environment(config Config, server pool.Server) string {
	shipped := "no"
	if config.Shipped {
		shipped = "yes"
	}
	return fmt.Sprintf("DIVIMS_DOMAIN=%s\nDIVIMS_SHIPPED=%s\n", server.Domain, shipped)
}

// embedded returns f with its content, which is the same on every server.
func embedded(f file) file {
	f.Content = mustRead(f.Path[strings.LastIndex(f.Path, "/")+1:])
	return f
}

// mustRead returns the content of an embedded file, which always exists.
func mustRead(name string) string {
	content, err := files.ReadFile("files/" + name)
	if err != nil {
		panic(err)
	}
	return string(content)
}

func fill(name string, values any) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").
		Funcs(template.FuncMap{"indent": indent, "quote": quote}).Parse(mustRead(name))
	if err != nil {
		return nil, fmt.Errorf("read the template %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, values); err != nil {
		return nil, fmt.Errorf("fill in the template %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// indent returns a text as the lines of a literal YAML block. It returns an error for
// characters that could end the block or that YAML might interpret.
func indent(text string) (string, error) {
	if !literal.MatchString(text) {
		return "", fmt.Errorf("%.40q has characters that are not allowed in a YAML block", text)
	}
	const indentation = "      "
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = indentation + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

// literal matches text that is safe in a literal block: printable ASCII, tabs and line
// breaks, with a visible character first and before the final line break.
var literal = regexp.MustCompile(`^[!-~]([\t -~\n]*[!-~])?\n$`)

// quote returns a host name as a YAML string.
func quote(text string) (string, error) {
	if !isName(text) {
		return "", fmt.Errorf("%.40q is not a valid host name", text)
	}
	return `"` + text + `"`, nil
}

var (
	isName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`).MatchString
	isPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+/?$`).MatchString
	// isUser rejects a colon, which ends a user name in htpasswd, and # at the start, which
	// begins a comment.
	isUser = regexp.MustCompile(`^[!"$-9;-~][!-9;-~]{0,99}$`).MatchString
)

func checkSize(document []byte) error {
	if len(document) > MaxSize {
		return fmt.Errorf("the user data has %d bytes, but Scaleway accepts at most %d", len(document), MaxSize)
	}
	return nil
}
