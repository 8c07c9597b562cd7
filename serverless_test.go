package divims_test

import (
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

// settingLine is a setting of a function in serverless.yml; section is where
// the lines after it belong.
var (
	section     = regexp.MustCompile(`^ {4}([a-z]\w*):`)
	settingLine = regexp.MustCompile(`^ {6}(\w+): (.*)$`)
)

// TestServerlessSettings holds serverless.yml against the settings: each is
// there once, secrets among the secrets; a required one fails the deployment
// when it is missing, any other one is empty then, which counts as not set.
func TestServerlessSettings(t *testing.T) {
	deployed := deployedSettings(t)
	fields := reflect.TypeFor[config.Settings]()
	for i := range fields.NumField() {
		field := fields.Field(i)
		name := "DIVIMS_" + field.Tag.Get("envconfig")
		want := setting{"env", "${env:" + name + ", ''}"}
		if field.Type == reflect.TypeFor[pool.Secret]() || name == longSetting {
			want.section = "secret"
		}
		if field.Tag.Get("required") == "true" {
			want.value = "${env:" + name + "}"
		}
		if got := deployed[name]; got != want {
			t.Errorf("%s is %+v in serverless.yml; want %+v", name, got, want)
		}
		delete(deployed, name)
	}
	for name := range deployed {
		t.Errorf("%s in serverless.yml is no setting", name)
	}
	if n := fields.NumField(); n > maxVariables {
		t.Errorf("%d settings are more than the %d that a function may have", n, maxVariables)
	}
}

// setting is where serverless.yml has a setting, and its value.
type setting struct{ section, value string }

func deployedSettings(t *testing.T) map[string]setting {
	t.Helper()
	settings := map[string]setting{}
	inside := ""
	for line := range strings.SplitSeq(read(t, "serverless.yml"), "\n") {
		if begun := section.FindStringSubmatch(line); begun != nil {
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
