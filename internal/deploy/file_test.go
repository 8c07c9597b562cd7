package deploy

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"divims/internal/config"
)

// write writes a pool's file: the settings that must be set, each with an example, and
// more lines of shell. It returns the number of the first of these lines.
func write(t *testing.T, folder, name string, lines ...string) (first int) {
	t.Helper()
	var text strings.Builder
	for _, variable := range config.Examples() {
		key, value, _ := strings.Cut(variable, "=")
		if key == "DIVIMS_POOL" {
			value = name
		}
		text.WriteString(key + "='" + value + "'\n")
		first++
	}
	text.WriteString(strings.Join(lines, "\n") + "\n")
	if err := os.WriteFile(filepath.Join(folder, name+".env"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return first + 1
}

// Each of these files is refused, with the line where it is wrong (+0 is the first of the
// lines here) and without the value.
func TestWrongFilesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		lines string
		line  int
		says  string
	}{
		"an address with & that loses the setting":         {"DIVIMS_CALENDAR_URL=https://example.com/?hidden=1&b=2", 0, "ends the value of DIVIMS_CALENDAR_URL at the character &"},
		"a password with &":                                {"DIVIMS_STATS_PASSWORD=hidden&hidden", 0, "at the character &"},
		"a setting in the background":                      {"DIVIMS_CALENDAR_URL=https://example.com &", 0, "is set in the background (&)"},
		"a value with a space":                             {"DIVIMS_STATS_PASSWORD=hidden true", 0, "takes what follows the value of DIVIMS_STATS_PASSWORD for a command"},
		"a space behind =":                                 {"DIVIMS_STATS_PASSWORD= hidden", 0, "without spaces around ="},
		"spaces around =":                                  {"DIVIMS_STATS_PASSWORD = hidden", 0, "without spaces around ="},
		"a value with a semicolon":                         {"DIVIMS_STATS_PASSWORD=abcd;hidden=1", 0, "at the character ;"},
		"a value with a pipe":                              {"DIVIMS_STATS_PASSWORD=abcd|true", 0, "at the character |"},
		"a value with >":                                   {"DIVIMS_STATS_PASSWORD=abcd>/dev/null", 0, "at the character >"},
		"a setting in a pipe":                              {"DIVIMS_STATS_PASSWORD=abcd | true", 0, "is set in a pipe (|)"},
		"a setting in a subshell":                          {"(DIVIMS_STATS_PASSWORD=abcd)", 0, "is set in a subshell"},
		"a value with $":                                   {"DIVIMS_STATS_PASSWORD=abcd$hidden", 0, "takes a $ in the value of DIVIMS_STATS_PASSWORD for a variable"},
		"a value with $ in double quotes":                  {`DIVIMS_STATS_PASSWORD="abcd$hidden"`, 0, "takes a $ in the value"},
		"a value with $1":                                  {"DIVIMS_STATS_PASSWORD=abcd$1hidden", 0, "takes a $ in the value"},
		"a value with $$":                                  {"DIVIMS_STATS_PASSWORD=abcd$$hidden", 0, "takes a $ in the value"},
		"a value with a backslash":                         {`DIVIMS_STATS_PASSWORD=abcd\hidden`, 0, "drops the backslash"},
		"an exported setting that is cut":                  {"export DIVIMS_STATS_PASSWORD=abcd&hidden=1", 0, "at the character &"},
		"the second line of a continued one":               {"DIVIMS_STATS_USER=abcd \\\nDIVIMS_STATS_PASSWORD=abcd&hidden=1", 1, "at the character &"},
		"an early end":                                     {"if true; then return; fi\nDIVIMS_BOOT_TIME=5m", 1, "DIVIMS_BOOT_TIME is set here, and not any more"},
		"the end of the shell":                             {"exit 0", -1, "ends the shell that reads it"},
		"a command that does not exist":                    {"hidden-command", 0, "takes a part of this line for a command"},
		"a command that fails":                             {"false", -1, "one of its commands failed (exit status 1)"},
		"a quote that does not end":                        {"DIVIMS_STATS_PASSWORD='hidden", -2, "nterminated"},
		"Windows line ends":                                {"DIVIMS_BOOT_TIME=5m\r", 0, "ends as on Windows"},
		"a wrong value":                                    {"DIVIMS_POOL_SIZE=hidden", 0, "DIVIMS_POOL_SIZE must be a whole number"},
		"a wrong value, changed later":                     {"DIVIMS_POOL_SIZE=3\nDIVIMS_POOL_SIZE=hidden", 1, "DIVIMS_POOL_SIZE must be a whole number"},
		"an unknown setting":                               {"DIVIMS_POOLSIZE=3", 0, "DIVIMS_POOLSIZE is not a setting"},
		"a value that is too long":                         {"DIVIMS_IMAGE_NAME='" + strings.Repeat("a", 1001) + "'", 0, "DIVIMS_IMAGE_NAME has 1001 characters"},
		"a command that fails in a trace":                  {"set -x\nDIVIMS_STATS_PASSWORD=hidden\nfalse", -1, "one of its commands failed"},
		"a variable that the plugin would replace":         {"DIVIMS_STATS_PASSWORD='${hidden}'", 0, "is a ${…} as a whole"},
		"a variable with a prefix":                         {"DIVIMS_STATS_PASSWORD='${env:hidden}'", 0, "is a ${…} as a whole"},
		"a file of this machine":                           {"DIVIMS_USER_DATA=file:/hidden", 0, "names a file of this machine"},
		"an interval that no cron can have":                {"DIVIMS_INTERVAL=7m", -1, "must be minutes that divide an hour"},
		"an interval of half minutes":                      {"DIVIMS_INTERVAL=90s", -1, "must be minutes that divide an hour"},
		"a function that ends before its evaluation":       {"DIVIMS_FUNCTION_TIMEOUT=100s", 0, "DIVIMS_FUNCTION_TIMEOUT must be longer than TIMEOUT"},
		"an evaluation that is longer than a call":         {"DIVIMS_TIMEOUT=1h", -1, "DIVIMS_TIMEOUT must be at most 59m"},
		"a memory that Scaleway does not have":             {"DIVIMS_FUNCTION_MEMORY=300", 0, "must be one of 128,256"},
		"a public function that everybody may give orders": {"DIVIMS_FUNCTION_PRIVACY=public", -1, "DIVIMS_TOKEN is required"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			first := write(t, folder, "campus", strings.Split(test.lines, "\n")...)
			_, err := Read(t.Context(), folder, io.Discard)
			if err == nil {
				t.Fatal("the file was accepted")
			}
			where := filepath.Join(folder, "campus.env")
			if test.line >= 0 {
				where += " line " + strconv.Itoa(first+test.line) + ":"
			}
			if text := err.Error(); !strings.Contains(text, where) || !strings.Contains(text, test.says) || strings.Contains(text, "hidden") && !strings.Contains(test.lines, "exit") {
				t.Errorf("%s\nwant it to say %q and %q, without the value", text, where, test.says)
			}
		})
	}
}

// Each of these lines is right, and gives DIVIMS_IMAGE_NAME the value "a b".
func TestRightFilesAreRead(t *testing.T) {
	t.Setenv("OUTER", "a b")
	t.Setenv("DIVIMS_STATS_TOKEN", "of another pool")
	for name, lines := range map[string]string{
		"quotes and a comment":               "DIVIMS_IMAGE_NAME='a b' # DIVIMS_IMAGE_NAME=c&d",
		"a comment that looks like a line":   "#DIVIMS_TAG=a&b\nDIVIMS_IMAGE_NAME='a b'",
		"an exported setting":                "export DIVIMS_IMAGE_NAME=\"a b\"",
		"two settings in a line":             "DIVIMS_IMAGE_NAME='a b' DIVIMS_TAG=c",
		"two settings with a semicolon":      "DIVIMS_IMAGE_NAME='a b'; DIVIMS_TAG=c;",
		"a backslash before a space":         `DIVIMS_IMAGE_NAME=a\ b`,
		"a line that is continued":           "DIVIMS_IMAGE_NAME='a '\\\nb",
		"a helper that is unset":             "helper='a b'\nDIVIMS_IMAGE_NAME=$helper\nunset helper",
		"a variable of the environment":      "DIVIMS_IMAGE_NAME=$OUTER",
		"a variable that may be missing":     "DIVIMS_IMAGE_NAME=${MISSING-a b}",
		"another setting":                    "DIVIMS_TAG='a b'\nDIVIMS_IMAGE_NAME=$DIVIMS_TAG\nunset DIVIMS_TAG",
		"a setting that is unset":            "DIVIMS_TAG=c\nunset DIVIMS_TAG\nDIVIMS_IMAGE_NAME='a b'",
		"a setting that is emptied":          "DIVIMS_TAG=c\nDIVIMS_TAG=\nDIVIMS_IMAGE_NAME='a b'",
		"a setting that changes":             "DIVIMS_IMAGE_NAME=c\nDIVIMS_IMAGE_NAME='a b'",
		"a condition that does not hold":     "if [ -n \"$MISSING\" ]; then\n  DIVIMS_TAG=c\nfi\nDIVIMS_IMAGE_NAME='a b'",
		"a condition that holds":             "case x in x) DIVIMS_IMAGE_NAME='a b';; esac",
		"a default":                          ": \"${DIVIMS_IMAGE_NAME:=c}\"\nfalse || DIVIMS_IMAGE_NAME='a b'",
		"a command with a way out":           "DIVIMS_IMAGE_NAME=$(printf 'a b') || exit 1",
		"a command that sets things":         "DIVIMS_IMAGE_NAME=$(DIVIMS_TAG=x true; printf 'a b')",
		"a here-document":                    "cat >/dev/null <<END\nDIVIMS_TAG=a&b\nEND\nDIVIMS_IMAGE_NAME=$(cat <<'END'\na b\nEND\n)",
		"a value of several lines":           "DIVIMS_USER_DATA='x\nDIVIMS_TAG=a&b'\nunset DIVIMS_USER_DATA\nDIVIMS_IMAGE_NAME='a b'",
		"a file that prints":                 "echo hello\nDIVIMS_IMAGE_NAME='a b'",
		"a # in a value":                     "DIVIMS_STATS_PASSWORD=a#b\nDIVIMS_IMAGE_NAME='a b'",
		"a $ before no name":                 "DIVIMS_STATS_PASSWORD=ab$\nDIVIMS_IMAGE_NAME='a b'",
		"an empty setting in the background": "true &\nDIVIMS_IMAGE_NAME='a b'",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, folder, "campus", strings.Split(lines, "\n")...)
			pools, err := Read(t.Context(), folder, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if got := pools[0].values["DIVIMS_IMAGE_NAME"]; got != "a b" {
				t.Errorf("DIVIMS_IMAGE_NAME is %q; want %q", got, "a b")
			}
			if got, there := pools[0].values["DIVIMS_STATS_TOKEN"]; there {
				t.Errorf("the environment's setting arrives: %q", got)
			}
		})
	}
}

// The values in a trace of the shell are not passed on.
func TestTraceIsNotPrinted(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "campus", "set -x", "DIVIMS_STATS_PASSWORD=hidden", "echo hello")
	var progress strings.Builder
	if _, err := Read(t.Context(), folder, &progress); err != nil {
		t.Fatal(err)
	}
	if got := progress.String(); got != "hello\n" {
		t.Errorf("it prints %q; want only what the file's commands print", got)
	}
}

// What is wrong with the folder, the names and the encodings is said in a sentence. All
// problems of all files are reported at once.
func TestProblemsOfFolders(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"no file":             {nil, []string{"there is no ", "NAME.env"}},
		"a byte order mark":   {map[string]string{"campus.env": "\xef\xbb\xbfDIVIMS_POOL=campus\n"}, []string{"campus.env line 1: begins with a byte order mark"}},
		"UTF-16":              {map[string]string{"campus.env": "D\x00I\x00"}, []string{"is not a text in UTF-8"}},
		"Latin-1":             {map[string]string{"campus.env": "DIVIMS_POOL=\xe9\n"}, []string{"is not a text in UTF-8"}},
		"a name in capitals":  {map[string]string{"Campus.env": "DIVIMS_POOL=campus\n"}, []string{"the name of the file is the name of the function"}},
		"a file of all pools": {map[string]string{"common.env": "DIVIMS_STORAGE_BUCKET=b\n"}, []string{"common.env sets no DIVIMS_POOL", "common.sh"}},
		"two wrong files":     {map[string]string{"a.env": "DIVIMS_POOL=a&b=c\n", "b.env": "DIVIMS_POOL=b\nDIVIMS_POOL_SIZE=abc\n"}, []string{"a.env line 1", "b.env line 2: DIVIMS_POOL_SIZE"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			for file, text := range test.files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Read(t.Context(), folder, io.Discard)
			for _, words := range test.says {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("%v; want it to say %q", err, words)
				}
			}
		})
	}
}

// Two functions of one pool would share its state.
func TestOnePoolInTwoFiles(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "campus")
	write(t, folder, "trial", "DIVIMS_POOL=campus")
	if _, err := Read(t.Context(), folder, io.Discard); err == nil || !strings.Contains(err.Error(), "have the same DIVIMS_POOL") {
		t.Errorf("%v", err)
	}
	write(t, folder, "trial", "DIVIMS_POOL=campus", "DIVIMS_STORAGE_PREFIX=trial")
	if _, err := Read(t.Context(), folder, io.Discard); err != nil {
		t.Error(err)
	}
}

// Pools get different minutes by their names, or the minute that they set. Another pool
// does not move those that have minutes of their own.
func TestSchedules(t *testing.T) {
	folder := t.TempDir()
	schedules := func() map[string]string {
		pools, err := Read(t.Context(), folder, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, p := range pools {
			all[p.Name] = p.Schedule
		}
		return all
	}
	write(t, folder, "campus")
	write(t, folder, "school", "DIVIMS_CRON_MINUTE=57")
	before := schedules()
	for _, name := range []string{"a", "b", "c"} {
		write(t, folder, name)
	}
	write(t, folder, "hourly", "DIVIMS_INTERVAL=1h", "DIVIMS_CRON_MINUTE=7")
	write(t, folder, "often", "DIVIMS_INTERVAL=1m")
	after := schedules()
	minutes := map[string]bool{}
	for _, name := range []string{"a", "b", "c", "campus", "school"} {
		minutes[after[name]] = true
	}
	if after["school"] != "2-59/5 * * * *" || before["school"] != after["school"] {
		t.Errorf("school is called at %q, then at %q; want 2-59/5", before["school"], after["school"])
	}
	if after["hourly"] != "7 * * * *" || after["often"] != "*/1 * * * *" {
		t.Errorf("the hourly pool is called at %q, the other at %q", after["hourly"], after["often"])
	}
	if len(minutes) != 5 {
		t.Errorf("five pools have %d different schedules: %v", len(minutes), after)
	}
}

// A function has what its pool sets: fields, variables and secrets, which osls does not
// expand. What the commands need stays here.
func TestFunctionFields(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "campus", "DIVIMS_CRON_MINUTE=3", "DIVIMS_FUNCTION_MEMORY=1024", "DIVIMS_TIMEOUT=10m", "DIVIMS_FUNCTION_DOMAINS=a.example.com,b.example.com",
		"DIVIMS_FUNCTION_PRIVACY=public", "DIVIMS_TOKEN='a-token-with-${env:HOME}-in-it'", "DIVIMS_DNS_ZONE=example.com", "DIVIMS_TAG=")
	pools, err := Read(t.Context(), folder, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	f := pools[0].function()
	if f.MemoryLimit != 1024 || f.Timeout != "660s" || f.Privacy != "public" || f.Events[0].Schedule.Rate != "3-59/5 * * * *" || !slices.Equal(f.Domains, []string{"a.example.com", "b.example.com"}) {
		t.Errorf("the function is %+v", f)
	}
	for name, want := range map[string]string{"DIVIMS_POOL": "campus", "DIVIMS_TIMEOUT": "10m", "DIVIMS_TOKEN": "", "DIVIMS_DNS_ZONE": "", "DIVIMS_CRON_MINUTE": "", "DIVIMS_TAG": ""} {
		if f.Env[name] != want {
			t.Errorf("the variable %s is %q; want %q", name, f.Env[name], want)
		}
	}
	if got := f.Secret["DIVIMS_TOKEN"]; got != `a-token-with-\${env:HOME}-in-it` {
		t.Errorf("the token is %q", got)
	}
}
