package main

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mutated returns the code of a function after an intent.
func mutated(t *testing.T, code string, i intent) (string, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "code.go"), []byte("package code\n\n"+code), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := readFunctions(folder)
	if err != nil {
		t.Fatal(err)
	}
	f, err := findFunction(all, "f")
	if err != nil {
		t.Fatal(err)
	}
	body, err := f.mutate(i)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(formatted(t, string(body)), "package code\n\n"), nil
}

func formatted(t *testing.T, code string) string {
	t.Helper()
	text, err := format.Source([]byte(code))
	if err != nil {
		t.Fatalf("%v:\n%s", err, code)
	}
	return string(text)
}

func TestIntents(t *testing.T) {
	for name, c := range map[string]struct {
		intent       intent
		before, want string
	}{
		"the condition of an if statement": {neverTrue("people"),
			"func f() { if people > 0 { stay() }; if load > 0 { stay() } }",
			"func f() { if (!mutated && (people > 0)) { stay() }; if load > 0 { stay() } }"},
		"a condition that is found by its init statement": {alwaysTrue("look"),
			"func f() { if n := look(); n > 0 { stay() } }",
			"func f() { if n := look(); (mutated || (n > 0)) { stay() } }"},
		"a condition that is found by a field": {neverTrue("Online"),
			"func f() { if s.entry.Online { stay() } }",
			"func f() { if (!mutated && (s.entry.Online)) { stay() } }"},
		"a condition that is found by an expression with other spaces": {neverTrue("len(found)>1"),
			"func f() { if len(found) > 1 { stay() }; if len(found) > 0 { stay() } }",
			"func f() { if (!mutated && (len(found) > 1)) { stay() }; if len(found) > 0 { stay() } }"},
		"a case": {neverTrue("dead"),
			"func f() { switch { case ill: stay(); case dead: leave() } }",
			"func f() { switch { case ill: stay(); case (!mutated && (dead)): leave() } }"},
		"a condition that is returned": {alwaysTrue("Method"),
			"func f() bool { return r.Method == get || r.Method == head }",
			"func f() bool { return (mutated || (r.Method == get || r.Method == head)) }"},
		"the inner one of two conditions": {neverTrue("people"),
			"func f() { if slices.ContainsFunc(all, func(s server) bool { return s.people > 0 }) { stay() } }",
			"func f() { if slices.ContainsFunc(all, func(s server) bool { return (!mutated && (s.people > 0)) }) { stay() } }"},
		"a narrower condition": {onlyIf("b > 0", "a"),
			"func f() { if a > 0 { stay() } }",
			"func f() { if ((a > 0) && (!mutated || (b > 0))) { stay() } }"},
		"a wider condition": {alsoIf("b > 0", "a"),
			"func f() { if a > 0 { stay() } }",
			"func f() { if ((a > 0) || (mutated && (b > 0))) { stay() } }"},
		"an operand of &&": {withoutOperand("b"),
			"func f() bool { return a && b && c }",
			"func f() bool { return a && (mutated || (b)) && c }"},
		"an operand of ||": {withoutOperand("b"),
			"func f() bool { return a || b }",
			"func f() bool { return a || (!mutated && (b)) }"},
		"an operand that is an expression itself": {withoutOperand("b", "c"),
			"func f() bool { return a || b && c }",
			"func f() bool { return a || (!mutated && (b && c)) }"},
		"both operands needed": {bothNeeded("b"),
			"func f() bool { return a && (b || c) }",
			"func f() bool { return a && (b && c) }"},
		"a result that is not checked": {unchecked("Meetings"),
			"func f() { m, ok := s.Meetings.Get(); if !ok { stay() }; r, ok := s.Recordings.Get(); if !ok { stay() } }",
			"func f() { m, ok := s.Meetings.Get(); if (!mutated && (!ok)) { stay() }; r, ok := s.Recordings.Get(); if !ok { stay() } }"},
		"a call left out": {withoutCall("ask"),
			"func f() { a.ask(ctx); a.act() }",
			"func f() { if !mutated {\na.ask(ctx)\n}; a.act() }"},
		"a call left out with its check": {withoutCall("ask"),
			"func f() error { if err := a.ask(ctx); err != nil { return err }; return a.act() }",
			"func f() error { if !mutated {\nif err := a.ask(ctx); err != nil { return err }\n}; return a.act() }"},
		"an assignment left out": {withoutAssignment("IfMatch"),
			"func f() { in := input{}; in.IfMatch = etag; put(in) }",
			"func f() { in := input{}; if !mutated {\nin.IfMatch = etag\n}; put(in) }"},
		"code at the beginning": {begins("a = 0"),
			"func f(a int) int { return a }",
			"func f(a int) int {\nif mutated {\na = 0\n}\nreturn a }"},
		"another result": {returns("1"),
			"func f(a int) int { return a }",
			"func f(a int) int {\nif mutated {\nreturn 1\n}\nreturn a }"},
		"another result of one return statement": {returnsFor("0", "unknown"),
			"func f() int { if broken { return unknown() }; return known() }",
			"func f() int { if broken { {\nif mutated { return 0 }\nreturn unknown()\n} }; return known() }"},
		"another result at the end": {endsWith("0"),
			"func f() int { if broken { return 1 }; return 2 }",
			"func f() int { if broken { return 1 }; {\nif mutated { return 0 }\nreturn 2\n} }"},
		"another value": {replaced("MaxEnds", "1000"),
			"func f() bool { return d.allow(end, d.config.MaxEnds) }",
			"func f() bool { return d.allow(end, oneOf(mutated, 1000, d.config.MaxEnds)) }"},
		"another value, though not where it is assigned": {replaced("hash", "password"),
			"func f() string { hash := crypt(); return user + hash }",
			"func f() string { hash := crypt(); return user + oneOf(mutated, password, hash) }"},
		"one more field": {withField("tls.Config", "Insecure", "true"),
			"func f() any { return &tls.Config{Roots: roots} }",
			"func f() any { return &tls.Config{Insecure: true, Roots: roots} }"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mutated(t, c.before, c.intent)
			want := strings.TrimPrefix(formatted(t, "package code\n\n"+c.want), "package code\n\n")
			if err != nil || strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
				t.Errorf("%s: %v\n%s\nwant\n%s", c.intent.text, err, got, want)
			}
		})
	}
}

// TestMissingOrAmbiguousPlaceFails checks that the error names what was looked for.
func TestMissingOrAmbiguousPlaceFails(t *testing.T) {
	const code = "func f() error { if a > 0 && b > 0 { return one() }; if a > 1 { return two() }; x.y = a; x.y = b; log(a); log(b); return nil }"
	for _, c := range []struct {
		intent intent
		want   string
	}{
		{neverTrue("c"), "no condition that mentions c"},
		{neverTrue("a"), "more than one condition that mentions a"},
		{neverTrue("a", "c"), "no condition that mentions a and c"},
		{withoutOperand("c"), "no operand of && or || that mentions c"},
		{bothNeeded("a"), "no || expression that mentions a"},
		{unchecked("a"), "no assignment with a check after it that mentions a"},
		{withoutCall("c"), "no statement that calls c"},
		{withoutCall("log"), "more than one statement that calls log"},
		{withoutAssignment("z"), "no assignment to z"},
		{withoutAssignment("y"), "more than one assignment to y"},
		{returnsFor("nil", "three"), "no return statement that mentions three"},
		{replaced("c", "d"), "no use of c"},
		{replaced("a", "d"), "more than one use of a"},
		{withField("T", "a", "b"), "no literal of T"},
		{begins("}"), "malformed"},
	} {
		if got, err := mutated(t, code, c.intent); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q\n%s", c.intent.text, err, c.want, got)
		}
	}
	if _, err := mutated(t, "func f() { stay() }", endsWith("nil")); err == nil || !strings.Contains(err.Error(), "does not end with a return") {
		t.Errorf("endsWith: %v", err)
	}
}

func TestFunctionsAreFoundByName(t *testing.T) {
	folder := t.TempDir()
	code := "package code\n\nfunc alone() {}\n\nfunc (t *T) one() {}\n\nfunc (t T) two() {}\n\nfunc (g G[K]) two() {}\n"
	if err := os.WriteFile(filepath.Join(folder, "code.go"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := readFunctions(folder)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"alone": "", "one": "", "T.one": "", "T.two": "", "G.two": "", "two": "2 functions are named two", "three": "there is no function three",
	} {
		switch f, err := findFunction(all, name); {
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s: %v; want %q", name, err, want)
		case want == "" && (err != nil || !strings.HasSuffix(f.name(), name)):
			t.Errorf("%s: %v, %v", name, f.declaration, err)
		}
	}
}

// TestAMissingFunctionSuggestsOthers checks that the error helps to repair the list.
func TestAMissingFunctionSuggestsOthers(t *testing.T) {
	tree := t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "code.go"), []byte("package code\n\nfunc moved() { if people > 0 { stay() } }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := mutation{in: ".", function: "old", intent: neverTrue("people")}.place(tree, isMutated)
	if err == nil || err.Error() != "there is no function old; it has a place in moved" {
		t.Error(err)
	}
}
