package divims_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// functionName, functionLine and rateLine are lines below "functions".
var (
	functionName = regexp.MustCompile(`^ {2}([a-z0-9-]+):$`)
	functionLine = regexp.MustCompile(`^ {4}(\S+): (.*)$`)
	rateLine     = regexp.MustCompile(`^ {10}rate: "(.*)"$`)
)

// TestServerlessFunctions checks each function of serverless.yml: it has what all
// functions share, the settings and secrets of its own file, and minutes for the
// evaluations that no other function has.
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

// block returns the lines of serverless.yml below a key, which is given by its path.
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
