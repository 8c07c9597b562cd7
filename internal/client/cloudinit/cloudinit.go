// Package cloudinit writes the cloud-init user data with which a clone of the
// pool's image makes itself a server: its names, the figures that DiViMS reads, and
// the place where it reads them. In go what the pool says of that and the server;
// out comes the document, in which the password is but a hash.
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
	// StatsPath is where a server answers with its figures, for example
	// "/node_exporter/metrics"; empty if it has none to tell.
	StatsPath string
	// User and Password open StatsPath.
	User     string
	Password pool.Secret
	// Shipped tells that published recordings are sent away from the server.
	Shipped bool
}

// MaxSize is what Scaleway takes as user data, in bytes.
const MaxSize = 127_000

//go:embed files
var files embed.FS

// file is one that cloud-init writes on the server.
type file struct {
	Path, Mode, Content string
}

// setup is what becomes of every clone, figures what else of one that has any to tell.
var (
	setup   = []file{{Path: "/usr/local/sbin/divims-setup", Mode: "0755"}}
	figures = []file{
		{Path: "/usr/local/bin/divims-stats", Mode: "0755"},
		{Path: "/etc/systemd/system/divims-stats.service", Mode: "0644"},
		{Path: "/etc/systemd/system/divims-stats.timer", Mode: "0644"},
		{Path: "/etc/systemd/system/divims-node-exporter.service", Mode: "0644"},
	}
)

// Render writes the user data of a server. The same server always gets the same
// one. What it cannot write safely, it refuses: names and the path reach shells
// and nginx, so that they are of few characters.
func Render(config Config, server pool.Server) ([]byte, error) {
	if !isName(server.Hostname) || !isName(server.Domain) {
		return nil, fmt.Errorf("server %d: its name %q or domain %q is no host name", server.Number, server.Hostname, server.Domain)
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
	return document, limited(document)
}

// filesOf gives all files of a server with their contents.
func filesOf(config Config, server pool.Server) ([]file, error) {
	var written []file
	for _, f := range setup {
		written = append(written, embedded(f))
	}
	if config.StatsPath == "" {
		return written, nil
	}
	if !isPath(config.StatsPath) {
		return nil, fmt.Errorf("%q is no path that figures can be served at", config.StatsPath)
	}
	if !isUser(config.User) || !config.Password.IsSet() {
		return nil, fmt.Errorf("the figures at %s need a user name of visible characters, without a colon, and a password", config.StatsPath)
	}
	for _, f := range figures {
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

// environment is what the script on the server has to know.
func environment(config Config, server pool.Server) string {
	shipped := "no"
	if config.Shipped {
		shipped = "yes"
	}
	return fmt.Sprintf("DIVIMS_DOMAIN=%s\nDIVIMS_SHIPPED=%s\n", server.Domain, shipped)
}

// embedded fills in a file that is the same on every server.
func embedded(f file) file {
	f.Content = mustRead(f.Path[strings.LastIndex(f.Path, "/")+1:])
	return f
}

// mustRead gives one of our own files, which are there.
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

// indent writes a text as the lines of a literal block of YAML. Of other
// characters than these YAML may end the block, or make something else of them.
func indent(text string) (string, error) {
	if !literal.MatchString(text) {
		return "", fmt.Errorf("%.40q cannot stand in a block of YAML", text)
	}
	const by = "      "
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = by + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

var literal = regexp.MustCompile(`^[!-~]([\t -~\n]*[!-~])?\n$`)

// quote writes a text as a string of YAML; it is a name.
func quote(text string) (string, error) {
	if !isName(text) {
		return "", fmt.Errorf("%.40q is no host name", text)
	}
	return `"` + text + `"`, nil
}

var (
	isName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`).MatchString
	isPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+/?$`).MatchString
	// isUser: a colon ends a name, and # begins a comment of nginx.
	isUser = regexp.MustCompile(`^[!"$-9;-~][!-9;-~]{0,99}$`).MatchString
)

func limited(document []byte) error {
	if len(document) > MaxSize {
		return fmt.Errorf("the user data has %d bytes, and Scaleway takes %d", len(document), MaxSize)
	}
	return nil
}
