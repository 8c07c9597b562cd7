package divims_test

import (
	"os"
	"regexp"
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

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
