package faults

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fixture is a service behind an injector. Its response contains the number of calls that
// it has executed.
type fixture struct {
	*Injector
	t        *testing.T
	address  string
	executed func() int
}

// newFixture names a call by the last element of its path, and reads the server from
// the query.
func newFixture(t *testing.T, plan Plan) fixture {
	t.Helper()
	layer, err := New(plan)
	if err != nil {
		t.Fatal(err)
	}
	var lock sync.Mutex
	executed := 0
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		lock.Lock()
		defer lock.Unlock()
		executed++
		_, _ = w.Write([]byte("answer " + strconv.Itoa(executed) + " to " + string(body)))
	})
	operation := func(r *http.Request, _ []byte) Operation {
		server, _ := strconv.Atoi(r.URL.Query().Get("server"))
		return Operation{Service: "bbb", Name: path.Base(r.URL.Path), Server: server}
	}
	server := httptest.NewServer(layer.Wrap(operation, service))
	t.Cleanup(server.Close)
	return fixture{layer, t, server.URL, func() int { lock.Lock(); defer lock.Unlock(); return executed }}
}

// post returns the status and the body, or "" without a complete response.
func (f fixture) post(call string) string {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, f.address+"/"+call, strings.NewReader("question"))
	if err != nil {
		f.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return strconv.Itoa(response.StatusCode) + " " + string(text)
}

func (f fixture) set(rules ...Rule) {
	f.t.Helper()
	if err := f.Set(rules...); err != nil {
		f.t.Fatal(err)
	}
}

func TestCallsAreUnchangedWithoutRules(t *testing.T) {
	f := newFixture(t, Plan{})
	if got := f.post("end"); got != "200 answer 1 to question" {
		t.Errorf("response %q", got)
	}
	if calls := f.Calls(); len(calls) != 0 {
		t.Errorf("the log has %v before the first Reset", calls)
	}
}

// Six calls of getMeetings and end, in turn, are about the servers 1, 1, 2, 1, 1 and 2.
func TestRulesSelectCalls(t *testing.T) {
	six := []string{"getMeetings?server=1", "end?server=1", "getMeetings?server=2", "end?server=1", "getMeetings?server=1", "end?server=2"}
	for name, c := range map[string]struct {
		rules []Rule
		hit   []int
	}{
		"all":                   {[]Rule{{Service: "*", Call: "*"}}, []int{1, 2, 3, 4, 5, 6}},
		"of one name":           {[]Rule{{Service: "bbb", Call: "end"}}, []int{2, 4, 6}},
		"by a pattern":          {[]Rule{{Service: "bbb", Call: "get*"}}, []int{1, 3, 5}},
		"of another service":    {[]Rule{{Service: "stats", Call: "*"}}, nil},
		"of one server":         {[]Rule{{Service: "bbb", Server: 2, Call: "*"}}, []int{3, 6}},
		"the second":            {[]Rule{{Service: "bbb", Call: "*", From: 2, To: 2}}, []int{2}},
		"the second end":        {[]Rule{{Service: "bbb", Call: "end", From: 2, To: 2}}, []int{4}},
		"from the third on":     {[]Rule{{Service: "bbb", Call: "*", From: 3}}, []int{3, 4, 5, 6}},
		"up to the second":      {[]Rule{{Service: "bbb", Call: "*", To: 2}}, []int{1, 2}},
		"each rule for its own": {[]Rule{{Service: "bbb", Call: "*", From: 2, To: 2}, {Service: "bbb", Call: "end", From: 2, To: 2}}, []int{2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Plan{})
			for i := range c.rules {
				c.rules[i].Kind = ServerError
			}
			f.set(c.rules...)
			f.Reset()
			var hit []int
			for i, call := range six {
				if f.post(call) == "500 " {
					hit = append(hit, i+1)
				}
			}
			if !slices.Equal(hit, c.hit) {
				t.Errorf("calls %v were hit, want %v", hit, c.hit)
			}
			for _, call := range f.Calls() {
				if (call.Fault == ServerError) != slices.Contains(hit, call.Number) {
					t.Errorf("the log has %v for call %d", call, call.Number)
				}
			}
			if executed := f.executed(); executed != len(six)-len(hit) {
				t.Errorf("%d calls were executed, want %d", executed, len(six)-len(hit))
			}
		})
	}
}

func TestFirstMatchingRuleDecides(t *testing.T) {
	f := newFixture(t, Plan{Rules: []Rule{
		{Service: "bbb", Call: "*", Kind: Forbidden, From: 2, To: 2},
		{Service: "bbb", Call: "*", Kind: ServerError},
	}})
	if got := []string{f.post("end"), f.post("end"), f.post("end")}; !slices.Equal(got, []string{"500 ", "403 Forbidden\n", "500 "}) {
		t.Errorf("responses %q, want the statuses 500, 403 and 500", got)
	}
}

// The seed decides which calls are hit, in whatever order two kinds of calls are made.
func TestChanceDependsOnTheSeedOnly(t *testing.T) {
	hit := func(seed uint64, calls ...string) []string {
		f := newFixture(t, Plan{Seed: seed, Rules: []Rule{{Service: "*", Call: "*", Kind: ServerError, Percent: 30}}})
		f.Reset()
		for _, call := range calls {
			f.post(call)
		}
		var hit []string
		for _, call := range f.Calls() {
			if call.Fault != "" {
				hit = append(hit, call.String())
			}
		}
		slices.Sort(hit)
		return hit
	}
	one, two := slices.Repeat([]string{"end"}, 100), slices.Repeat([]string{"getMeetings"}, 100)
	first := hit(1, slices.Concat(one, two)...)
	if len(first) < 40 || len(first) > 80 {
		t.Errorf("%d of 200 calls were hit, want about 60", len(first))
	}
	if again := hit(1, slices.Concat(two, one)...); !slices.Equal(first, again) {
		t.Error("another order of calls changed which ones were hit")
	}
	if other := hit(2, slices.Concat(one, two)...); slices.Equal(first, other) {
		t.Error("another seed hit the same calls")
	}
}

// Tests that repeat a day with each call failing in turn depend on this.
func TestRuleOfACallHitsTheSameCallAgain(t *testing.T) {
	day := []string{"end?server=1", "getMeetings?server=2", "end?server=1", "end?server=2", "getMeetings?server=2"}
	f := newFixture(t, Plan{})
	f.Reset()
	for _, call := range day {
		f.post(call)
	}
	for _, call := range f.Calls() {
		f.set(call.Rule(ServerError))
		f.Reset()
		for _, again := range day {
			f.post(again)
		}
		for _, again := range f.Calls() {
			if (again.Fault == ServerError) != (again.Number == call.Number) {
				t.Errorf("the rule of %v: repeated call %v", call, again)
			}
		}
	}
}

func TestKillRefusesAllLaterCalls(t *testing.T) {
	for name, c := range map[string]struct {
		kind     Kind
		executed int
	}{"before the second call": {KillBefore, 1}, "after the second call": {KillAfter, 2}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: c.kind, From: 2, To: 2}}})
			got := []string{f.post("end"), f.post("end"), f.post("end"), f.post("getMeetings")}
			if got[0] == "" || got[1]+got[2]+got[3] != "" || f.executed() != c.executed {
				t.Errorf("responses %q, %d executed; want one response, and %d executed", got, f.executed(), c.executed)
			}
			f.Reset()
			if f.post("end") != "" {
				t.Error("a call succeeded after Reset, which concerns the log only")
			}
			f.Clear()
			if f.post("end") == "" {
				t.Error("calls are still refused after Clear")
			}
		})
	}
}

func TestKillRefusesCallsUntilClear(t *testing.T) {
	f := newFixture(t, Plan{})
	f.Kill()
	if f.post("end") != "" || f.executed() != 0 {
		t.Error("a call was executed after Kill")
	}
	f.Clear()
	if f.post("end") == "" {
		t.Error("calls are still refused after Clear")
	}
}

// OnCall runs after the call was executed and before its response is sent.
func TestOnCallRunsBeforeTheResponse(t *testing.T) {
	for name, c := range map[string]struct {
		kind     Kind
		executed int
	}{"no fault": {"", 1}, "refused": {Refused, 0}, "lost answer": {LostAnswer, 1}, "killed after": {KillAfter, 1}, "twice": {Duplicate, 2}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Plan{})
			if c.kind != "" {
				f.set(Rule{Service: "*", Call: "*", Kind: c.kind})
			}
			answered, calls := false, 0
			f.OnCall(func(call Call) {
				calls++
				if call.Fault != c.kind || call.Name != "end" || f.executed() != c.executed || answered {
					t.Errorf("OnCall for %v: %d calls executed, response received: %v", call, f.executed(), answered)
				}
			})
			f.post("end")
			answered = true
			f.OnCall(nil)
			f.post("end")
			if calls != 1 {
				t.Errorf("OnCall ran %d times, want once", calls)
			}
		})
	}
}

func TestInvalidRulesChangeNothing(t *testing.T) {
	f := newFixture(t, Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: ServerError}}})
	if err := f.Set(Rule{Service: "*", Call: "*", Kind: "boom"}); err == nil {
		t.Error("an unknown kind was accepted")
	}
	if got := f.post("end"); got != "500 " {
		t.Errorf("the old rule is not in force any more: %q", got)
	}
	if _, err := New(Plan{RacePercent: 101}); err == nil {
		t.Error("101 % were accepted")
	}
}

// Both executions read the whole body.
func TestDuplicateSendsTheBodyTwice(t *testing.T) {
	f := newFixture(t, Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: Duplicate}}})
	if got := f.post("end"); got != "200 answer 2 to question" {
		t.Errorf("response %q, want the second one to the same body", got)
	}
}

func TestInapplicableFaultIsNotLogged(t *testing.T) {
	f := newFixture(t, Plan{})
	for _, kind := range []Kind{MissingPage, Stale} {
		f.set(Rule{Service: "*", Call: "*", Kind: kind})
		f.Reset()
		if got := f.post("end"); !strings.HasPrefix(got, "200 answer") {
			t.Errorf("%s: response %q", kind, got)
		}
		if calls := f.Calls(); len(calls) != 1 || calls[0].Fault != "" {
			t.Errorf("%s: log %v", kind, calls)
		}
	}
}
