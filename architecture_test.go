package divims_test

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// packageRow is a row of the table of packages: package, meaning, imports.
var packageRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| .* \\| (.*) \\|$")

// TestArchitecturePackages checks that the table of packages in docs/architecture.md has
// every package, with all of our packages that it imports.
func TestArchitecturePackages(t *testing.T) {
	listed := map[string]string{}
	for _, row := range packageRow.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1) {
		listed[row[1]] = strings.ReplaceAll(row[2], "`", "")
	}
	for name, imports := range packages(t) {
		if row, ok := listed[name]; !ok || row != strings.Join(imports, ", ") {
			t.Errorf("docs/architecture.md says that %s imports %q; it imports %q", name, row, strings.Join(imports, ", "))
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("docs/architecture.md lists the package %s, which does not exist", name)
	}
}

// arrows says which packages the packages of a room may import. A room is a package with
// all packages below it; the longest name that fits counts. Tests may import more: they
// start the sandbox, for example.
var arrows = map[string][]string{
	"divims":         {"handler"},
	"handler":        {"client", "config", "cycle", "fact", "pool", "report", "scaling"},
	"cycle":          {"config/setting", "fact", "pool", "scaling"},
	"scaling":        {"config/setting", "fact", "pool", "scaling"},
	"fact":           {"pool"},
	"pool":           {},
	"report":         {"cycle", "fact", "pool", "scaling"},
	"config":         {"client", "config", "cycle", "pool", "scaling"},
	"config/setting": {},
	"client":         {"client/checksum", "client/httpclient", "config/setting", "pool"}, // never each other
	"setup":          {"cycle", "fact", "pool"},
	"migrate":        {"config", "fact"},
	"deploy":         {"config", "pool"},
	"lab":            {"client/checksum", "config/setting", "cycle", "lab", "pool", "report", "scaling"},
	"cmd":            {"client", "config", "cycle", "fact", "deploy", "handler", "lab", "migrate", "pool", "report", "scaling", "setup"},
}

// TestArrowsPointOneWay checks that each package imports only what arrows allows.
func TestArrowsPointOneWay(t *testing.T) {
	for name, imports := range packages(t) {
		room := ""
		for candidate := range arrows {
			if isIn(name, candidate) && len(candidate) > len(room) {
				room = candidate
			}
		}
		if room == "" {
			t.Errorf("the package %s is in no room of the architecture", name)
			continue
		}
		for _, imported := range imports {
			if !slices.ContainsFunc(arrows[room], func(allowed string) bool { return isIn(imported, allowed) }) {
				t.Errorf("%s must not import %s: packages of %s may import %v", name, imported, room, arrows[room])
			}
		}
	}
}

// isIn reports whether a package is another one or below it.
func isIn(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }

// TestFunctionNeedsNoTools checks that the function imports no package, not even
// indirectly, that the deployed archive leaves out.
func TestFunctionNeedsNoTools(t *testing.T) {
	text, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("list what the function needs: %v", err)
	}
	for path := range strings.FieldsSeq(string(text)) {
		for _, room := range []string{"cmd", "deploy", "lab", "setup", "migrate", "client/ovh"} {
			if isIn(path, "divims/internal/"+room) {
				t.Errorf("the function needs %s, which is not deployed", path)
			}
		}
	}
}

// packages returns the imports of each of our packages, without packages of others. All
// names are short.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		imports := slices.DeleteFunc(words[1:], func(path string) bool { return !strings.HasPrefix(path, "divims/") })
		for i := range imports {
			imports[i] = short(imports[i])
		}
		all[short(words[0])] = imports
	}
	return all
}

// short returns an import path without divims/ and internal/.
func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "divims/"), "internal/")
}

// ownTransport matches what sends requests without the settings of client/httpclient.
var ownTransport = regexp.MustCompile(`http\.(Transport\{|Get\(|Head\(|Post\(|PostForm\()`)

// TestOneMakerOfHTTPClients checks that all requests of the product go through the clients
// of client/httpclient: with its authorities, its proxy and its limits. The sandbox has
// clients of its own.
func TestOneMakerOfHTTPClients(t *testing.T) {
	makers := 0
	for _, folder := range []string{"handler", "internal"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/lab/") {
				return err
			}
			switch found := ownTransport.FindString(read(t, path)); {
			case found == "":
			case strings.HasPrefix(path, "internal/client/httpclient/"):
				makers++
			case path != "internal/cmd/divims/function.go": // calls the sandbox's function
				t.Errorf("%s has %s; use the client of client/httpclient", path, found)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if makers != 1 {
		t.Errorf("client/httpclient makes clients in %d files", makers)
	}
}
