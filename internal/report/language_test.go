package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"divims/internal/fact"
	"divims/internal/pool"
	"divims/internal/scaling"
)

func TestPreferredLanguage(t *testing.T) {
	for accept, want := range map[string]string{
		"":                            "en",
		"fr":                          "fr",
		"fr-CA, en;q=0.8":             "fr",
		"de, en;q=0.7, fr;q=0.3":      "en",
		"de, en;q=0.3, fr;q=0.7":      "fr",
		"FR;q=1":                      "fr",
		"fr;q=0, en;q=0":              "en",
		"*":                           "en",
		"french":                      "en",
		"fr;q=much, en;q=0.1":         "en",
		"de":                          "en",
		strings.Repeat("fr;q=0,", 99): "en",
	} {
		if got := preferredLanguage(accept).tag; got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

func TestNumbersAreLocalized(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{english.Count(0), "0"}, {english.Count(999), "999"}, {english.Count(1000), "1,000"}, {english.Count(-1234567), "−1,234,567"},
		{french.Count(1234567), "1\u202f234\u202f567"}, {french.Number(1234.56, 1), "1\u202f234,6"},
		{english.Euros(pool.Seen(12.345), 2), "€12.35"}, {french.Euros(pool.Seen(12.345), 2), "12,35\u00a0€"},
		{french.Euros(pool.Reading[float64]{}, 2), "?"}, {english.Share(pool.Seen(0.5)), "50%"},
		{english.N(0, "meeting/meetings"), "0\u00a0meetings"}, {english.N(1, "meeting/meetings"), "1\u00a0meeting"},
		{french.N(0, "meeting/meetings"), "0\u00a0réunion"}, {french.N(2, "meeting/meetings"), "2\u00a0réunions"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

// translated matches a text that the page translates: {{.T "…"}}, v.T("…"), l.N(n, "…").
var translated = regexp.MustCompile(`\.(?:T|N|form)[ (](?:[^"\n]*?[, ])?"([^"]*[a-zA-Z][^"]*)"`)

// TestFrenchIsComplete checks that every text of the page and its code has a French
// translation with the same arguments, and that no translation is unused.
func TestFrenchIsComplete(t *testing.T) {
	wanted, words := map[string]bool{}, fact.FrenchWords()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "page.html") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range translated.FindAllStringSubmatch(string(text), -1) {
			wanted[found[1]] = true
		}
	}
	for _, headline := range headlines {
		wanted[headline.text] = true
	}
	for _, c := range columns {
		wanted[c.Name] = true
	}
	for _, word := range recordWords() {
		if _, ok := words[word]; !ok {
			wanted[word] = true
		}
	}
	verbs := regexp.MustCompile(`%[a-z]`)
	for text := range wanted {
		translation, ok := frenchTexts[text]
		switch {
		case !ok:
			t.Errorf("no French for %q", text)
		case len(verbs.FindAllString(translation, -1)) != len(verbs.FindAllString(text, -1)), strings.Count(translation, "/") != strings.Count(text, "/"):
			t.Errorf("%q and %q differ in their arguments or forms", text, translation)
		}
	}
	for text := range frenchTexts {
		if !wanted[text] {
			t.Errorf("the translation of %q is not used", text)
		}
	}
}

// TestSubjectsOfAlertsAreInFrench reads the subjects from the code that defines them.
func TestSubjectsOfAlertsAreInFrench(t *testing.T) {
	found := subjectsIn(t, "../scaling/alert.go")
	if len(found) < 25 {
		t.Errorf("the code has only the subjects %q", found)
	}
	for _, subject := range found {
		if _, ok := frenchSubjects[subject]; !ok {
			t.Errorf("no French for the subject %q", subject)
		}
	}
	for subject := range frenchSubjects {
		if !slices.Contains(found, subject) {
			t.Errorf("the French of the subject %q is not used", subject)
		}
	}
	v := view{language: french}
	for subject, wanted := range map[string]string{
		scaling.SubjectPoolSize:       "taille du parc",
		scaling.SubjectCertificate(3): "certificat (serveur 3)",
		"zone fr-par-2":               "zone fr-par-2",
		"entry https://a.example/b":   "entrée https://a.example/b",
		"delete server 12":            "supprimer (serveur 12)",
		"delete volume":               "supprimer un volume",
		"something new":               "something new",
	} {
		if got := v.subject(subject); got != wanted {
			t.Errorf("the subject %q is %q, want %q", subject, got, wanted)
		}
	}
}

// subjectsIn returns the subjects that the constants and functions of a file have, with %s
// for a number or a name.
func subjectsIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := map[string]string{}
	var list []string
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ValueSpec:
			if strings.HasPrefix(n.Names[0].Name, "Subject") {
				subject := unquote(t, n.Values[0])
				constants[n.Names[0].Name] = subject
				list = append(list, subject)
			}
			return false
		case *ast.FuncDecl:
			if strings.HasPrefix(strings.ToLower(n.Name.Name), "subject") {
				list = append(list, subjectOf(t, n.Body, constants))
			}
		}
		return true
	})
	return list
}

// subjectOf returns the subject that a function returns: fmt.Sprintf("server %d", number),
// "zone " + name or SubjectImage + " " + name.
func subjectOf(t *testing.T, body *ast.BlockStmt, constants map[string]string) string {
	t.Helper()
	subject := ""
	ast.Inspect(body, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.BasicLit:
			subject += unquote(t, n)
		case *ast.Ident:
			subject += constants[n.Name]
		}
		return true
	})
	return strings.TrimSuffix(strings.TrimSuffix(subject, " "), " %d") + " %s"
}

func unquote(t *testing.T, literal ast.Expr) string {
	t.Helper()
	text, err := strconv.Unquote(literal.(*ast.BasicLit).Value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// recordWords returns the words of decision records that the page translates.
func recordWords() []string {
	list := []string{string(planned)}
	for _, kind := range []scaling.Kind{scaling.Register, scaling.Unregister, scaling.Enable, scaling.Create, scaling.PowerOn, scaling.Cordon,
		scaling.Repair, scaling.EndMeeting, scaling.Reboot, scaling.UnmarkVolume, scaling.DeleteVolume, scaling.Delete} {
		list = append(list, string(kind))
	}
	for _, result := range []scaling.Result{scaling.Done, scaling.Held, scaling.Skipped, scaling.Failed} {
		list = append(list, string(result))
	}
	for _, health := range []scaling.Health{scaling.Healthy, scaling.Unseen, scaling.Unresponsive, scaling.Malfunctioning, scaling.ToRecycle} {
		list = append(list, string(health))
	}
	for _, stage := range []scaling.Stage{scaling.Serving, scaling.Coming, scaling.Late, scaling.Unlisted, scaling.Draining, scaling.Resting} {
		list = append(list, string(stage))
	}
	for _, state := range []pool.EntryState{pool.Enabled, pool.Cordoned, pool.Disabled} {
		list = append(list, string(state))
	}
	for _, state := range []pool.MachineState{pool.Running, pool.Starting, pool.Stopping, pool.Stopped, pool.StoppedInPlace, pool.Locked} {
		list = append(list, string(state))
	}
	for _, level := range []scaling.Level{scaling.Warning, scaling.Error, scaling.Critical} {
		list = append(list, string(level))
	}
	for _, policy := range []scaling.Policy{scaling.PolicyLoad, scaling.PolicySchedule, scaling.PolicyForecast} {
		list = append(list, string(policy))
	}
	return list
}

// TestCleaningKeepsTheStyle checks that the page's style still has the hash that PagePolicy
// allows after the page was cleaned.
func TestCleaningKeepsTheStyle(t *testing.T) {
	if fact.CleanLines(style) != style {
		t.Error("cleaning changes the page's style")
	}
}
