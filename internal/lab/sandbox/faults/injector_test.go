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

// fixture is a service behind a layer, which answers every request with how many
// it has carried out.
type fixture struct {
	*Injector
	t       *testing.T
	address string
	carried func() int
}

// newFixture names a call as its path ends, and takes the server from its query.
func newFixture(t *testing.T, plan Plan) fixture {
	t.Helper()
	layer, err := New(plan)
	if err != nil {
		t.Fatal(err)
	}
	var lock sync.Mutex
	carried := 0
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		lock.Lock()
		defer lock.Unlock()
		carried++
		_, _ = w.Write([]byte("answer " + strconv.Itoa(carried) + " to " + string(body)))
	})
	operation := func(r *http.Request, _ []byte) Operation {
		server, _ := strconv.Atoi(r.URL.Query().Get("server"))
		return Operation{Service: "bbb", Name: path.Base(r.URL.Path), Server: server}
	}
	server := httptest.NewServer(layer.Wrap(operation, service))
	t.Cleanup(server.Close)
	return fixture{layer, t, server.URL, func() int { lock.Lock(); defer lock.Unlock(); return carried }}
}

// post gives the answer, or "" if there was none.
func (s fixture) post(call string) string {
	s.t.Helper()
	response, err := http.Post(s.address+"/"+call, "text/plain", strings.NewReader("question"))
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return strconv.Itoa(response.StatusCode) + " " + string(text)
}

func (s fixture) set(rules ...Rule) {
	s.t.Helper()
	if err := s.Set(rules...); err != nil {
		s.t.Fatal(err)
	}
}

func TestWithoutFaultsNothingChanges(t *testing.T) {
	s := newFixture(t, Plan{})
	if got := s.post("end"); got != "200 answer 1 to question" {
		t.Errorf("%q", got)
	}
	if calls := s.Calls(); len(calls) != 0 {
		t.Errorf("%v are in the log before the first Reset", calls)
	}
}

// TestWhichCallsAreHit makes six calls: getMeetings and end in turn, of servers 1, 1, 2.
func TestWhichCallsAreHit(t *testing.T) {
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
			s := newFixture(t, Plan{})
			for i := range c.rules {
				c.rules[i].Kind = ServerError
			}
			s.set(c.rules...)
			s.Reset()
			var hit []int
			for i, call := range six {
				if s.post(call) == "500 " {
					hit = append(hit, i+1)
				}
			}
			if !slices.Equal(hit, c.hit) {
				t.Errorf("calls %v are hit, want %v", hit, c.hit)
			}
			for _, call := range s.Calls() {
				if (call.Fault == ServerError) != slices.Contains(hit, call.Number) {
					t.Errorf("the log says %v of call %d", call, call.Number)
				}
			}
			if carried := s.carried(); carried != len(six)-len(hit) {
				t.Errorf("%d calls were carried out", carried)
			}
		})
	}
}

func TestTheFirstRuleThatHitsCounts(t *testing.T) {
	s := newFixture(t, Plan{Rules: []Rule{
		{Service: "bbb", Call: "*", Kind: Forbidden, From: 2, To: 2},
		{Service: "bbb", Call: "*", Kind: ServerError},
	}})
	if got := []string{s.post("end"), s.post("end"), s.post("end")}; !slices.Equal(got, []string{"500 ", "403 Forbidden\n", "500 "}) {
		t.Errorf("%q", got)
	}
}

// TestChanceIsOfTheSeed: whatever the order in which two kinds of calls come, the
// same ones are hit.
func TestChanceIsOfTheSeed(t *testing.T) {
	hit := func(seed uint64, calls ...string) []string {
		s := newFixture(t, Plan{Seed: seed, Rules: []Rule{{Service: "*", Call: "*", Kind: ServerError, Percent: 30}}})
		s.Reset()
		for _, call := range calls {
			s.post(call)
		}
		var hit []string
		for _, call := range s.Calls() {
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
		t.Errorf("%d of 200 calls are hit, want about 60", len(first))
	}
	if again := hit(1, slices.Concat(two, one)...); !slices.Equal(first, again) {
		t.Error("in another order, others are hit")
	}
	if other := hit(2, slices.Concat(one, two)...); slices.Equal(first, other) {
		t.Error("another seed is the same chance")
	}
}

// TestARuleOfACallHitsItAgain is what repetitions with each call failing in turn
// rest on.
func TestARuleOfACallHitsItAgain(t *testing.T) {
	day := []string{"end?server=1", "getMeetings?server=2", "end?server=1", "end?server=2", "getMeetings?server=2"}
	s := newFixture(t, Plan{})
	s.Reset()
	for _, call := range day {
		s.post(call)
	}
	for _, call := range s.Calls() {
		s.set(call.Rule(ServerError))
		s.Reset()
		for _, again := range day {
			s.post(again)
		}
		for _, again := range s.Calls() {
			if (again.Fault == ServerError) != (again.Number == call.Number) {
				t.Errorf("the rule of %v: %v", call, again)
			}
		}
	}
}

func TestADeadCallerIsHeardNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		kind    Kind
		carried int
	}{"before the second call": {KillBefore, 1}, "after the second call": {KillAfter, 2}} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: c.kind, From: 2, To: 2}}})
			got := []string{s.post("end"), s.post("end"), s.post("end"), s.post("getMeetings")}
			if got[0] == "" || got[1]+got[2]+got[3] != "" || s.carried() != c.carried {
				t.Errorf("%q, %d carried out; want the first answered, and %d carried out", got, s.carried(), c.carried)
			}
			s.Reset()
			if s.post("end") != "" {
				t.Error("it lives again after Reset, which is of the log only")
			}
			s.Clear()
			if s.post("end") == "" {
				t.Error("it is dead still")
			}
		})
	}
}

func TestKill(t *testing.T) {
	s := newFixture(t, Plan{})
	s.Kill()
	if s.post("end") != "" || s.carried() != 0 {
		t.Error("a call of the dead was carried out")
	}
	s.Clear()
	if s.post("end") == "" {
		t.Error("it is dead still")
	}
}

// TestWhenACallIsTold: after it was carried out, and before the answer.
func TestWhenACallIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		kind    Kind
		carried int
	}{"no fault": {"", 1}, "refused": {Refused, 0}, "lost answer": {LostAnswer, 1}, "killed after": {KillAfter, 1}, "twice": {Duplicate, 2}} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, Plan{})
			if c.kind != "" {
				s.set(Rule{Service: "*", Call: "*", Kind: c.kind})
			}
			answered, told := false, 0
			s.OnCall(func(call Call) {
				told++
				if call.Fault != c.kind || call.Name != "end" || s.carried() != c.carried || answered {
					t.Errorf("told of %v when %d were carried out, answered: %v", call, s.carried(), answered)
				}
			})
			s.post("end")
			answered = true
			s.OnCall(nil)
			s.post("end")
			if told != 1 {
				t.Errorf("told %d times", told)
			}
		})
	}
}

func TestRulesThatMakeNoSenseChangeNothing(t *testing.T) {
	s := newFixture(t, Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: ServerError}}})
	if err := s.Set(Rule{Service: "*", Call: "*", Kind: "boom"}); err == nil {
		t.Error("a kind that is not there was taken")
	}
	if got := s.post("end"); got != "500 " {
		t.Errorf("the old rule is gone: %q", got)
	}
	if _, err := New(Plan{RacePercent: 101}); err == nil {
		t.Error("101 % were taken")
	}
}

// TestADuplicateHasTheSameBody: it is read once, and given to each delivery.
func TestADuplicateHasTheSameBody(t *testing.T) {
	s := newFixture(t, Plan{Rules: []Rule{{Service: "*", Call: "*", Kind: Duplicate}}})
	if got := s.post("end"); got != "200 answer 2 to question" {
		t.Errorf("%q", got)
	}
}

func TestAFaultThatCannotBeDoneIsNotInTheLog(t *testing.T) {
	s := newFixture(t, Plan{})
	for _, kind := range []Kind{MissingPage, Stale} {
		s.set(Rule{Service: "*", Call: "*", Kind: kind})
		s.Reset()
		if got := s.post("end"); !strings.HasPrefix(got, "200 answer") {
			t.Errorf("%s: %q", kind, got)
		}
		if calls := s.Calls(); len(calls) != 1 || calls[0].Fault != "" {
			t.Errorf("%s: log %v", kind, calls)
		}
	}
}
