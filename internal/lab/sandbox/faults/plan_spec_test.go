package faults

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPlanSpecIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		spec string
		want Plan
	}{
		"nothing":            {"", Plan{}},
		"blanks and no end":  {" ; bbb:end:500 ;", Plan{Rules: []Rule{{Service: "bbb", Call: "end", Kind: ServerError}}}},
		"the second call":    {"scaleway:POST servers:500@2", Plan{Rules: []Rule{{Service: "scaleway", Call: "POST servers", Kind: ServerError, From: 2, To: 2}}}},
		"a range":            {"*:*:429-bare@2-5", Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: TooManyBare, From: 2, To: 5}}}},
		"from the third on":  {"*:*:hang@3-", Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: Hang, From: 3}}}},
		"some of a server's": {"bbb#3:getMeetings:hang@2-9%0.5", Plan{Rules: []Rule{{Service: "bbb", Server: 3, Call: "getMeetings", Kind: Hang, From: 2, To: 9, Percent: 0.5}}}},
		"settings":           {"race=5%;seed=7", Plan{Seed: 7, RacePercent: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			var got Plan
			if err := got.UnmarshalText([]byte(c.spec)); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("read %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestInvalidPlanSpecIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ spec, problem string }{
		"a word":                        {"x", `"x": neither a rule nor seed=N nor race=PERCENT%`},
		"too many words":                {"bbb:end:500:2", "neither a rule nor"},
		"an unknown service":            {"foo:*:500", `no service "foo"`},
		"no call":                       {"bbb::500", `"" is not a valid name`},
		"a bad pattern":                 {"bbb:[:500", `"[" is not a valid name or pattern`},
		"an unknown kind":               {"bbb:*:boom", `no kind "boom"; use one of refused, hang`},
		"no kind":                       {"bbb:*:", `no kind ""`},
		"call 0":                        {"bbb:*:500@0", `"0" is not a number from 1`},
		"call x":                        {"bbb:*:500@x", `"x" is not a number from 1: invalid syntax`},
		"no call number":                {"bbb:*:500@", `"" is not a number from 1`},
		"a range that ends early":       {"bbb:*:500@3-2", "the end of a range is not before its start"},
		"server 0":                      {"bbb#0:*:500", `"0" is not a number from 1`},
		"0 %":                           {"bbb:*:500%0", `"0" is not a percentage above 0`},
		"NaN %":                         {"bbb:*:500%NaN", `"NaN" is not a percentage above 0`},
		"a race of 101 %":               {"race=101%", `"101" is not a percentage above 0`},
		"a negative seed":               {"seed=-1", "invalid syntax"},
		"a certificate fault of BBB":    {"bbb:*:expired-certificate", "works with the service tls only"},
		"an HTTP status of a handshake": {"tls:*:500", "tls can only have expired-certificate and wrong-name"},
		"an invalid second rule":        {"bbb:*:500; y; race=x", `"y": neither`},
		"an invalid third rule":         {"bbb:*:500; y; race=x", `"race=x": "x" is not a percentage`},
		"the error shows the syntax":    {"x", "the syntax is SERVICE[#SERVER]:CALL:KIND"},
	} {
		t.Run(name, func(t *testing.T) {
			var plan Plan
			if err := plan.UnmarshalText([]byte(c.spec)); err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got error %v, want %q", err, c.problem)
			}
		})
	}
}

// Every valid plan can be written and read again.
func TestPlanSpecRoundTrip(t *testing.T) {
	rules := rapid.Custom(func(t *rapid.T) Rule {
		r := Rule{
			Service: rapid.SampledFrom(append([]string{"*"}, Services...)).Draw(t, "service"),
			Server:  rapid.IntRange(0, 3).Draw(t, "server"),
			Call:    rapid.SampledFrom([]string{"*", "getMeetings", "POST servers"}).Draw(t, "call"),
			Kind:    rapid.SampledFrom(Kinds).Draw(t, "kind"),
			From:    rapid.IntRange(0, 3).Draw(t, "from"),
			Percent: rapid.Float64Range(0, 100).Draw(t, "percent"),
		}
		if rapid.Bool().Draw(t, "has an end") {
			r.From = max(1, r.From)
			r.To = r.From + rapid.IntRange(0, 2).Draw(t, "length")
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		plan := Plan{
			Rules: rapid.SliceOfN(rules.Filter(func(r Rule) bool { return r.check() == nil }), 0, 3).Draw(t, "rules"),
			Seed:  rapid.Uint64().Draw(t, "seed"), RacePercent: rapid.Float64Range(0, 100).Draw(t, "race"),
		}
		if len(plan.Rules) == 0 {
			plan.Rules = nil
		}
		text, err := plan.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got Plan
		if err := got.UnmarshalText(text); err != nil || !reflect.DeepEqual(got, plan) {
			t.Fatalf("%s was read as %+v, %v; want %+v", text, got, err, plan)
		}
	})
}

func TestEveryServiceAndKindIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	words := append([]string{"seed=", "race="}, Services...)
	for _, kind := range Kinds {
		words = append(words, "`"+string(kind)+"`")
	}
	for _, word := range words {
		if !strings.Contains(string(text), word) {
			t.Errorf("docs/faults.md does not mention %s", word)
		}
	}
	_, rest, _ := strings.Cut(string(text), "--faults '")
	example, _, _ := strings.Cut(rest, "'")
	var plan Plan
	if err := plan.UnmarshalText([]byte(example)); err != nil || len(plan.Rules) != 3 {
		t.Errorf("the example in docs/faults.md was read as %+v, %v; want three rules", plan, err)
	}
}
