package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/scaleway/scaleway-sdk-go/api/function/v1beta1"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

// fakeFunctions has one function. Its calls fail as scripted: each call takes the next
// failure of its kind.
type fakeFunctions struct {
	status   sdk.FunctionStatus
	schedule []string // of its crons
	failures map[string][]error
	// carriesOut executes calls that fail.
	carriesOut bool
	calls      []string
}

var _ functions = (*fakeFunctions)(nil)

func (f *fakeFunctions) fail(call string) error {
	f.calls = append(f.calls, call)
	planned := f.failures[call]
	if len(planned) == 0 {
		return nil
	}
	f.failures[call] = planned[1:]
	return planned[0]
}

func (f *fakeFunctions) functions(context.Context) ([]*sdk.Function, error) {
	if err := f.fail("functions"); err != nil {
		return nil, err
	}
	status := f.status
	if status == sdk.FunctionStatusPending {
		f.status = sdk.FunctionStatusReady // at the next look
	}
	why := "it does not compile"
	return []*sdk.Function{{ID: "1", Name: "campus", DomainName: "campus.example.com", Status: status, ErrorMessage: &why}}, nil
}

func (f *fakeFunctions) crons(context.Context, string) ([]*sdk.Cron, error) {
	if err := f.fail("crons"); err != nil {
		return nil, err
	}
	var crons []*sdk.Cron
	for i, schedule := range f.schedule {
		args := scw.JSONObject{"source": "cron"}
		if strings.HasPrefix(schedule, "operator ") {
			args = scw.JSONObject{"source": "operator"}
		}
		crons = append(crons, &sdk.Cron{ID: fmt.Sprint(i), Schedule: strings.TrimPrefix(schedule, "operator "), Args: &args})
	}
	return crons, nil
}

func (f *fakeFunctions) createCron(_ context.Context, _, schedule string) error {
	err := f.fail("create")
	if err == nil || f.carriesOut {
		f.schedule = append(f.schedule, schedule)
	}
	return err
}

func (f *fakeFunctions) deleteCron(_ context.Context, id string) error {
	err := f.fail("delete")
	if err == nil || f.carriesOut {
		i := int(id[0] - '0')
		f.schedule[i] = "deleted"
		if !slices.ContainsFunc(f.schedule[:i], func(s string) bool { return s == "deleted" }) {
			f.schedule = slices.DeleteFunc(f.schedule, func(s string) bool { return s == "deleted" })
		}
	}
	return err
}

func (f *fakeFunctions) deleteFunction(context.Context, string) error {
	return f.fail("delete function")
}

// A function has exactly its one cron in the end, whatever it has before and however busy
// Scaleway is. If that cannot be, the result says so.
func TestCronsAreCorrected(t *testing.T) {
	const right = "*/5 * * * *"
	busy := &scw.TransientStateError{Resource: "function", CurrentState: "pending"}
	down := &scw.ResponseError{StatusCode: 503}
	refused := &scw.PermissionsDeniedError{}
	for name, test := range map[string]struct {
		schedule   []string
		failures   map[string][]error
		carriesOut bool
		says       string
	}{
		"the right one":              {schedule: []string{right}},
		"none":                       {},
		"two":                        {schedule: []string{right, right}},
		"another":                    {schedule: []string{"2-59/5 * * * *"}},
		"one of an operator":         {schedule: []string{"operator " + right}},
		"none, and busy":             {failures: map[string][]error{"create": {busy, down, busy}}},
		"none, and it lies":          {failures: map[string][]error{"create": {down}}, carriesOut: true},
		"two, and busy":              {schedule: []string{right, right}, failures: map[string][]error{"delete": {down, busy}, "crons": {down}}},
		"two, and it lies":           {schedule: []string{right, right}, failures: map[string][]error{"delete": {down}}, carriesOut: true},
		"none, and never":            {failures: map[string][]error{"create": {down, down, down, down, down, down, down}}, says: "it has not exactly one cron trigger"},
		"none, and not permitted":    {failures: map[string][]error{"create": {refused}}, says: "it has not exactly one cron trigger"},
		"unknown":                    {failures: map[string][]error{"crons": {down, down, down, down, down, down, down}}, says: "read"},
		"the connection breaks once": {failures: map[string][]error{"functions": {down}}},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeFunctions{status: sdk.FunctionStatusReady, schedule: test.schedule, failures: test.failures, carriesOut: test.carriesOut}
			result := verifyCampus(t, fake, right, io.Discard)
			if test.says != "" {
				if name != "unknown" && !strings.Contains(result.Problem, test.says) || result.Problem == "" {
					t.Errorf("the problem is %q; want %q", result.Problem, test.says)
				}
				return
			}
			if result.Problem != "" || !slices.Equal(fake.schedule, []string{right}) {
				t.Errorf("the problem is %q, and the crons are %q, after %q", result.Problem, fake.schedule, fake.calls)
			}
		})
	}
}

func verifyCampus(t *testing.T, fake *fakeFunctions, schedule string, progress io.Writer) Result {
	t.Helper()
	v := verifier{fake, progress, func(context.Context, time.Duration) error { return nil }}
	there, err := v.deployed(t.Context(), []string{"campus"})
	if err != nil {
		t.Fatal(err)
	}
	return v.verify(t.Context(), []Pool{{Name: "campus", Schedule: schedule}}, there, nil)[0]
}

// A function that is built is waited for. One that could not be built, or is not there,
// is a problem that says what to do.
func TestFunctionsAreReady(t *testing.T) {
	for status, says := range map[sdk.FunctionStatus]string{
		sdk.FunctionStatusReady:   "",
		sdk.FunctionStatusPending: "",
		sdk.FunctionStatusError:   "could not build it: it does not compile",
		sdk.FunctionStatusLocked:  "it is not ready, but locked",
	} {
		result := verifyCampus(t, &fakeFunctions{status: status}, "* * * * *", io.Discard)
		if (says == "") != (result.Problem == "") || !strings.Contains(result.Problem, says) {
			t.Errorf("%s: the problem is %q; want %q", status, result.Problem, says)
		}
	}
	var progress bytes.Buffer
	v := verifier{&fakeFunctions{status: sdk.FunctionStatusReady}, &progress, func(context.Context, time.Duration) error { return nil }}
	there, err := v.deployed(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	results := v.verify(t.Context(), []Pool{{Name: "school"}}, there, nil)
	if !strings.Contains(results[0].Problem, "it is not deployed") || !strings.Contains(progress.String(), "task deploy -- --remove campus") {
		t.Errorf("%+v, %q", results, progress.String())
	}
}

// An interrupt ends the waiting.
func TestWaitingIsInterrupted(t *testing.T) {
	interrupted := errors.New("interrupted")
	fake := &fakeFunctions{failures: map[string][]error{"functions": {&scw.ResponseError{StatusCode: 503}}}}
	v := verifier{fake, io.Discard, func(context.Context, time.Duration) error { return interrupted }}
	if _, err := v.deployed(t.Context(), nil); !errors.Is(err, interrupted) {
		t.Errorf("%v; want the interrupt", err)
	}
}
