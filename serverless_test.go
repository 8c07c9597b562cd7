package divims_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"divims/internal/config"
	"divims/internal/pool"
)

// maxVariables is how many variables and secrets a function may have.
const maxVariables = 100

// longSetting is no secret, but certificates are longer than the 1000
// characters of a variable; a secret holds 65,536 bytes.
const longSetting = "DIVIMS_CA_CERTIFICATES"

// TestServerlessSettings holds serverless.yml's list of settings, from which each
// pool's are taken, against the settings: each is there once, secrets among the
// secrets, required where it is, and not deployed if it is for commands only;
// nothing else is there.
func TestServerlessSettings(t *testing.T) {
	listed := listedSettings(t)
	deployed := 0
	fields := reflect.TypeFor[config.Settings]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		name := "DIVIMS_" + field.Tag.Get("envconfig")
		want := setting{"env", "optional"}
		if field.Type == reflect.TypeFor[pool.Secret]() || field.Type == reflect.TypeFor[config.NotifyURLs]() || name == longSetting {
			want.section = "secret"
		}
		if only := field.Tag.Get("only"); only != "" {
			want.section = only
		} else {
			deployed++
		}
		if field.Tag.Get("required") == "true" {
			want.need = "required"
		}
		if got := listed[name]; got != want {
			t.Errorf("%s is %+v in serverless.yml; want %+v", name, got, want)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s in serverless.yml is no setting", name)
	}
	if deployed > maxVariables {
		t.Errorf("%d settings are more than the %d that a function may have", deployed, maxVariables)
	}
}

// setting is where serverless.yml lists a setting, and whether a pool has to say it.
type setting struct{ section, need string }

// listSection and settingLine are lines below custom.settings.
var (
	listSection = regexp.MustCompile(`^ {4}(\w+):$`)
	settingLine = regexp.MustCompile(`^ {6}(\w+): (.*)$`)
)

func listedSettings(t *testing.T) map[string]setting {
	t.Helper()
	settings := map[string]setting{}
	inside := ""
	for line := range strings.SplitSeq(block(t, "custom", "settings"), "\n") {
		if begun := listSection.FindStringSubmatch(line); begun != nil {
			inside = begun[1]
		}
		found := settingLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		if _, twice := settings[found[1]]; twice {
			t.Errorf("%s is in serverless.yml twice", found[1])
		}
		settings[found[1]] = setting{inside, found[2]}
	}
	return settings
}

// functionName, functionLine and rateLine are lines below functions.
var (
	functionName = regexp.MustCompile(`^ {2}([a-z0-9-]+):$`)
	functionLine = regexp.MustCompile(`^ {4}(\S+): (.*)$`)
	rateLine     = regexp.MustCompile(`^ {10}rate: "(.*)"$`)
)

// TestServerlessFunctions looks at each function of serverless.yml: it has what all
// share, the settings and secrets of its own file, and minutes of its own for the
// evaluations.
func TestServerlessFunctions(t *testing.T) {
	lines, rates := map[string]map[string]string{}, map[string]string{}
	inside := ""
	for line := range strings.SplitSeq(block(t, "functions"), "\n") {
		if begun := functionName.FindStringSubmatch(line); begun != nil {
			inside = begun[1]
			lines[inside] = map[string]string{}
		}
		if found := functionLine.FindStringSubmatch(line); found != nil {
			lines[inside][found[1]] = found[2]
		}
		if found := rateLine.FindStringSubmatch(line); found != nil {
			if other, taken := rates[found[1]]; taken {
				t.Errorf("%s and %s are evaluated in the same minutes", inside, other)
			}
			rates[found[1]] = inside
		}
	}
	if len(lines) == 0 || len(rates) != len(lines) {
		t.Errorf("serverless.yml has %d functions and %d crons; want one for each", len(lines), len(rates))
	}
	for name, got := range lines {
		want := map[string]string{
			"<<":     "*function",
			"env":    "${file(pools/settings.js):" + name + ".env}",
			"secret": "${file(pools/settings.js):" + name + ".secret}",
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s of the function %s is %q; want %q", key, name, got[key], value)
			}
		}
	}
}

// block is the lines of serverless.yml below a key, given by the keys that lead there.
func block(t *testing.T, keys ...string) string {
	t.Helper()
	text := "\n" + read(t, "serverless.yml")
	indent := ""
	for _, key := range keys {
		_, below, found := strings.Cut(text, "\n"+indent+key+":\n")
		if !found {
			t.Fatalf("serverless.yml has no %s", strings.Join(keys, "."))
		}
		if end := regexp.MustCompile(fmt.Sprintf(`(?m)^ {0,%d}\S`, len(indent))).FindStringIndex(below); end != nil {
			below = below[:end[0]]
		}
		text, indent = "\n"+below, indent+"  "
	}
	return text
}
