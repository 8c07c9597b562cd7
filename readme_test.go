package divims_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"divims/internal/config"
)

// firstSettings are the lines of the README's pools/campus.env.
var firstSettings = regexp.MustCompile(`(?m)^(DIVIMS_\w+)=`)

// TestReadmeFirstPool checks the settings that the README begins with: all exist,
// and none that is required is missing.
func TestReadmeFirstPool(t *testing.T) {
	shown := map[string]bool{}
	for _, line := range firstSettings.FindAllStringSubmatch(read(t, "README.md"), -1) {
		shown[line[1]] = true
	}
	for _, s := range config.Declarations() {
		name := "DIVIMS_" + s.Name
		if s.Required && !shown[name] {
			t.Errorf("%s is required, and not in the README's first pool", name)
		}
		delete(shown, name)
	}
	for name := range shown {
		t.Errorf("%s in the README's first pool is not a setting", name)
	}
}

// packageRow is a row of the table of packages: package, meaning, imports.
var packageRow = regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| .* \\| (.*) \\|$")

// TestArchitecturePackages checks that the table of packages has every package, with
// all packages of ours that it imports.
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

// packages returns what each of our packages imports of ours, by short names.
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
