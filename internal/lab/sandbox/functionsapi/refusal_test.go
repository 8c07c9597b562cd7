package functionsapi_test

import (
	"fmt"
	"testing"

	"divims/internal/lab/sandbox/functionsapi"
)

// Planned refusals come after the calls to skip, as often as planned, and execute the
// call only if that is planned. They do not count as refusals of a wrong call.
func TestPlannedRefusals(t *testing.T) {
	p, namespace := newPlatform(t)
	_, made := ask(t, p, "POST", "/functions", key, map[string]any{
		"namespace_id": namespace, "name": "campus", "runtime": "go126", "handler": "Handle",
	})
	p.Refuse(functionsapi.Refusal{Call: "POST /crons", Status: 409, Skip: 1, Times: 1})
	p.Refuse(functionsapi.Refusal{Call: "POST /crons", Status: 503, Times: 1, Done: true})
	cron := map[string]any{"function_id": made["id"], "schedule": "* * * * *", "args": map[string]any{}}
	for i, want := range []struct{ status, crons int }{{503, 1}, {409, 1}, {200, 2}} {
		status, answer := ask(t, p, "POST", "/crons", key, cron)
		_, list := ask(t, p, "GET", "/crons?function_id="+fmt.Sprint(made["id"]), key, nil)
		if status != want.status || len(list["crons"].([]any)) != want.crons {
			t.Errorf("call %d: %d %v, and the crons are %v; want %d and %d crons", i+1, status, answer, list["crons"], want.status, want.crons)
		}
	}
	if refusals := p.Refusals(); len(refusals) != 0 {
		t.Errorf("refused: %q", refusals)
	}
}
