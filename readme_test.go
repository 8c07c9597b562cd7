package divims_test

import (
	"flag"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"divims/internal/config"
)

var update = flag.Bool("update", false, "write the table of settings into README.md")

// TestReadmeSettings holds the README's table of settings against the settings.
func TestReadmeSettings(t *testing.T) {
	const begin, end = "<!-- settings, written by: go test -run TestReadmeSettings . -update -->\n", "<!-- end of settings -->"
	readme := read(t, "README.md")
	before, rest, opened := strings.Cut(readme, begin)
	table, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("README.md has no %q or no %q", begin, end)
	}
	wanted := "\n" + config.Table() + "\n"
	if table == wanted {
		return
	}
	if !*update {
		t.Fatal("the README's table of settings is out of date: go test -run TestReadmeSettings . -update")
	}
	if err := os.WriteFile("README.md", []byte(before+begin+wanted+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// firstSettings are the lines of the README's pools/campus.env.
var firstSettings = regexp.MustCompile(`(?m)^(DIVIMS_\w+)=`)

// TestReadmeFirstPool holds the settings that the README begins with against the
// settings: none is unknown, and none that is required is missing.
func TestReadmeFirstPool(t *testing.T) {
	said := map[string]bool{}
	for _, line := range firstSettings.FindAllStringSubmatch(read(t, "README.md"), -1) {
		said[line[1]] = true
	}
	fields := reflect.TypeFor[config.Settings]()
	for i := range fields.NumField() {
		tag := fields.Field(i).Tag
		name := "DIVIMS_" + tag.Get("envconfig")
		if tag.Get("required") == "true" && !said[name] {
			t.Errorf("%s is required, and not in the README's first pool", name)
		}
		delete(said, name)
	}
	for name := range said {
		t.Errorf("%s in the README's first pool is no setting", name)
	}
}

// packageRow is a row of the README's table of packages: package, meaning, imports.
var packageRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| .* \\| (.*) \\|$")

// TestArchitecturePackages holds the table of packages against the code: every
// package is in it, with all that it imports of ours.
func TestArchitecturePackages(t *testing.T) {
	listed := map[string]string{}
	for _, row := range packageRow.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1) {
		listed[row[1]] = strings.ReplaceAll(row[2], "`", "")
	}
	for name, imports := range packages(t) {
		if row, ok := listed[name]; !ok || row != imports {
			t.Errorf("docs/architecture.md says that %s imports %q; it imports %q", name, row, imports)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("docs/architecture.md lists the package %s, which does not exist", name)
	}
}

// packages gives our packages with what they import of ours, in short.
func packages(t *testing.T) map[string]string {
	t.Helper()
	text, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("list the packages: %v", err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		imports := slices.DeleteFunc(words[1:], func(path string) bool { return !strings.HasPrefix(path, "divims/") })
		for i := range imports {
			imports[i] = short(imports[i])
		}
		all[short(words[0])] = strings.Join(imports, ", ")
	}
	return all
}

func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "divims/"), "internal/")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
